"""Remove control characters, bidi controls and other unsafe characters from foreign text. Pure."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 except tab and newline; lone surrogates and noncharacters, bidi overrides, which reverse
# a title. The marks U+200E and U+200F stay: right-to-left texts need them.
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


# Removed from titles only: invisible characters make equal titles differ. The joiners U+200C and U+200D stay.
_UNSEEN: Final = re.compile("[\u00ad\u200b\u2060\u180e]")


def plain(text: str) -> str:
    """`text` without control characters (tab and newline stay), lone surrogates, noncharacters and bidi controls."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text)


def one_line(text: str, limit: int = 1000) -> str:
    """Return `plain(text)` on one line of at most `limit` characters, without invisible breaks."""
    return " ".join(_UNSEEN.sub("", plain(text)).split())[:limit].rstrip()
