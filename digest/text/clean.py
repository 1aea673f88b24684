"""Text from outside, made safe to keep: without the characters that no writer types and some readers abuse. Pure."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 but tab and newline; lone surrogates and noncharacters have no UTF-8; bidi overrides turn a title around.
# Marks such as U+200E and U+200F stay: right-to-left texts need them.
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


# Only in titles: they make two that look the same different. Joiners (U+200C, U+200D) have work to do.
_UNSEEN: Final = re.compile("[\u00ad\u200b\u2060\u180e]")


def plain(text: str) -> str:
    """`text` without control characters (tab and newline stay), lone surrogates, noncharacters and bidi controls."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text)


def one_line(text: str, limit: int = 1000) -> str:
    """The same on one line, blanks collapsed, invisible breaks out, at most `limit` characters: for titles, names."""
    return " ".join(_UNSEEN.sub("", plain(text)).split())[:limit].rstrip()
