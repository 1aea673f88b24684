"""The text part: lines of 72 columns, links as numbered references. Pure.

Columns are those of a terminal: a CJK character takes two, a combining mark none (Unicode UAX #11).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

COLUMNS: Final = 72

#: Where a line may break: at blanks, and between CJK characters (but not before closing punctuation).
_BREAKS: Final = re.compile(r"\S+?(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60])(?![、。，．）」』】？！：；])|\S+|\s+")
_URL_SAFE: Final = re.compile(r"[\u0000-\u0020<>\"]")


def width(text: str) -> int:
    """Columns that the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, columns: int = COLUMNS, indent: str = "") -> str:
    """The text in lines of at most `columns`; a longer word (an address) keeps its own line, whole."""
    lines, line = [], ""
    for piece in _BREAKS.findall(text):
        if piece.isspace():
            line += " " if line else ""
        elif line and width(indent) + width(line) + width(piece) > columns:
            lines.append(line.rstrip())
            line = piece
        else:
            line += piece
    lines.append(line.rstrip())
    return "\n".join(indent + part for part in lines if part)


class References:
    """The links of a text, numbered from 1 in the order of first use."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def mark(self, url: str) -> str:
        """' [3]' for an address, '' for none; the same address has the same number."""
        if not url:
            return ""
        return f" [{self._numbers.setdefault(url, len(self._numbers) + 1)}]"

    def listing(self) -> str:
        """One line an address: '[3] https://…'. Addresses are never wrapped, so that they stay links."""
        return "\n".join(f"[{number}] {_URL_SAFE.sub('', url)}" for url, number in self._numbers.items())


_REFERENCE: Final = re.compile(r"\[\d+\] \S+|.{1,50}:\s?https?://\S+")
_GAP: Final = re.compile(r"\n{4,}")


def tidy(text: str) -> str:
    """A printed template as the text part: long lines wrapped, no blanks at line ends, no more than two blank lines."""
    lines = []
    for line in text.strip("\n").split("\n"):
        clean = line.rstrip()
        lines.append(clean if width(clean) <= COLUMNS or _REFERENCE.fullmatch(clean) else wrap(clean))
    return _GAP.sub("\n\n\n", "\n".join(lines)) + "\n"
