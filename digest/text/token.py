"""Patterns of words in every script, as text to build regular expressions with. Pure.

Python's `\\w` matches letters but not combining marks: it splits Hindi, Tamil and vowelled Arabic words, and decomposed
(NFD) French ones, at every mark.
"""

from __future__ import annotations

import unicodedata
from typing import Final

#: Combining marks and the two joiners, as the inside of a character class.
MARKS: Final = (
    "".join(chr(code) for code in range(0x300, 0x20F1) if unicodedata.category(chr(code)).startswith("M"))
    + "\ua672\ufe20-\ufe2f\u3099\u309a\u200c\u200d"
)
#: A run of letters, and one of letters and digits.
LETTERS: Final = rf"[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*"
WORD: Final = rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*"

_MARKS: Final = frozenset(MARKS)


def letters(word: str) -> str:
    """Return a word without its combining marks."""
    return word if word.isascii() else "".join(c for c in word if c not in _MARKS)
