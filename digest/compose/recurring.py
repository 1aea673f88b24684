"""Recurring formats: market reports, forecasts, horoscopes, briefings, puzzles, recognised by an earlier part. Pure.

A part of a recurring format has the same outlet as an earlier one, another day, and nearly the same title or template:
the same heading but for the date; a shared title phrase that holds a word of the news trade ('weather', 'markets'); or
the same fixed wording in title and text around other facts. A title that shares a rare name is a story, not a format,
unless the whole heading is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from digest.compose.events.contradiction import calendar_words
from digest.compose.events.outlet_style import heading
from digest.compose.events.prior import FUNCTION, KNOWN, OTHER, table, trade
from digest.compose.events.terms import tokens
from digest.text.stem import stem

#: Two parts are at least so far apart.
APART: Final = timedelta(hours=12)
#: Share of the shorter title's words that two parts have in common.
TITLE: Final = 0.5
#: Share of the runs of three words that two texts of one template have in common.
TEMPLATE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Item:
    """One article as far as formats go; `at` is when it was published or printed (aware)."""

    outlet: str
    title: str
    text: str
    at: datetime


def is_next_part(now: Item, before: Item, language: str) -> bool:
    """Whether `now` is a later part of the format that `before` is a part of."""
    if not now.outlet or now.outlet != before.outlet or now.at - before.at < -APART:
        return False
    titles = tokens(now.title), tokens(before.title)
    if same_heading(now.title, before.title, language):
        return now.text != before.text
    words = _plain(titles[0], language), _plain(titles[1], language)
    shared = [word for word in words[0] if word in words[1]]
    if not shared:
        return False
    prior = table(language)
    columns = trade(language) - frozenset(stem(name, language) for name in calendar_words(language))
    alike = len(shared) / max(1, min(len(words[0]), len(words[1])))
    if alike >= TITLE and any(word in columns for word in shared):
        return True
    if any(prior.get(word, OTHER) < KNOWN for word in shared) and alike < 0.8:
        return False
    return _template(now.text, before.text, language) >= TEMPLATE


def same_heading(one: str, other: str, language: str) -> bool:
    """Whether two titles are the same but for dates and running numbers."""
    headings = heading(tokens(one), language), heading(tokens(other), language)
    return bool(headings[0]) and headings[0] == headings[1]


def _plain(title: list[str], language: str) -> list[str]:
    """The stems of a title without numbers, names of days and months, and function words."""
    prior, dates = table(language), calendar_words(language)
    roots = [stem(token, language) for token in title if token not in dates and not token[0].isdigit()]
    return [root for root in roots if prior.get(root, OTHER) < FUNCTION]


def _template(one: str, other: str, language: str) -> float:
    runs = _runs(one, language), _runs(other, language)
    return len(runs[0] & runs[1]) / max(1, min(len(runs[0]), len(runs[1])))


def _runs(text: str, language: str) -> set[tuple[str, ...]]:
    dates = calendar_words(language)
    roots = ["#" if token in dates or token[0].isdigit() else stem(token, language) for token in tokens(text)]
    return set(zip(roots, roots[1:], roots[2:], strict=False))
