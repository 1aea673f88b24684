"""Turn lines of a page into blocks; and parse HTML that contains only an article, as feeds carry it. Uses lxml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digest.collect.extract import selection
from digest.collect.extract.dom import drop_unseen, parse
from digest.collect.extract.lines import PageLines
from digest.collect.extract.page import LEFT_OUT, Block, BlockKind
from digest.collect.extract.typography import join_drop_caps, join_ruby
from digest.collect.extract.walk import read_lines

_LABEL = 80  # maximum characters of a line that may be a label
_HEADLINE = 200  # maximum characters of a line that links to another article
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "item"),
    **dict.fromkeys(("td", "th"), "row"),
    "pre": "code",
}


def blocks(markup: str) -> tuple[Block, ...]:
    """Return the blocks of HTML or text that contains only an article."""
    tree, _ = parse(f"<div>{markup}</div>")
    if tree is None:
        return ()
    join_ruby(tree)
    join_drop_caps(tree)
    drop_unseen(tree)
    page_lines = read_lines(tree)
    return blocks_of(page_lines, range(len(page_lines.lines)))[0]


def blocks_of(page_lines: PageLines, picked: Sequence[int], title: int = -1) -> tuple[tuple[Block, ...], list[int]]:
    """Return the picked lines as blocks, and the index of the first line of each. Table cells of one row are one block.

    Lines above the line of the `title` that are not paragraphs are labelled so. Short lines between those picked and
    below the title are included with the label LEFT_OUT: they may be a byline or a heading ('Related articles'), and
    `Article.removed` lists them.
    """
    lines = page_lines.lines
    trusted = selection.judge(page_lines, [lines[i] for i in picked])
    wanted = set(picked)
    result: list[Block] = []
    places: list[int] = []
    kind: BlockKind
    row = -1
    start = min(title + 1, picked[0]) if picked and title >= 0 else picked[0] if picked else 0
    for index in range(start, picked[-1] + 1) if picked else ():
        line = lines[index]
        if index not in wanted:
            share = min(1.0, line.linked / len(line.text))
            if len(line.text) <= (_HEADLINE if share > 0.9 else _LABEL) and line.tag not in ("td", "th"):
                kind = _KINDS.get(line.tag, "paragraph")
                result.append(Block(line.text, kind, share, trusted.reason(line) or LEFT_OUT))
                places.append(index)
            continue
        cell = line.path[-2] if line.tag in ("td", "th") and len(line.path) > 1 else -1
        if cell >= 0 and cell == row:
            result[-1] = replace(result[-1], text=f"{result[-1].text} | {line.text}")
        else:
            label = trusted.reason(line)
            if index < title and not label and not selection.is_prose(line):
                label = "above the title"
            kind = "quote" if line.quoted else _KINDS.get(line.tag, "paragraph")
            result.append(Block(line.text, kind, min(1.0, line.linked / len(line.text)), label, trusted.hint(line)))
            places.append(index)
        row = cell
    return tuple(result), places
