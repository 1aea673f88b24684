"""Recognise the names of news agencies, and lines that consist of them. The names are in data/agencies.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from digest import resources

_EAST = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"  # scripts without blanks around a name
_WORD = re.compile(r"[^\s/,;:+&|·()\[\]（）【】«»\"–—]+")
_SIGN = re.compile(r"[a-zäöü]{2,4}")  # an editor's initials after a slash: 'dpa/rhu'
_LONGEST = 90  # maximum characters of a line of names


@dataclass(frozen=True, slots=True)
class _Names:
    pattern: re.Pattern[str]
    words: frozenset[str]  # every word of a name, as written
    general: frozenset[str]
    joining: frozenset[str]
    beside: frozenset[str]


@cache
def _names() -> _Names:
    table = tomllib.loads(resources.data("collect/data/agencies.toml"))
    longest_first = sorted(table["names"], key=len, reverse=True)
    pattern = rf"(?<![^\W{_EAST}])(?:" + "|".join(map(re.escape, longest_first)) + rf")(?![^\W{_EAST}])"
    return _Names(
        pattern=re.compile(pattern),
        words=frozenset(word for name in table["names"] for word in _WORD.findall(name)),
        general=frozenset(table["general"]),
        joining=frozenset(table["joining"]),
        beside=frozenset(table["beside"]),
    )


def find(text: str) -> str:
    """Return the first agency in a text, as written there; "" if there is none."""
    match = _names().pattern.search(text)
    return match[0] if match else ""


def ends_name(text: str, start: int) -> int:
    """Return the end of the agency name that begins at `start`; `start` if none does."""
    match = _names().pattern.match(text, start)
    return match.end() if match else start


def is_name(word: str) -> bool:
    """Return whether a single word is, or is part of, the name of an agency."""
    return word.strip(".,:;*") in _names().words


def is_line(text: str) -> bool:
    """Return whether a short line consists of agency names: 'dpa/rhu', 'Avec AFP', 'Le Courrier avec AFP'."""
    names = _names()
    words = [w.strip(".,*_'’©®") for w in _WORD.findall(text.replace("l'", "").replace("l’", ""))]
    words = [w for w in words if w]
    if not words or len(text) > _LONGEST or not (names.pattern.search(text) or _general(words, names)):
        return False
    after_slash = {w for part in text.split("/")[1:] for w in _WORD.findall(part)[:1]}
    rest = [
        w
        for w in words
        if w not in names.words
        and w.lower() not in names.joining
        and w.lower() not in names.general
        and not w.isdigit()
        and not (w in after_slash and _SIGN.fullmatch(w))
    ]
    if not rest:
        return True
    last = words[-1]
    beside = any(w.lower() in names.beside for w in words[1:-1])
    named = last in names.words or last.lower() in names.general
    return beside and named and all(not w[0].islower() or "." in w for w in rest) and not text.rstrip().endswith(".")


def _general(words: list[str], names: _Names) -> bool:
    return any(w.lower() in names.general for w in words)
