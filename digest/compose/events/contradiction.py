"""Evidence against a merge: figures, scores and dates in which two texts contradict each other.

Two quakes, two matches, two monthly job reports share most of their words. What parts them is small and hard: another
magnitude, another score, another month. A contradiction lowers the likeness of a pair; it never decides alone, since
death tolls grow and reporters err.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from digest.text.stem import fold, stem
from digest.text.words import words

#: What each contradiction takes from the likeness of a pair (a cosine). Tuned with the thresholds of `likeness`.
FIGURES: Final = 0.10
MONTHS: Final = 0.10
WEEKDAYS: Final = 0.04
#: What each day between two publications beyond the first takes, and the most that time takes. An event is told within
#: two days; what recurs (a weekly match, a monthly report) comes later.
DAY: Final = 0.02
TIME: Final = 0.30

_SCORE: Final = re.compile(r"(?<![\d.,:/–-])(\d{1,3}) ?[-–:] ?(\d{1,3})(?![\d.,]?\d|[:/–-])")
_FRACTION: Final = re.compile(r"\d+[.,]\d{1,2}")


@dataclass(frozen=True, slots=True)
class Facts:
    """The hard facts of one text. `counted` maps the stem after a number to its numbers ('12 morts': mort -> 12).

    `scores` hold both sides in order of size, so that '3-0' and '0-3' agree; `months` and `weekdays` are bit sets.
    """

    numbers: frozenset[str] = frozenset()
    counted: dict[str, frozenset[str]] = field(default_factory=dict)
    scores: frozenset[tuple[int, int]] = frozenset()
    months: int = 0
    weekdays: int = 0
    day: float | None = None  # when it was published, in days


def facts(text: str, tokens: Sequence[str], language: str, published: datetime | None = None) -> Facts:
    """The facts of a text in `language` (two-letter code), given with its tokens in order; `published` is aware."""
    function = words(language).function
    counted: dict[str, set[str]] = {}
    for number, word in pairwise(tokens):
        if number[0].isdigit() and not word[0].isdigit() and word.lower() not in function:
            counted.setdefault(stem(word, language), set()).add(number)
    months = weekdays = 0
    names = calendar_words(language)
    for token in tokens:
        # A capital tells the month May from the verb; languages that write months small have no such twins.
        kind, bit = names.get(token, ("", 0))
        months |= bit if kind == "month" else 0
        weekdays |= bit if kind == "day" else 0
    return Facts(
        numbers=frozenset(token for token in tokens if token[0].isdigit()),
        counted={word: frozenset(values) for word, values in counted.items()},
        scores=frozenset(_scores(text)),
        months=months,
        weekdays=weekdays,
        day=published.timestamp() / 86400 if published else None,
    )


def ranked(tokens: Sequence[str], language: str) -> dict[str, frozenset[str]]:
    """What is numbered in a row: the stem after 'first', 'second', ... with the numbers ('second debate': debat -> 2).

    Nothing in languages whose table has no `places`.
    """
    table = words(language)
    found: dict[str, set[str]] = {}
    for place, word in pairwise(tokens) if table.places else ():
        number = table.places.get(place.lower())
        if number and word[0].isalpha() and word.lower() not in table.function:
            found.setdefault(stem(word, language), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def contradiction(one: Facts, other: Facts) -> float:
    """What the contradictions between two texts take from their likeness; 0 when there is none."""
    against = 0.0
    if one.months and other.months and not one.months & other.months:
        against += MONTHS
    if one.weekdays and other.weekdays and not one.weekdays & other.weekdays:
        against += WEEKDAYS
    if _figures_differ(one, other):
        against += FIGURES
    if one.day is not None and other.day is not None:
        against += min(TIME, DAY * max(0.0, abs(one.day - other.day) - 1))
    return against


def _figures_differ(one: Facts, other: Facts) -> bool:
    """Whether two texts give other scores; or share no number, though both count the same thing or measure some."""
    if one.scores and other.scores:
        return one.scores.isdisjoint(other.scores)
    if not one.numbers.isdisjoint(other.numbers):
        return False
    return not one.counted.keys().isdisjoint(other.counted) or (_measures(one) and _measures(other))


def _measures(one: Facts) -> bool:
    """Whether a text gives a number with a fraction: a magnitude, a rate, a price; who tells the event repeats it."""
    return any(_FRACTION.fullmatch(number) for number in one.numbers)


def _scores(text: str) -> list[tuple[int, int]]:
    found = []
    for match in _SCORE.finditer(text):
        left, right = int(match[1]), int(match[2])
        if ":" in match[0] and len(match[2]) == 2 and left < 24 and right < 60:
            continue  # a time of day
        found.append((min(left, right), max(left, right)))
    return found


@lru_cache(maxsize=64)
def calendar_words(language: str) -> dict[str, tuple[str, int]]:
    """Names of months and weekdays as the language writes them in a sentence (CLDR) -> 'month' or 'day', and a bit."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError, TypeError):
        return {}
    found: dict[str, tuple[str, int]] = {}
    for kind, tables in (("month", locale.months), ("day", locale.days)):
        for form in ("format", "stand-alone"):
            for number, name in tables[form]["wide"].items():
                found.setdefault(name, (kind, 1 << number))
    return {name: what for name, what in found.items() if fold(name).isalpha()}
