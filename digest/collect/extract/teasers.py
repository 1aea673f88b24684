"""Teasers: links to other articles with one or two lines of summary; and pages that consist of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from digest.collect.extract.lines import PageLines, TextLine
from digest.collect.extract.page import Block
from digest.collect.extract.phrases import key
from digest.collect.extract.prose import is_prose, weight

_LINKED = 0.9  # minimum share of a teaser's title inside its link
_TITLE = range(20, 250)  # weight of a teaser's title
_SUMMARY = range(40, 450)  # characters of all lines below one title
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_NO_TITLES = frozenset(("li", "td", "option"))
_LINES = 2  # maximum summary lines below one title
_FEW = 3  # minimum teasers of a list
_MANY = 5  # minimum teasers of a listing page
_BESIDE = 0.35  # maximum share of a listing page's summary lines outside teasers
_SHARE = 0.7  # minimum share of links in the selection of a listing page without summaries
_ITEM = 5  # maximum lines of a teaser
_READ_ON = 30  # maximum characters of a link such as 'Read on' at the end of a summary
_TAIL = 0.45  # maximum share of a text that may be teasers at its end


def is_listing(page: PageLines, chosen: Sequence[int]) -> bool:
    """Return whether a page is a list of articles: a home page, a section, search results."""
    lines = page.lines
    size = sum(len(lines[i].text) for i in chosen)
    linked = [i for i in chosen if _is_linked_title(lines[i].text, lines[i].linked / len(lines[i].text))]
    if len(linked) >= _MANY and sum(len(lines[i].text) for i in linked) >= _SHARE * size:
        return True
    teasers = list(_teasers(lines))
    in_teasers = {i for lines in teasers for i in lines}
    every_summary = [i for i, line in enumerate(lines) if _is_summary(line)]
    return len(teasers) >= _MANY and all(
        sum(len(lines[i].text) for i in some if i not in in_teasers) <= _BESIDE * sum(len(lines[i].text) for i in some)
        for some in (every_summary, [i for i in chosen if _is_summary(lines[i])])
    )


def _teasers(lines: Sequence[TextLine]) -> Iterator[list[int]]:
    """Yield the summary lines of each teaser. A section with an unlinked heading is not a teaser."""
    head = -1
    for index in range(len(lines) + 1):
        if index < len(lines) and not _is_linked_title(lines[index].text, lines[index].linked / len(lines[index].text)):
            continue
        below = range(head + 1, index) if head >= 0 else range(0)
        summary = [i for i in below if _is_summary(lines[i])]
        whole = all(lines[i].tag not in _HEADINGS for i in below)
        if 0 < len(summary) <= _LINES and whole and sum(len(lines[i].text) for i in below) in _SUMMARY:
            yield summary
        head = index


def _is_summary(line: TextLine) -> bool:
    """Return whether a line may be a summary, which may end with a link or be truncated."""
    return len(line.text) >= _SUMMARY.start and line.linked <= 0.4 * len(line.text)


def beside(page: PageLines, titles: Collection[str]) -> frozenset[int]:
    """Return the lines of teaser lists outside the text of an article; none if the page shows no title and text.

    The text is the element with the first paragraph below the title, and has two paragraphs at least. A list of links
    that is an article itself stands in that element.
    """
    lines = page.lines
    head = next((i for i, line in enumerate(lines) if _is_shown_title(line, titles)), -1)
    first = next((i for i in range(head + 1, len(lines)) if _is_plain(lines[i])), -1)
    if head < 0 or first < 0:
        return frozenset()
    text = lines[first].path[-2:-1]
    own = {i for i, line in enumerate(lines) if not set(text).isdisjoint(line.path)}
    if sum(_is_plain(lines[i]) for i in own) < 2 or any(
        lines[i].linked > _LINKED * len(lines[i].text) for i in range(head + 1, first)
    ):
        return frozenset()
    outside = [i for i in range(len(lines)) if i not in own]
    listed = {i for level in (2, 3, 4) for i in _listed(lines, outside, level)}
    for segment in ([i for i in outside if i < head], [i for i in outside if i > first]):
        flat = list(_teasers([lines[i] for i in segment]))
        if len(flat) >= _FEW:
            listed.update(segment[i] for summary in flat for i in summary)
    return frozenset(listed)


def _is_shown_title(line: TextLine, titles: Collection[str]) -> bool:
    return line.tag not in _NO_TITLES and not line.linked and key(line.text) in titles


def _is_plain(line: TextLine) -> bool:
    return line.tag not in _HEADINGS and not line.linked and is_prose(line.text)


def _listed(lines: Sequence[TextLine], outside: Sequence[int], level: int) -> Iterator[int]:
    """Yield the lines of lists whose items, elements `level` steps above a line, are mostly teasers."""
    items: dict[tuple[int, ...], list[int]] = {}
    for i in outside:
        if len(lines[i].path) > level:
            items.setdefault(lines[i].path[-level - 1 : 1 - level or None], []).append(i)
    lists: dict[int, list[list[int]]] = {}
    for (parent, *_), members in items.items():
        lists.setdefault(parent, []).append(members)
    for entries in lists.values():
        teasers = [entry for entry in entries if _is_teaser(lines, entry)]
        if len(teasers) >= _FEW and len(teasers) >= _SHARE * len(entries):
            yield from (i for entry in teasers for i in entry)


def _is_teaser(lines: Sequence[TextLine], item: Sequence[int]) -> bool:
    """Return whether a few lines are a linked title with a summary, or a summary that ends with a link."""
    if len(item) > _ITEM or sum(len(lines[i].text) for i in item) not in _SUMMARY:
        return False
    return any(
        _is_linked_title(lines[i].text, lines[i].linked / len(lines[i].text))
        or (lines[i].link_ends and lines[i].linked <= _READ_ON)
        for i in item
    )


def tail(blocks: Sequence[Block]) -> int:
    """Return the index of the first teaser at the end of an article; the number of blocks if there are none.

    Teasers are a list with the same kind of title each, and the smaller part of the text: an article that is a list of
    links has them from its beginning.
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
    return _is_linked_title(block.text, block.linked)


def _is_linked_title(text: str, linked: float) -> bool:
    return linked >= _LINKED and int(weight(text)) in _TITLE
