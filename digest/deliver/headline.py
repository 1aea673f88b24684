"""Subject and preheader: the two lines that a reader sees before opening. Pure.

A subject has at most 60 characters and begins with the news, since phones show 35; a preheader has 40 to 90.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from digest.text import html

SUBJECT: Final = 60
PREHEADER: Final = (40, 90)

_CLAUSE: Final = re.compile(r"(?:[:;,،؛—–]|\s-|[.!?。！？])\s")


def subject(wanted: str, titles: Sequence[str], newsletter: str) -> str:
    """`wanted` (a template's or an editor's), else the top title; whole where possible, at most 60 characters."""
    own = html.line(wanted, 300)
    return fitted(own or (titles[0] if titles else newsletter), SUBJECT)


def fitted(text: str, limit: int) -> str:
    """The text, or its longest first clause of more than half the room, or its first words and '…'."""
    if len(text) <= limit:
        return text
    ends = [m.start() for m in _CLAUSE.finditer(text) if limit * 0.58 <= m.start() <= limit]
    return text[: ends[-1]].rstrip() if ends else html.cut(text, limit)


def preheader(titles: Sequence[str], leads: Sequence[str], summary: str, date: str, newsletter: str) -> str:
    """The next titles; on a day with one story its lead; filled with the day's summary when that is short."""
    low, high = PREHEADER
    rest = [*titles[1:4]] or [*leads[:1]]
    parts: list[str] = []
    for part in [*rest, summary, date, newsletter]:
        room = high - sum(len(p) + 3 for p in parts)
        if not part or part in parts:
            continue
        if len(part) <= room:
            parts.append(part)
        elif not parts or room > 24 or len(" · ".join(parts)) < low:
            parts.append(html.cut(part, room))
        if len(" · ".join(parts)) >= low + 20:
            break
    return " · ".join(parts)
