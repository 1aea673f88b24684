"""Teasers: links to other articles, each with a line or two about it; and the pages that hold little else. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digest.collect.extract.lines import Outline, Run
from digest.collect.extract.page import Block
from digest.collect.extract.prose import weight

_LINKED = 0.9  # share of a headline inside its link
_HEADLINE = range(20, 250)  # width of one
_SUMMARY = range(40, 450)  # characters of all that stands below one headline
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LINES = 2  # that tell something below one headline
_FEW = 3  # teasers make a list
_MANY = 5  # ... and a page of lists, when
_BESIDE = 0.35  # of what the page tells at most stands elsewhere
_SHARE = 0.7  # of what was chosen is links: a list without a line about anything
_TAIL = 0.45  # of a text may be teasers at its end


def is_listing(outline: Outline, chosen: Sequence[int]) -> bool:
    """Whether a page lists articles and is none: a home page, a section, what a search found."""
    runs = outline.runs
    size = sum(len(runs[i].text) for i in chosen)
    linked = [i for i in chosen if _is_headline(runs[i].text, runs[i].linked / len(runs[i].text))]
    if len(linked) >= _MANY and sum(len(runs[i].text) for i in linked) >= _SHARE * size:
        return True
    teasers = list(_teasers(runs))
    told = {i for lines in teasers for i in lines}
    return len(teasers) >= _MANY and all(
        sum(len(runs[i].text) for i in lines if i not in told) <= _BESIDE * sum(len(runs[i].text) for i in lines)
        for lines in ([i for i, run in enumerate(runs) if _tells(run)], [i for i in chosen if _tells(runs[i])])
    )


def _teasers(runs: Sequence[Run]) -> Iterator[list[int]]:
    """The lines that tell something, of each teaser of a page. What has a heading that is no link is none."""
    head = -1
    for index in range(len(runs) + 1):
        if index < len(runs) and not _is_headline(runs[index].text, runs[index].linked / len(runs[index].text)):
            continue
        below = range(head + 1, index) if head >= 0 else range(0)
        tell = [i for i in below if _tells(runs[i])]
        whole = all(runs[i].tag not in _HEADINGS for i in below)
        if 0 < len(tell) <= _LINES and whole and sum(len(runs[i].text) for i in below) in _SUMMARY:
            yield tell
        head = index


def _tells(run: Run) -> bool:
    """Whether a line says more than a label; a summary may end with a link, or be cut short."""
    return len(run.text) >= _SUMMARY.start and run.linked <= 0.4 * len(run.text)


def tail(blocks: Sequence[Block]) -> int:
    """Where the teasers at the end of an article begin; the number of blocks if there are none.

    They are a list, each with the same kind of headline, and the smaller part of the text: an article that is made of
    links to what it tells of has them from its beginning.
    """
    end, count = len(blocks), 0
    begin = end
    kind = ""
    while True:
        head = next((i for i in range(begin - 1, max(-1, begin - 5), -1) if _is_head(blocks[i])), -1)
        if head < 0 or (kind and blocks[head].kind != kind):
            break
        size = sum(len(block.text) for block in blocks[head + 1 : begin])
        if size not in _SUMMARY:
            break
        begin, kind, count = head, blocks[head].kind, count + 1
    total = sum(len(block.text) for block in blocks)
    small = sum(len(block.text) for block in blocks[begin:]) <= _TAIL * total
    return begin if count >= _FEW and small else end


def _is_head(block: Block) -> bool:
    return _is_headline(block.text, block.linked)


def _is_headline(text: str, linked: float) -> bool:
    return linked >= _LINKED and int(weight(text)) in _HEADLINE
