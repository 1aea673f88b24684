"""Linkage: from the likeness of pairs to groups, the most alike first.

Two groups are as alike as all their pairs are on average (average linkage; Sokal & Michener 1958), so that one article
between two events cannot tie them. Groups that are each of one piece, but less alike to one another, are two events:
half the gap is taken off as well. Everything below `ALIKE` stays apart.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.compose.likeness import UNKNOWN, Pairs, Vectors

#: Two groups are one story from this mean likeness on.
ALIKE: Final = 0.23
#: How much of the gap between the likeness within two groups and that across them is taken off.
GAP: Final = 0.5
#: A group's inner likeness is believed like this many pairs; below that it leans on the likeness across.
DOUBT: Final = 3.0


@dataclass(slots=True)
class _Group:
    members: list[int]
    burden: float  # the sum of its members'
    inner: float = 0.0  # the sum over its pairs, each once

    @property
    def pairs(self) -> float:
        return len(self.members) * (len(self.members) - 1) / 2


def link(count: int, known: Pairs, batch: Vectors) -> list[list[int]]:
    """The groups of texts 0 to `count` - 1, each sorted, in order of their first text."""
    bonds: dict[int, dict[int, float]] = {i: {} for i in range(count)}
    for (i, j), cosine in known.cosine.items():
        bonds[i][j] = bonds[j][i] = cosine - UNKNOWN
    groups = _merge([_Group([i], float(known.burden[i])) for i in range(count)], bonds)
    if known.crowded:
        groups = _exactly(groups, known, batch)
    return sorted(sorted(group.members) for group in groups)


def _exactly(groups: list[_Group], known: Pairs, batch: Vectors) -> list[_Group]:
    """Merge again those groups whose texts had more partners than were kept, with the likeness of all their pairs."""
    crowded = [group for group in groups if not known.crowded.isdisjoint(group.members)]
    sums = [batch.total(group.members) for group in crowded]
    bonds: dict[int, dict[int, float]] = {i: {} for i in range(len(crowded))}
    for i, one in enumerate(crowded):
        for j in range(i + 1, len(crowded)):
            size = len(one.members) * len(crowded[j].members)
            bonds[i][j] = bonds[j][i] = float(sums[i] @ sums[j]) - UNKNOWN * size
        square = (float(sums[i] @ sums[i]) - len(one.members)) / 2
        one.inner = square - one.burden * (len(one.members) - 1)
    rest = [group for group in groups if known.crowded.isdisjoint(group.members)]
    return rest + _merge(crowded, bonds)


def _merge(given: Sequence[_Group], bonds: dict[int, dict[int, float]]) -> list[_Group]:
    """Merge groups while any two are alike. `bonds[i][j]` is the sum over the pairs of i and j, less UNKNOWN each."""
    groups = dict(enumerate(given))
    heap = []
    for i, others in bonds.items():
        for j in others:
            if i < j and (value := _alike(groups[i], groups[j], others[j])[0]) >= ALIKE:
                heap.append((-value, i, j))
    heapq.heapify(heap)
    fresh = len(groups)
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in groups or j not in groups:
            continue
        total = _alike(groups[i], groups[j], bonds[i][j])[1]
        one, other = groups.pop(i), groups.pop(j)
        groups[fresh] = _Group(one.members + other.members, one.burden + other.burden, one.inner + other.inner + total)
        merged, less = bonds.pop(i), bonds.pop(j)
        if len(merged) < len(less):
            merged, less = less, merged
        for k, value in less.items():
            merged[k] = merged.get(k, 0.0) + value
        merged.pop(i, None)
        merged.pop(j, None)
        for k, value in merged.items():
            near = bonds[k]
            near.pop(i, None)
            near.pop(j, None)
            near[fresh] = value
            if (likeness := _alike(groups[fresh], groups[k], value)[0]) >= ALIKE:
                heapq.heappush(heap, (-likeness, k, fresh))
        bonds[fresh] = merged
        fresh += 1
    return list(groups.values())


def _alike(one: _Group, other: _Group, bond: float) -> tuple[float, float]:
    """The likeness that decides on a merge, and the sum over the pairs across."""
    m, n = len(one.members), len(other.members)
    total = bond + UNKNOWN * m * n - n * one.burden - m * other.burden
    across = total / (m * n)
    within = (
        (one.inner + DOUBT * across) / (one.pairs + DOUBT) + (other.inner + DOUBT * across) / (other.pairs + DOUBT)
    ) / 2
    return across - GAP * max(0.0, within - across), total
