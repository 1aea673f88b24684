"""Prior of the background: how common a word is in the news of a language before anything was collected.

Each `data/<language>.toml` holds words that any news may use: `often` (in about one article of fifty), `known` (one of
two hundred) and `trade`, the news trade's own words and names of columns. Function words come from `digest.text.words`,
names of months and weekdays from CLDR. A language without a table has the latter two only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from digest import resources
from digest.compose.events.concepts import concept_words
from digest.compose.events.contradiction import calendar_words
from digest.text.stem import stem
from digest.text.words import words

#: The prior counts like this many articles of a batch.
PRIOR: Final = 200
#: Share of articles in which a word of each kind stands.
FUNCTION: Final = 0.3
TRADE: Final = 0.04
OFTEN: Final = 0.03
KNOWN: Final = 0.006
OTHER: Final = 0.001


def share(word: str, language: str) -> float:
    """The share of a language's articles in which a stem stands."""
    return table(language).get(word, OTHER)


@lru_cache(maxsize=64)
def table(language: str) -> Mapping[str, float]:
    """Share of articles by stem, for every word that the prior of a language has."""
    shares: dict[str, float] = {}
    for kind, value in (("known", KNOWN), ("often", OFTEN), ("trade", TRADE)):
        shares |= dict.fromkeys(_stems(languages_file(language).get(kind, "").split(), language), value)
    for word in concept_words(language):
        shares.setdefault(word, KNOWN)
    shares |= dict.fromkeys(calendar(language), TRADE)
    functional = words(language)
    shares |= dict.fromkeys(_stems(functional.function | functional.anaphora, language), FUNCTION)
    return shares


@lru_cache(maxsize=64)
def calendar(language: str) -> frozenset[str]:
    """Stems of the months and weekdays."""
    return frozenset(_stems(calendar_words(language), language))


@lru_cache(maxsize=64)
def trade(language: str) -> frozenset[str]:
    """Stems of the news trade's own words, and the calendar's: these never are evidence of an event."""
    return frozenset(_stems(languages_file(language).get("trade", "").split(), language)) | calendar(language)


def _stems(listed: object, language: str) -> list[str]:
    assert isinstance(listed, list | frozenset | dict | set)
    return [stem(word, language) for word in listed]


@lru_cache(maxsize=64)
def languages_file(language: str) -> Mapping[str, str]:
    """The tables of a language, empty where there are none."""
    is_code = language.isascii() and language.isalpha() and len(language) < 4
    return tomllib.loads((resources.find_data(f"compose/events/data/{language}.toml") if is_code else "") or "")
