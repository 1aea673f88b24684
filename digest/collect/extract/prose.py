"""Decide whether a line reads like a paragraph of an article, in any script. Pure."""

from __future__ import annotations

import re

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STOP = re.compile(r"[.!?…:。！？؟۔।][\"'”’»›)\]」』）】\s\u00a0]*(?:\[\d+\]|\*+)?$|[”»]$")

SHORTEST = 60  # minimum Latin characters of a paragraph; a shorter line may be a label
_CERTAIN = 200  # from this weight on, a line need not end like a sentence
_DENSITY = 2.5  # Latin characters that one CJK character counts for


def weight(text: str) -> float:
    """Return the length in characters of Latin text."""
    return len(text) * (_DENSITY if _WIDE.search(text[:200]) else 1)


def ends_sentence(text: str) -> bool:
    """Return whether a text ends with a full stop, a colon, or closing quotes."""
    return bool(_STOP.search(text[-12:]))


def is_prose(text: str, linked: float = 0.0, shortest: int = SHORTEST) -> bool:
    """Return whether a text is long enough, mostly not links, and ends like a sentence unless it is very long.

    `linked` is the share of the text inside links.
    """
    size = weight(text)
    return size >= shortest and linked <= 0.4 and (size > _CERTAIN or ends_sentence(text))
