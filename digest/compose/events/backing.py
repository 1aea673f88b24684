"""Backing: part the groups of articles that no evidence of one event holds together. Pure.

Likeness alone joins unrelated articles of a small batch, so each join needs evidence (`events.evidence`). In a batch of
many hundreds, likeness itself is evidence, since the batch knows what is common; so is what three articles share and
no other has.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

from digest.compose.events.concepts import concept_words
from digest.compose.events.evidence import Profile, features, points, profile

#: Points of evidence from which two articles tell one event.
ENOUGH: Final = 1.5
#: With so many points less an article joins others that evidence holds together.
LENIENCE: Final = 6.0
#: Points for likeness above FAINT in a batch far larger than HALF; half as many in one of HALF articles.
LIKENESS: Final = 60.0
FAINT: Final = 0.15
HALF: Final = 300
#: Taken where one of the two articles is little more than a title.
SHORT: Final = 2.0
#: Given in a language whose words for one thing we do not know (`events.concepts`).
UNTABLED: Final = 2.0
#: Number of terms that three articles share, and no other article has, from which they are joined.
BACKED: Final = 3
#: In a batch of MANY articles a group of more than LARGE needs no evidence: chance makes no such groups.
LARGE: Final = 8
MANY: Final = 400

Pair = tuple[int, int]


def with_evidence(
    groups: Sequence[Sequence[int]], texts: Sequence[tuple[str, str]], language: str, likeness: Mapping[Pair, float]
) -> list[list[int]]:
    """The groups of texts (title and opening), each parted into those that evidence holds together; sorted."""
    many = len(texts) > MANY
    whole = [sorted(group) for group in groups if len(group) < 2 or (many and len(group) > LARGE)]
    doubted = [sorted(group) for group in groups if len(group) > 1 and not (many and len(group) > LARGE)]
    read = [i for group in doubted for i in group] if many else range(len(texts))
    profiles = {i: profile(*texts[i], language) for i in read}
    holders = Counter(root for one in profiles.values() for root in {*one.names, *one.rare, *one.known})
    trust = LIKENESS * len(texts) / (len(texts) + HALF)

    def bonus(i: int, j: int) -> float:
        value = trust * max(0.0, likeness.get((i, j), 0.0) - FAINT)
        value += 0.0 if concept_words(language) else UNTABLED
        return value - (SHORT if profiles[i].short or profiles[j].short else 0.0)

    parts = [
        part
        for group in doubted
        for part in _parts(group, profiles, holders, {pair: bonus(*pair) for pair in combinations(group, 2)})
    ]
    return sorted([*whole, *parts])


def _parts(
    group: Sequence[int], profiles: Mapping[int, Profile], holders: Mapping[str, int], bonus: Mapping[Pair, float]
) -> list[list[int]]:
    inside = Counter(root for i in group for root in {*profiles[i].names, *profiles[i].rare, *profiles[i].known})
    owner = {i: i for i in group}

    def join(i: int, j: int) -> None:
        gone, stays = owner[j], owner[i]
        owner.update({k: stays for k, part in owner.items() if part == gone})

    weak: dict[Pair, float] = {}
    for (i, j), extra in bonus.items():
        one, other = profiles[i], profiles[j]
        shared = (one.names.keys() | one.rare.keys()) & (other.names.keys() | other.rare.keys())
        if extra + points(features(one, other, {root: holders[root] - 2 for root in shared})) >= ENOUGH:
            join(i, j)
        elif len(group) > 2:
            if _shared_by_three(one, other, holders, inside) >= BACKED:
                join(i, j)
            outside = {root: holders[root] - inside[root] for root in shared}
            own = sum(math.log2(max(1, inside[root] - 1)) for root in shared if not outside[root])
            weak[i, j] = extra + points(features(one, other, outside)) + own
    for (i, j), value in sorted(weak.items(), key=lambda item: (-item[1], item[0])):
        sizes = Counter(owner.values())
        if value >= ENOUGH - LENIENCE and owner[i] != owner[j] and max(sizes[owner[i]], sizes[owner[j]]) > 1:
            join(i, j)
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for i in group:
        parts[owner[i]].append(i)
    return list(parts.values())


def _shared_by_three(one: Profile, other: Profile, holders: Mapping[str, int], inside: Mapping[str, int]) -> int:
    """How many things two articles share with a third one of their group and with no article outside.

    A name of several words is one thing; without a name or rare word among them there are none.
    """

    def exclusive(root: str) -> bool:
        return inside[root] > 2 and inside[root] == holders[root]

    rare = (one.names.keys() | one.rare.keys()) & (other.names.keys() | other.rare.keys())
    things = {one.phrase.get(root, root) for root in rare if exclusive(root)}
    known = [root for root in one.known.keys() & other.known.keys() if exclusive(root) and root not in one.phrase]
    return len(things) + len(known) if things else 0
