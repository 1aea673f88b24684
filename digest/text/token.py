"""Token: what a word is made of, in every script. Patterns as text, to build regular expressions with.

Python's `\\w` has the letters and not the marks that many scripts write vowels and accents with: it would part a Hindi,
Tamil or vowelled Arabic word, or a French one from a Mac (decomposed, NFD), at every such mark.
"""

from __future__ import annotations

import unicodedata
from typing import Final

#: Marks that belong to the letter before them, and the two joiners inside words, as the inside of a character class.
MARKS: Final = (
    "".join(chr(code) for code in range(0x300, 0x20F1) if unicodedata.category(chr(code)).startswith("M"))
    + "\ua672\ufe20-\ufe2f\u3099\u309a\u200c\u200d"
)
#: A run of letters, and one of letters and digits.
LETTERS: Final = rf"[^\W\d_]+(?:[{MARKS}]+[^\W\d_]*)*"
WORD: Final = rf"[^\W_]+(?:[{MARKS}]+[^\W_]*)*"

_MARKS: Final = frozenset(MARKS)


def letters(word: str) -> str:
    """A word without its marks."""
    return word if word.isascii() else "".join(c for c in word if c not in _MARKS)
