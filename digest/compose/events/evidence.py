"""Evidence: what two articles share that speaks for one event, and whether it is enough. Pure.

Likeness of form joins nothing: 'wins prize for rye bread' and 'wins book prize' are alike. Evidence is of two kinds,
they add up: who or where (names that are rare in the batch, exact numbers), and what (rare words, or different words
for one thing, see `concepts`). Titles and leads count for more than what stands further down.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from digest.compose.events.concepts import concepts
from digest.compose.events.prior import FUNCTION, KNOWN, OTHER, languages_file, table, trade
from digest.compose.events.terms import UNSPACED, tokens
from digest.text.stem import stem
from digest.text.token import LETTERS
from digest.text.words import words

#: Points by kind of shared thing: in a title (t) or in both texts only (x). Fitted by logistic regression on invented
#: days (`tests.benchmarks.news`); a pair without anything in common has BASE.
POINTS: Final[Mapping[str, float]] = {
    "name_t": 4.3, "name_x": 1.9, "place_t": 2.8, "place_x": 1.2, "seen_t": 1.3, "seen_x": 1.2,
    "word_t": 0.9, "word_x": 0.5, "concept_tt": 3.4, "concept_tx": 1.2,
    "number": 6.0, "figure": 3.5, "cover": 5.8, "title_cover": 0.7,
}  # fmt: skip
BASE: Final = -10.0
#: An article with fewer words of text than this has little more than its title.
SHORT: Final = 6
#: No kind counts more often than this.
MOST: Final[Mapping[str, float]] = {
    "name_t": 2, "name_x": 2, "place_t": 2, "place_x": 2, "seen_t": 2, "seen_x": 2, "word_t": 3, "word_x": 3,
    "concept_tt": 2, "concept_tx": 3, "number": 2, "figure": 2,
}  # fmt: skip

_TOKEN: Final = re.compile(rf"\d+(?:[.,:]\d+)*|{LETTERS}(?:[-’']{LETTERS})*")


@dataclass(frozen=True, slots=True)
class Profile:
    """The terms of one article, by kind. Each maps a stem to how it is written, or is a set of stems.

    `title` are the stems and concepts of its title; `places` the names that follow a word like 'in'.
    """

    names: Mapping[str, str]
    places: Collection[str]
    rare: Mapping[str, str]
    known: Mapping[str, str]
    numbers: Collection[str]
    concepts: Collection[str]
    title: Collection[str]
    weights: Mapping[str, float]
    language: str = ""
    short: bool = False  # hardly any text
    phrase: Mapping[str, str] = field(default_factory=dict)  # a name of several words -> its first: one thing, not two


def profile(title: str, text: str, language: str) -> Profile:  # noqa: PLR0912
    """The profile of an article from its title and the text that is read of it."""
    functional = words(language)
    names: dict[str, str] = {}
    places: set[str] = set()
    rare: dict[str, str] = {}
    known: dict[str, str] = {}
    numbers: set[str] = set()
    ideas: set[str] = set()
    inside: set[str] = set()
    weights: dict[str, float] = {}
    phrase: dict[str, str] = {}
    lower = {token for token in _tokens(text) if token[0].islower()}
    lower_roots = {stem(token, language) for token in lower}
    prior, dull, before = table(language), trade(language), _locative(language)
    counted = _numbers(language)
    for part, source in (("title", title), ("text", text)):
        previous = last_name = ""
        for token in _tokens(source):
            root = stem(token, language)
            number = counted.get(root)
            if token[0].isdigit() or number:
                numbers.add(number or token)
                previous = root
                if part == "title":
                    inside.add(number or token)
                if not number:
                    continue
            usual = prior.get(root, OTHER)
            here = concepts(root, language)
            ideas |= here
            if part == "title":
                inside.add(root)
                inside |= {f"#{idea}" for idea in here}
            if usual < FUNCTION and root not in dull and len(root) > 1:
                weights[root] = max(0.0, -math.log(usual) - 2.5)
                if usual >= KNOWN:
                    known.setdefault(root, token)
                    if token[0].isupper() and last_name:
                        phrase.setdefault(root, phrase.get(last_name, last_name))
                elif _is_name(token, root, lower_roots, functional.capitals):
                    names.setdefault(root, token)
                    last_name = phrase.setdefault(root, phrase.get(last_name, last_name) or root)
                    if previous in before:
                        places.add(root)
                else:
                    rare.setdefault(root, token)
            if usual < FUNCTION and root not in names and root not in phrase:
                last_name = ""
            previous = root
    return Profile(
        names, places, rare, known, numbers, ideas, inside, weights, language, len(_tokens(text)) < SHORT, phrase
    )


def features(one: Profile, other: Profile, elsewhere: Mapping[str, int]) -> dict[str, float]:
    """Counts of what two profiles share, by the kinds of POINTS.

    `elsewhere` says in how many articles of the batch a stem stands besides those that are compared.
    """
    count: dict[str, float] = {}

    def add(kind: str, value: float = 1.0) -> None:
        count[kind] = count.get(kind, 0.0) + value

    for root in one.names.keys() & other.names.keys():
        spot = "t" if root in one.title or root in other.title else "x"
        place = root in one.places or root in other.places
        add(("seen_" if elsewhere.get(root, 0) else "place_" if place else "name_") + spot)
    rare = (one.rare.keys() | one.names.keys()) & (other.rare.keys() | other.names.keys())
    for root in rare - (one.names.keys() & other.names.keys()):
        spot = "t" if root in one.title or root in other.title else "x"
        add(f"word_{spot}", 1.0 if not elsewhere.get(root, 0) else 0.4)
    for root in one.known.keys() & other.known.keys():
        if root in one.title and root in other.title:
            add("known_t")
    for idea in set(one.concepts) & set(other.concepts):
        spots = (f"#{idea}" in one.title) + (f"#{idea}" in other.title)
        add(("concept_x", "concept_tx", "concept_tt")[spots])
    for number in set(one.numbers) & set(other.numbers):
        add("number" if len(number) > 2 and not number.endswith("00") else "figure")
    shared = one.weights.keys() & other.weights.keys()
    worth = sum(one.weights[root] for root in shared)
    add("cover", worth / max(1.0, math.sqrt(sum(one.weights.values()) * sum(other.weights.values()))))
    add("title_cover", math.sqrt(_title_share(one, shared) * _title_share(other, shared)))
    return count


def points(count: Mapping[str, float]) -> float:
    """Score the shared terms; above 0 two articles of a small batch more likely tell one event."""
    return BASE + sum(worth * min(MOST.get(kind, 9.0), count.get(kind, 0.0)) for kind, worth in POINTS.items())


def _title_share(one: Profile, shared: Collection[str]) -> float:
    """The share of a title's weight that is in `shared`."""
    title = {root: weight for root, weight in one.weights.items() if root in one.title}
    return sum(weight for root, weight in title.items() if root in shared) / max(4.0, sum(title.values()))


def _tokens(text: str) -> list[str]:
    if UNSPACED.search(text):
        return tokens(text)
    return [token for found in _TOKEN.findall(text) for token in _parts(found)]


def _parts(token: str) -> list[str]:
    """A hyphenated name as one ('Port-Clair'), other compounds by their words."""
    parts = re.split(r"[-’']", token)
    if len(parts) == 1:
        return parts
    if "-" in token and all(part[:1].isupper() for part in parts if len(part) > 3):
        return [token.rpartition("’")[2].rpartition("'")[2]]
    return [part for part in parts if part]


def _is_name(token: str, root: str, lower: Collection[str], capitals: bool) -> bool:
    if token[0].isupper():
        return root not in lower
    return not token[0].islower()  # a script without capitals: any rare word may be a name


@lru_cache(maxsize=64)
def _locative(language: str) -> frozenset[str]:
    return frozenset(stem(word, language) for word in languages_file(language).get("places", "").split())


@lru_cache(maxsize=64)
def _numbers(language: str) -> Mapping[str, str]:
    listed = languages_file(language).get("numbers", "").split()
    return {stem(form, language): str(n) for n, forms in enumerate(listed, 2) for form in forms.split("/")}
