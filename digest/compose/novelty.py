"""Novelty: what an article says that earlier texts did not, and whether it is plainly contained in them. Pure.

The errors are not symmetric: a development that is held back is lost, a repeat that comes once more is a small
annoyance. So an article is contained only when most of what it says was said before, with the same numbers, and no new
kind of happening (see `events.concepts`), no new number and no later day stand against that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from digest.compose.events.contradiction import calendar_words
from digest.compose.events.evidence import Profile, profile
from digest.compose.events.terms import tokens

#: Points for news and against, fitted by logistic regression on invented pairs of days (`tests.benchmarks.news`).
BASE: Final = 0.8
COVERED: Final = -3.2  # times the share of the article's content that the earlier texts have
COVERS: Final = -2.2  # times the share of the earlier content that the article has
SAME_NUMBER: Final = -1.1
NEW_NUMBER: Final = 1.3
NEW_HAPPENING: Final = 1.2
NEW_DAY: Final = 1.3
#: No kind counts more often than this.
MOST: Final = 3
#: Below this an article is plainly contained in the earlier texts.
CONTAINED: Final = -0.4
#: Two words are one when they begin with so many letters alike ('striker', 'strike'), or one holds the other.
PREFIX: Final = 5


@dataclass(frozen=True, slots=True)
class Novelty:
    """The novelty of an article: `points` (higher is newer), and the new words, numbers and happenings for `why`."""

    points: float
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    happenings: tuple[str, ...]
    later_day: bool
    covered: float

    @property
    def contained(self) -> bool:
        """Whether the article says plainly nothing new."""
        return self.points < CONTAINED

    @property
    def reason(self) -> str:
        """The new things in words, the weightiest first."""
        parts = [*self.numbers, *(f"'{word}'" for word in self.words)]
        return ", ".join(parts[:6]) or ("a later day" if self.later_day else "")


def novelty(title: str, text: str, earlier: Iterable[tuple[str, str]], language: str) -> Novelty:
    """Return the terms of an article's title and opening that `earlier` titles and texts of its story lack."""
    known = list(earlier)
    now = profile(title, text, language)
    before = profile(" . ".join(one for one, _ in known), " . ".join(other for _, other in known), language)
    stems, own = frozenset(before.weights), frozenset(now.weights)
    new = [root for root in now.weights if not similar(root, stems)]
    numbers = [number for number in sorted(now.numbers) if not _known(number, before.numbers)]
    same = len(set(now.numbers) & set(before.numbers))
    happenings = sorted(set(now.concepts) - set(before.concepts))
    outside = [one for one in happenings if f"#{one}" not in now.title] or happenings[:1]
    covered = 1 - _share(new, now.weights)
    covers = _share([root for root in before.weights if similar(root, own)], before.weights)
    later = bool(_days(f"{title} {text}", language) & ~_days(" ".join(f"{a} {b}" for a, b in known), language))
    points = BASE + COVERED * covered + COVERS * covers + SAME_NUMBER * min(MOST, same)
    points += NEW_NUMBER * min(MOST - 1, len(numbers)) + NEW_HAPPENING * min(MOST, len(outside)) * bool(happenings)
    points += NEW_DAY * later
    written = _written(now, new)
    return Novelty(points, tuple(written), tuple(numbers), tuple(happenings), later, covered)


def similar(root: str, known: Collection[str]) -> bool:
    """Whether a stem is among others, or in another form: a longer word that begins alike, or a part of a compound."""
    if root in known:
        return True
    if len(root) < PREFIX:
        return False
    head, long = root[:PREFIX], len(root) > PREFIX
    return any(
        len(other) >= PREFIX
        and (other.startswith(head) or (long and root in other) or (len(other) > 5 and other in root))
        for other in known
    )


def _known(number: str, earlier: Collection[str]) -> bool:
    """Whether a number was given before, exactly or rounded ('some 400' for 412)."""
    if number in earlier:
        return True
    if not (number.isdigit() and len(number) > 2):
        return False
    return any(one.isdigit() and abs(int(one) - int(number)) <= 0.04 * int(number) for one in earlier)


def _share(roots: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights[root] for root in roots) / max(1.0, sum(weights.values()))


def _written(now: Profile, roots: Iterable[str]) -> list[str]:
    """How new stems are written in the article, those of its title first, rare ones before common ones."""
    forms = {**now.known, **now.rare, **now.names}
    ranked = sorted(roots, key=lambda root: (root not in now.title, -now.weights[root], root))
    return [forms[root] for root in ranked if root in forms]


def _days(text: str, language: str) -> int:
    """The weekdays that a text names, as a set of bits."""
    names = calendar_words(language)
    days = 0
    for token in tokens(text):
        kind, bit = names.get(token, ("", 0))
        days |= bit if kind == "day" else 0
    return days
