"""The text part: lines of 72 columns, links as numbered references. Pure.

Columns are those of a terminal: a CJK character takes two, a combining mark none (Unicode UAX #11).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from digest.text.breaks import BREAKING_SPACES

COLUMNS: Final = 72
#: Characters of a rule; a longer one would wrap on a phone.
RULE: Final = 40

#: A line may break at spaces and between CJK characters (not before closing punctuation), but not before a reference:
#: a line that begins with '[5]' looks like the list at the end.
_BREAKS: Final = re.compile(
    rf"[^{BREAKING_SPACES}]+?(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60])(?![、。，．）」』】？！：；])"
    rf"|[^{BREAKING_SPACES}]+(?: \[\d+\])*|[{BREAKING_SPACES}]+"
)
_NO_BREAK: Final = re.compile("[\u00a0\u202f]")
_URL_SAFE: Final = re.compile(r"[\u0000-\u0020<>\"]")


def width(text: str) -> int:
    """Return the columns that the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, columns: int = COLUMNS, indent: str = "") -> str:
    """Return the text in lines of at most `columns`; a longer word (an address) gets a line of its own, whole."""
    lines, line = [], ""
    for piece in _pieces(text, columns):
        if piece.isspace():
            line += " " if line else ""
        elif line and width(indent) + width(line) + width(piece) > columns:
            lines.append(line.rstrip())
            line = piece
        else:
            line += piece
    lines.append(line.rstrip())
    return "\n".join(indent + part for part in lines if part)


def _pieces(text: str, columns: int) -> Iterator[str]:
    """Yield words and spaces. Words joined by no-break spaces are separated only if no line could hold them."""
    for piece in _BREAKS.findall(text):
        if width(piece) <= columns or not _NO_BREAK.search(piece):
            yield piece
        else:
            yield from _BREAKS.findall(_NO_BREAK.sub(" ", piece))


class References:
    """The links of a text, numbered from 1 in the order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, url: str) -> str:
        """Return ' [3]' for an address, '' for none; the same address has the same number."""
        if not url:
            return ""
        return f" [{self._numbers.setdefault(url, len(self._numbers) + 1)}]"

    def listing(self) -> str:
        """Return one line per address: '[3] https://…'. Addresses are never wrapped, so that they stay links."""
        return "\n".join(f"[{number}] {_URL_SAFE.sub('', url)}" for url, number in self._numbers.items())


_REFERENCE: Final = re.compile(r"\[\d+\] \S+|.{1,50}:\s?https?://\S+")
_GAP: Final = re.compile(r"\n{4,}")


def tidy(text: str) -> str:
    """Return a rendered template as the text part: lines wrapped and stripped, at most two blank lines in a row."""
    lines = []
    for line in text.strip("\n").split("\n"):
        clean = line.rstrip()
        lines.append(clean if width(clean) <= COLUMNS or _REFERENCE.fullmatch(clean) else wrap(clean))
    return _GAP.sub("\n\n\n", "\n".join(lines)) + "\n"
