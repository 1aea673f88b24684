"""Blocks of a page -> the article alone, and what was taken out and why. Pure, and the same for HTML and plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from digest.collect import noise
from digest.collect.article import Removed
from digest.collect.page import Block, Page

_TAIL = 0.35  # the share of a text that may follow the heading of a comment section and still belong to it


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The blocks that are the article, in order, and the rest with its reasons."""

    blocks: tuple[Block, ...] = ()
    removed: tuple[Removed, ...] = ()


def clean(page: Page, language: str) -> Cleaned:
    """Take out what is not the article: title, byline, date, labels, boxes, captions, and all that follows its end."""
    removed: list[Removed] = []
    blocks = _cut_end(page.blocks, language, removed)
    names = _names(page)
    links = frozenset(noise.key(link) for link in page.links)
    marks = {noise.key(m.text): m.reason for m in page.marks}
    titles = {noise.key(t) for t in page.facts.titles}
    kept: list[Block] = []
    for block in blocks:
        why = _why(block, language, titles, names, links, marks)
        if why:
            removed.append(Removed(block.text, why))
        else:
            kept.append(block)
    while kept and kept[-1].kind == "heading":
        removed.append(Removed(kept.pop().text, "heading without text"))
    return Cleaned(tuple(kept), tuple(removed))


def _why(
    block: Block,
    language: str,
    titles: Collection[str],
    names: Sequence[str],
    links: frozenset[str],
    marks: dict[str, str],
) -> str | None:
    words = noise.key(block.text)
    if words in titles:
        return "title"
    if words in marks:
        return marks[words]
    return noise.reason(block.text, language, links) or (
        noise.is_signature(block.text, language, names) if block.kind in ("paragraph", "heading") else None
    )


def _names(page: Page) -> tuple[str, ...]:
    """Keys of author, site and section, the longest first."""
    facts = page.facts
    parts = [facts.author, facts.site_name, facts.section, *facts.author.replace(" and ", ",").split(",")]
    return tuple(sorted({k for p in parts if (k := noise.key(p))}, key=len, reverse=True))


def _cut_end(blocks: Sequence[Block], language: str, removed: list[Removed]) -> list[Block]:
    """Drop what follows the heading of comments or related articles, if it is the smaller part of the page."""
    total = sum(len(b.text) for b in blocks)
    after = 0
    cut: tuple[int, str] | None = None
    for index in range(len(blocks) - 1, -1, -1):
        after += len(blocks[index].text)
        if after > total * _TAIL:
            break
        if why := noise.ends_article(blocks[index].text, language):
            cut = (index, why)
    if cut is None:
        return list(blocks)
    removed.extend(Removed(b.text, cut[1]) for b in blocks[cut[0] :])
    return list(blocks[: cut[0]])


def join(blocks: Sequence[Block]) -> str:
    """The text: paragraphs separated by a blank line, items of a list and rows of a table by a line break."""
    out = ""
    for index, block in enumerate(blocks):
        if index:
            same = block.kind in ("item", "row") and blocks[index - 1].kind == block.kind
            out += "\n" if same else "\n\n"
        out += block.text
    return out
