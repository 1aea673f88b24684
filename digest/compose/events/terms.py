"""Terms: the words and numbers of a text, in every script. Pure."""

from __future__ import annotations

import re
from typing import Final

from digest.text.token import LETTERS

_TOKEN: Final = re.compile(r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,:]\d+)*|" + LETTERS)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[., \u00a0\u202f]\d{3})+")
#: A character of a script that sets no spaces between words.
UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def tokens(text: str) -> list[str]:
    """The words and numbers of a text as written; two-character pieces where a script has no spaces.

    Thousands are set together: '1 100', '1.100' and '1,100' are one number.
    """
    found = _TOKEN.findall(text)
    if _THOUSANDS.search(text):
        found = [re.sub(r"\D", "", token) if _THOUSANDS.fullmatch(token) else token for token in found]
    if UNSPACED.search(text):
        return [piece for token in found for piece in _pieces(token)]
    return found


def _pieces(token: str) -> list[str]:
    return [token[i : i + 2] for i in range(max(1, len(token) - 1))] if UNSPACED.search(token) else [token]
