"""Concepts: different words for one thing, by language ('blaze' and 'fire', 'débrayage' and 'grève').

Two outlets tell one event with different words, and a stem alone does not see that. The table names some sixty things
that news are about; it adds evidence where it knows a language, and nothing where it does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final

from digest import resources
from digest.text.stem import stem

#: Languages that write compounds: a word of the table counts at the head or the end of a longer one.
_COMPOUNDS: Final = frozenset({"de", "nl", "sv", "da", "no", "fi"})
_SHORTEST: Final = 5


def concepts(word: str, language: str) -> frozenset[str]:
    """The concepts that a stem stands for."""
    return _of(word, language)


def concept_words(language: str) -> Collection[str]:
    """The stems that the table has for a language."""
    return _table(language).keys()


@lru_cache(maxsize=100_000)
def _of(word: str, language: str) -> frozenset[str]:
    table = _table(language)
    if (known := table.get(word)) is not None or language not in _COMPOUNDS:
        return known or frozenset()
    found: set[str] = set()
    for size in range(_SHORTEST, len(word) - 2):
        found |= table.get(word[:size], frozenset()) | table.get(word[-size:], frozenset())
    return frozenset(found)


@lru_cache(maxsize=64)
def _table(language: str) -> Mapping[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for concept, listed in _file().items():
        for word in listed.get(language, "").split():
            root = stem(word, language)
            table[root] = table.get(root, frozenset()) | {concept}
    return table


@lru_cache(maxsize=1)
def _file() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(resources.find_data("compose/events/data/concepts.toml") or "")
