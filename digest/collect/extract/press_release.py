"""Find the end of a press release's text, before the paragraphs about its sender and the press contact."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache

from digest import resources
from digest.collect.extract.page import Block
from digest.collect.extract.phrases import WIDE, key
from digest.collect.extract.prose import ends_sentence

_LINE = 300  # maximum characters of a line with an address
_HEADING = 80  # maximum characters of a heading
_ENDS = 0.5  # maximum share of the text that may follow
_WIRES = ("prnewswire", "business wire", "globe newswire", "newswire")


def end(blocks: Sequence[Block]) -> int:
    """Return the index of the first block about the sender; the number of blocks if this is not a press release.

    A line with a press contact, or a press wire in the first paragraph, marks a press release. 'About ...' counts if it
    names an organisation that the text named before.
    """
    total = sum(len(block.text) for block in blocks)
    contact = next((i for i, block in enumerate(blocks) if i and _is_contact(block.text)), len(blocks))
    if contact == len(blocks) and not any(wire in key(block.text[:200]) for block in blocks[:2] for wire in _WIRES):
        return contact
    about = next((i for i in range(len(blocks) - 1, 0, -1) if _is_about(blocks, i)), len(blocks))
    begin = min(contact, about)
    while begin == len(blocks) and begin > 1 and _begins(blocks[begin - 1].text, "source", _HEADING):
        begin -= 1
    return begin if sum(len(block.text) for block in blocks[begin:]) <= _ENDS * total else len(blocks)


def _is_about(blocks: Sequence[Block], index: int) -> bool:
    """Return whether a block is the heading 'About Acme', and the text named Acme before."""
    text = blocks[index].text
    if len(text) > _HEADING or ends_sentence(text.rstrip(":：")) or not (rest := _begins(text, "about", _HEADING)):
        return False
    names = rest.split()
    told = f" {key(' '.join(block.text for block in blocks[:index]))} "
    return bool(names) and (names[0] in told if WIDE.search(names[0]) else f" {names[0]} " in told)


def _is_contact(text: str) -> bool:
    """Return whether a line is 'Media contact: Jane Doe' or 'Pressekontakt', and not a sentence about contacts."""
    if not _begins(text, "contact", _LINE):
        return False
    return "@" in text or not ends_sentence(text) or any(mark in text[:_HEADING] for mark in ":：")


def _begins(text: str, kind: str, longest: int) -> str:
    """Return the rest of a line that begins with a phrase of a kind, its own words if none follow; "" otherwise."""
    if len(text) > longest:
        return ""
    words, phrases = key(text), _phrases()[kind]
    for phrase in phrases if words.startswith(phrases) else ():
        if words.startswith(phrase):
            rest = words[len(phrase) :]
            if not rest or rest[0] == " " or WIDE.match(phrase):
                return rest.strip() or words
    return ""


@cache
def _phrases() -> dict[str, tuple[str, ...]]:
    table = tomllib.loads(resources.data("collect/extract/data/press_release.toml"))
    return {kind: tuple(sorted((key(p) for p in phrases), key=len, reverse=True)) for kind, phrases in table.items()}
