"""Sentence boundaries in any language.

One pass over the marks that may end a sentence; `boundary.py` judges each by its neighbours and the tables of the
language (`words.py`). The pass counts straight quotation marks, which look alike at both ends.
"""

from __future__ import annotations

import re
from functools import lru_cache

from digest.text.boundary import MARKS, Stop, ends
from digest.text.words import words

_CLOSERS = re.escape("'”’»›)]}」』】）〉》＂")
_BLANK = re.compile(r"\s*+")
_BULLET = re.compile(r"\s*+(?:[-–—•*·▪●]\s|\d{1,2}[.)]\s)")
_HEADING = 40  # characters; a shorter line is a heading, not wrapped text


@lru_cache(maxsize=8)
def _marks(more: str) -> re.Pattern[str]:
    """Return the pattern of a newline, or a run of marks with closing quotes and notes ('fin ! »', '.[4]').

    `more` are the marks of one language. All quantifiers are possessive, so that no input causes backtracking.
    """
    return re.compile(
        rf"(?P<mark>[{re.escape(MARKS + more)}]++)"
        rf"(?P<close>(?:[ \u00a0\u202f][»›](?!\w)| ?''(?=\s|\Z)|[“«](?=[\s,.;:)]|\Z)|\[\d{{1,3}}\]|[{_CLOSERS}])*+)"
        r"|\n[^\S\n]*+(?P<gap>\n\s*+)?|\u2029"
    )


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Return the offsets `(start, end)` of the sentences of `text`, in order, in code points, without outer space.

    `language` is a BCP 47 tag, or "" when unknown. Every character except white space lies in exactly one sentence.
    A blank line always ends a sentence. Linear in the length of the text.
    """
    table = words(language)
    offsets: list[tuple[int, int]] = []
    start = counted = _skip(text, 0)
    quotes = inside = 0  # straight quotation marks of this paragraph, and of this sentence: odd means one is open
    for mark in _marks(table.marks).finditer(text):
        at = mark.start()
        if at < start:
            continue
        if mark["mark"] is None:
            if mark["gap"] is None and not _line_ends(text, start, at, mark.end()):
                continue
            end = start + len(text[start:at].rstrip())
        else:
            seen = text.count('"', counted, at)
            quotes, inside, counted = quotes + seen, inside + seen, at
            end = _close(text, mark.end(), inside % 2 == 1 or quotes % 2 == 1)
            closed = end > at + len(mark["mark"])
            if end < len(text) and not ends(Stop(text, start, at, mark["mark"], end, closed), table):
                continue
        offsets.append((start, end))
        quotes += text.count('"', counted, end)
        start = counted = _skip(text, end)
        inside = 0
        if "\n" in text[end:start]:
            quotes = 0
    if start < len(text):
        offsets.append((start, len(text.rstrip())))
    return offsets


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _close(text: str, end: int, quoted: bool) -> int:
    """Include the straight quotation mark after a stop if it closes a quotation; a space may stand before it."""
    if text.startswith('"', end) and (quoted or not text[end + 1 : end + 2].isalnum()):
        return end + 2 if text[end + 1 : end + 2] in (")", "]", ".") else end + 1
    if quoted and text.startswith(' "', end) and not text[end + 2 : end + 3].strip():
        return end + 2
    return end


def _line_ends(text: str, start: int, end: int, following: int) -> bool:
    """Return whether a single newline ends a sentence: before a list item, and after a short line such as a heading.

    Longer lines count as wrapped text.
    """
    if _BULLET.match(text, following):
        return True
    line = max(start, text.rfind("\n", start, end) + 1)
    head = text[following : following + 1]
    return end - line < _HEADING and bool(head.strip()) and not head.islower() and text[end - 1] not in ",;-–—"
