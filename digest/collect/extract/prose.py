"""Whether a line reads like a paragraph of an article, in any script. Pure."""

from __future__ import annotations

import re

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_STOP = re.compile(r"[.!?…:。！？؟۔।][\"'”’»›)\]」』）】\s\u00a0]*(?:\[\d+\]|\*+)?$|[”»]$")

SHORTEST = 60  # characters of Latin text; below that a line may be a label as well as a sentence
_CERTAIN = 200  # from here on the line need not end like a sentence
_DENSITY = 2.5  # one CJK character says about as much


def weight(text: str) -> float:
    """Length in characters of Latin text."""
    return len(text) * (_DENSITY if _WIDE.search(text[:200]) else 1)


def ends_sentence(text: str) -> bool:
    """Whether a text ends with a stop, a colon, or closing quotes."""
    return bool(_STOP.search(text[-12:]))


def is_prose(text: str, linked: float = 0.0, shortest: int = SHORTEST) -> bool:
    """Long enough, mostly not links, and ended like a sentence unless it is very long.

    `linked` is the share of the text inside links.
    """
    size = weight(text)
    return size >= shortest and linked <= 0.4 and (size > _CERTAIN or ends_sentence(text))
