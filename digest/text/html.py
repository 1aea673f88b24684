"""Clean foreign text for printing in mails and pages: titles, leads and notes. Pure.

The rules are in docs/hostile-input.md: control characters break parsers, bidi controls reorder what is read, lone
surrogates cannot be encoded, and noncharacters are our own markers inside a compiled mail.
"""

from __future__ import annotations

import re
from typing import Final

#: Never printed: C0 and C1 except white space, surrogates, bidi controls, BOM, zero-width space, noncharacters.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_BLANKS: Final = re.compile(r"[^\S\u00a0\u202f\u3000]+")
_MARK: Final = r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED: Final = re.compile(f"({_MARK}{{4}}){_MARK}+")
_PARAGRAPHS: Final = re.compile(r"(?:\r\n?|\n|\u2029)\s*(?:\r\n?|\n|\u2029)")


def line(text: str, limit: int = 300) -> str:
    """Return one line of clean text of at most `limit` characters: spaces collapsed, a cut marked by '…'."""
    return cut(_BLANKS.sub(" ", scrub(text[: limit * 8])).strip(), limit)


def paragraphs(text: str, limit: int = 2000) -> tuple[str, ...]:
    """Return the paragraphs of a text (separated by blank lines) as clean lines, at most `limit` characters in all."""
    lines: list[str] = []
    for part in _PARAGRAPHS.split(text[: limit * 8]):
        if limit > 0 and (clean := line(part, limit)):
            lines.append(clean)
            limit -= len(clean)
    return tuple(lines)


def scrub(text: str) -> str:
    """Remove unprintable characters; runs of combining marks are cut to four."""
    return _STACKED.sub(r"\1", _FORBIDDEN.sub("", text))


def cut(text: str, limit: int) -> str:
    """Return the text, or its beginning with '…', cut at a space where the last third has one."""
    if len(text) <= limit:
        return text
    head = text[: max(limit - 1, 0)]
    blank = head.rfind(" ")
    if blank > limit * 2 // 3:
        head = head[:blank]
    while head and (head[-1] in " ,;:–—-(«„“'\"" or head[-1] == "\u200d"):
        head = head[:-1]
    return head + "…"
