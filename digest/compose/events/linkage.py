"""Linkage: from the likeness of pairs to groups, the most alike first.

Two groups are as alike as all their pairs are on average (average linkage; Sokal & Michener 1958), so that one article
between two events cannot tie them. Groups that are each of one piece, but less alike to one another, are two events:
half the gap is taken off as well. Everything below `ALIKE` stays apart, and so do two texts that nothing else backs
below `UNBACKED`.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.compose.events.similarity import UNKNOWN, Pairs, Vectors

#: Two groups are one story from this mean likeness on.
ALIKE: Final = 0.22
#: Two texts that no third one backs are a story only from this likeness on. On most days most articles are alone in
#: telling their event, and the likeliest of many chance pairs passes ALIKE; three that agree by chance are rare.
UNBACKED: Final = 0.28
#: How much of the gap between the likeness within two groups and that across them is taken off.
GAP: Final = 0.5
#: A group's inner likeness is believed like this many pairs; below that it leans on the likeness across.
DOUBT: Final = 6.0


@dataclass(slots=True)
class _Group:
    members: list[int]
    burden: float  # the sum of its members'
    size: int = 1
    inner: float = 0.0  # the sum over its pairs, each once
    pairs: float = 0.0  # how many these are


def link(count: int, known: Pairs, batch: Vectors) -> list[list[int]]:
    """The groups of texts 0 to `count` - 1, each sorted, in order of their first text."""
    bonds: dict[int, dict[int, float]] = {i: {} for i in range(count)}
    for (i, j), cosine in known.cosine.items():
        bonds[i][j] = bonds[j][i] = cosine - UNKNOWN
    groups = _merge([_Group([i], float(known.burden[i])) for i in range(count)], bonds)
    if known.crowded:
        groups = _exactly(groups, known, batch)
    groups = [part for group in groups for part in _backed(group)]
    return sorted(sorted(group.members) for group in groups)


def _backed(group: _Group) -> list[_Group]:
    """The group, or its two texts apart when they are alone and not alike enough."""
    if group.size != 2 or group.inner >= UNBACKED:
        return [group]
    return [_Group([member], 0.0) for member in group.members]


def attach(
    known: Pairs, groups: Sequence[Sequence[int]], singles: Sequence[int], enough: float = ALIKE
) -> list[int | None]:
    """For each of `singles` the position of the group it is most alike to, None where that is less than `enough`."""
    built = [_group(known, members) for members in groups]
    place = {member: number for number, members in enumerate(groups) for member in members}
    wanted = set(singles)
    bonds: dict[int, dict[int, float]] = {single: {} for single in singles}
    for (i, j), cosine in known.cosine.items():
        for single, member in ((i, j), (j, i)):
            if single in wanted and member in place:
                near = bonds[single]
                near[place[member]] = near.get(place[member], 0.0) + cosine - UNKNOWN
    found: list[int | None] = []
    for single in singles:
        one = _Group([single], float(known.burden[single]))
        best = max(((_alike(one, built[g], bond), -g) for g, bond in bonds[single].items()), default=(0.0, 0))
        found.append(-best[1] if best[0] >= enough else None)
    return found


def _group(known: Pairs, members: Sequence[int]) -> _Group:
    """The group of these texts, given and not found."""
    size = len(members)
    burden = float(sum(known.burden[i] for i in members))
    pairs = size * (size - 1) / 2
    kept = (known.cosine.get((i, j)) for n, i in enumerate(sorted(members)) for j in sorted(members)[n + 1 :])
    inner = sum(cosine - UNKNOWN for cosine in kept if cosine is not None) + UNKNOWN * pairs - burden * (size - 1)
    return _Group(list(members), burden, size, inner, pairs)


def _exactly(groups: list[_Group], known: Pairs, batch: Vectors) -> list[_Group]:
    """Merge again those groups whose texts had more partners than were kept, with the likeness of all their pairs."""
    crowded = [group for group in groups if not known.crowded.isdisjoint(group.members)]
    sums = [batch.total(group.members) for group in crowded]
    bonds: dict[int, dict[int, float]] = {i: {} for i in range(len(crowded))}
    for i, one in enumerate(crowded):
        for j in range(i + 1, len(crowded)):
            bonds[i][j] = bonds[j][i] = float(sums[i] @ sums[j]) - UNKNOWN * one.size * crowded[j].size
        one.inner = (float(sums[i] @ sums[i]) - one.size) / 2 - one.burden * (one.size - 1)
    rest = [group for group in groups if known.crowded.isdisjoint(group.members)]
    return rest + _merge(crowded, bonds)


def _merge(given: Sequence[_Group], bonds: dict[int, dict[int, float]]) -> list[_Group]:
    """Merge groups while any two are alike. `bonds[i][j]` is the sum over the pairs of i and j, less UNKNOWN each."""
    groups = dict(enumerate(given))
    heap = [
        (-likeness, i, j)
        for i, others in bonds.items()
        for j, bond in others.items()
        if i < j and (likeness := _alike(groups[i], groups[j], bond)) >= ALIKE
    ]
    heapq.heapify(heap)
    fresh = len(groups)
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in groups or j not in groups:
            continue  # one of them has grown since; the grown pair is in the heap if it is alike
        groups[fresh] = group = _union(groups.pop(i), groups.pop(j), bonds[i][j])
        bonds[fresh] = merged = _sum(bonds.pop(i), bonds.pop(j))
        del merged[i], merged[j]
        for k, bond in merged.items():
            near = bonds[k]
            near.pop(i, None)
            near.pop(j, None)
            near[fresh] = bond
            if (likeness := _alike(group, groups[k], bond)) >= ALIKE:
                heapq.heappush(heap, (-likeness, k, fresh))
        fresh += 1
    return list(groups.values())


def _union(one: _Group, other: _Group, bond: float) -> _Group:
    return _Group(
        one.members + other.members,
        one.burden + other.burden,
        one.size + other.size,
        one.inner + other.inner + _total(one, other, bond),
        one.pairs + other.pairs + one.size * other.size,
    )


def _sum(one: dict[int, float], other: dict[int, float]) -> dict[int, float]:
    """Both added up, in the larger of the two."""
    if len(one) < len(other):
        one, other = other, one
    for key, value in other.items():
        one[key] = one.get(key, 0.0) + value
    return one


def _total(one: _Group, other: _Group, bond: float) -> float:
    """The sum over all pairs across, after what surroundings take."""
    return bond + UNKNOWN * one.size * other.size - other.size * one.burden - one.size * other.burden


def _alike(one: _Group, other: _Group, bond: float) -> float:
    """The likeness that decides on a merge; only an upper bound where that is below ALIKE already."""
    across = _total(one, other, bond) / (one.size * other.size)
    if across < ALIKE or one.size == other.size == 1:
        return across
    doubted = DOUBT * across
    within = ((one.inner + doubted) / (one.pairs + DOUBT) + (other.inner + doubted) / (other.pairs + DOUBT)) / 2
    return across - GAP * max(0.0, within - across)
