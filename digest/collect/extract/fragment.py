"""Lines of HTML -> blocks; and a piece of HTML that is all article, as feeds carry it. Part of the edge to lxml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from digest.collect.extract import selection
from digest.collect.extract.dom import drop_unseen, parse
from digest.collect.extract.lines import Outline
from digest.collect.extract.page import LEFT_OUT, Block, BlockKind
from digest.collect.extract.walk import outline

_LABEL = 80  # characters of a line that may be a label
_HEADLINE = 200  # ... or that links to another article
_KINDS: dict[str, BlockKind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "item"),
    **dict.fromkeys(("td", "th"), "row"),
    "pre": "code",
}


def blocks(markup: str) -> tuple[Block, ...]:
    """The blocks of a piece of HTML, or of text, that is all article."""
    tree, _ = parse(f"<div>{markup}</div>")
    if tree is None:
        return ()
    drop_unseen(tree)
    lines = outline(tree)
    return blocks_of(lines, range(len(lines.runs)))[0]


def blocks_of(lines: Outline, picked: Sequence[int], title: int = -1) -> tuple[tuple[Block, ...], list[int]]:
    """Some lines as blocks, and the line that each begins with. Cells of one row of a table become one block.

    What stands above the line of the `title` and is no paragraph is marked so. Short lines between those picked, and
    below the title, come along marked as left out: they may be a byline, or head what follows ('Related articles'),
    and a reader may ask where they went.
    """
    runs = lines.runs
    trusted = selection.judge(lines, [runs[i] for i in picked])
    wanted = set(picked)
    found: list[Block] = []
    places: list[int] = []
    kind: BlockKind
    row = -1
    start = min(title + 1, picked[0]) if picked and title >= 0 else picked[0] if picked else 0
    for index in range(start, picked[-1] + 1) if picked else ():
        run = runs[index]
        if index not in wanted:
            share = min(1.0, run.linked / len(run.text))
            if len(run.text) <= (_HEADLINE if share > 0.9 else _LABEL) and run.tag not in ("td", "th"):
                kind = _KINDS.get(run.tag, "paragraph")
                found.append(Block(run.text, kind, share, trusted.reason(run) or LEFT_OUT))
                places.append(index)
            continue
        cell = run.path[-2] if run.tag in ("td", "th") and len(run.path) > 1 else -1
        if cell >= 0 and cell == row:
            found[-1] = replace(found[-1], text=f"{found[-1].text} | {run.text}")
        else:
            label = trusted.reason(run)
            if index < title and not label and not selection.is_prose(run):
                label = "above the title"
            kind = "quote" if run.quoted else _KINDS.get(run.tag, "paragraph")
            found.append(Block(run.text, kind, min(1.0, run.linked / len(run.text)), label, trusted.hint(run)))
            places.append(index)
        row = cell
    return tuple(found), places
