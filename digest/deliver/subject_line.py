"""Subject and preheader, the two lines shown before a mail is opened. Pure.

A subject has at most 60 characters and begins with the news, since phones show 35; a preheader has 40 to 90.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from digest.text import html

SUBJECT: Final = 60
PREHEADER: Final = (40, 90)

#: Where a title can be parted: never at a colon, before which it says who speaks, and after it what is new.
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])(?:\s|(?<=[。！？]))")
_CLAUSE: Final = re.compile(r"(?:[;,،؛]|\s[—–-])\s")


def subject(given: str, titles: Sequence[str], newsletter: str) -> str:
    """Return `given` (a template's or an editor's line), else the top title, shortened to 60 characters."""
    own = html.line(given, 300)
    return shorten(own or next(filter(None, titles), newsletter), SUBJECT)


def shorten(text: str, limit: int) -> str:
    """Return the text, else its first sentences, else its first clauses or words and '…', of at least half `limit`."""
    if len(text) <= limit:
        return text
    for pattern, mark in ((_SENTENCE, ""), (_CLAUSE, "…")):
        ends = [m.start() for m in pattern.finditer(text) if limit * 0.55 <= m.start() <= limit - len(mark)]
        if ends:
            return text[: ends[-1]].rstrip() + mark
    return html.cut(text, limit)


def preheader(titles: Sequence[str], leads: Sequence[str], summary: str, date: str, newsletter: str) -> str:
    """Return the next titles, or the lead of a single story; short ones are filled with the day's summary."""
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
