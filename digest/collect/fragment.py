"""Lines of HTML -> blocks; and a piece of HTML that is all article, as feeds carry it. Part of the edge to lxml."""

from __future__ import annotations

from digest.collect import selection
from digest.collect.outline import Run, outline
from digest.collect.page import Block, BlockKind
from digest.collect.tree import drop_unseen, parse

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
    trusted = selection.judge(lines, lines.runs)
    return tuple(block_of(run, trusted) for run in lines.runs)


def block_of(run: Run, trusted: selection.Judge) -> Block:
    """One line as a block, with what the markup says of it."""
    kind: BlockKind = "quote" if run.quoted else _KINDS.get(run.tag, "paragraph")
    return Block(run.text, kind, min(1.0, run.linked / len(run.text)), trusted.reason(run), trusted.hint(run))
