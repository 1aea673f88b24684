"""Likeness: how alike two texts of a batch are, from the words they share and how rare these are.

Each text is a vector of its words' stems, weighted by rarity in the batch (TF-IDF; Spärck Jones 1972), and two texts
are as alike as the cosine of their vectors. Three things make that hold from ten articles to ten thousand:

- Rarity is smoothed with `BACKGROUND` imagined texts in which function words are common and all else is rare, so that
  a small batch does not take 'the' for a topic.
- A word that no other text has says little about being alike; it counts only `ALONE` of its weight in the length, and
  more in a batch of two or three, where nearly every word is alone.
- Texts of a busy topic are alike without telling one event. How alike a text is to its surroundings, past the few
  that tell its own event, is taken from its likenesses (a hubness correction like that of Radovanović et al. 2010).

Pairs are looked for in an inverted index, only where a rare enough word meets, so that cost follows the batch's size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BACKGROUND: Final = 200
#: In what part of the imagined texts a function word, and any other word, stands.
FUNCTION: Final = 0.3
OTHER: Final = 0.001
ALONE: Final = 0.2

#: Words in more texts than this do not make pairs, though they count in the likeness of pairs that others made.
COMMON: Final = 300
#: So many likeliest partners are kept a text.
PARTNERS: Final = 150
#: Pairs less alike than this are not kept; they count as `UNKNOWN`.
FAINT: Final = 0.08
UNKNOWN: Final = 0.02

#: How much is taken off a likeness that rests on one word alone; in proportion when it rests on few.
LONE: Final = 0.2

#: Partners at least this alike may tell the same event and are no surroundings; the surroundings are the next ranks.
SAME: Final = 0.2
RANKS: Final = (20, 60)
#: What surroundings are usually like, and what they are taken for where a batch is too small to have any.
USUAL: Final = 0.11
#: How much of the surroundings is taken off.
CONTRAST: Final = 0.8

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit vectors as rows: text i has terms `term[start[i]:start[i+1]]` with `weight` likewise; `terms` in all."""

    start: Ints
    term: Ints
    weight: Floats
    terms: int

    def __len__(self) -> int:
        return len(self.start) - 1

    def presence(self, members: Sequence[int]) -> tuple[Floats, Floats]:
        """For each term, in how many of some texts it stands, and its mean weight over all of them; dense."""
        cells, _ = _spans(self.start, np.array(members))
        found = np.bincount(self.term[cells], minlength=self.terms).astype(np.float64)
        return found, np.bincount(self.term[cells], self.weight[cells], self.terms) / len(members)

    def total(self, members: Sequence[int]) -> Floats:
        """The sum of some texts' vectors, dense."""
        out = np.zeros(self.terms)
        for i in members:
            row = slice(self.start[i], self.start[i + 1])
            out[self.term[row]] += self.weight[row]
        return out


@dataclass(frozen=True, slots=True)
class Pairs:
    """What is known of a batch's pairs.

    `cosine` maps (i, j), i < j, to the likeness of a kept pair; `burden[i]` is what text i's surroundings take from
    each of its pairs; `crowded` are texts with more partners than could be kept.
    """

    cosine: dict[tuple[int, int], float]
    burden: Floats
    crowded: frozenset[int]


def vectors(bags: Sequence[Mapping[str, float]], function: frozenset[str]) -> Vectors:
    """The unit vectors of texts given as weighted counts of words; `function` are words that carry no topic."""
    spread = Counter(word for bag in bags for word in bag)
    number = {word: i for i, word in enumerate(word for word, texts in spread.items() if texts > 1)}
    size = len(bags) + BACKGROUND
    rarity = {
        word: max(0.0, math.log(size / (texts + BACKGROUND * (FUNCTION if word in function else OTHER))))
        for word, texts in spread.items()
    }
    alone = min(1.0, ALONE + 2 / max(1, len(bags)) ** 2)
    start, term, weight = [0], list[int](), list[float]()
    for bag in bags:
        row = {word: (1 + math.log(count)) * rarity[word] for word, count in bag.items()}
        length = math.sqrt(sum(x * x * (1.0 if word in number else alone) for word, x in row.items())) or 1.0
        shared = [(number[word], x / length) for word, x in row.items() if word in number]
        term.extend(t for t, _ in shared)
        weight.extend(x for _, x in shared)
        start.append(len(term))
    return Vectors(np.array(start), np.array(term, dtype=np.int64), np.array(weight), len(number))


def pairs(batch: Vectors) -> Pairs:
    """Every pair worth knowing, and every text's burden."""
    count = len(batch)
    order = np.argsort(batch.term, kind="stable")
    index = _Index(
        start=np.searchsorted(batch.term[order], np.arange(batch.terms + 1)),
        owner=np.repeat(np.arange(count), np.diff(batch.start))[order],
        weight=batch.weight[order],
    )
    dense = np.zeros(batch.terms)
    cosine: dict[tuple[int, int], float] = {}
    burden = np.zeros(count)
    crowded = set()
    for i in range(count):
        row = slice(batch.start[i], batch.start[i + 1])
        mine = batch.term[row]
        dense[mine] = batch.weight[row]
        partners, likeness = _partners(batch, i, index, dense)
        dense[mine] = 0.0
        if len(likeness) > PARTNERS:
            best = np.argsort(-likeness, kind="stable")[:PARTNERS]
            partners, likeness = partners[best], likeness[best]
            if likeness[-1] >= SAME:
                crowded.add(i)
        burden[i] = _burden(likeness, count)
        kept = likeness >= FAINT
        for j, value in zip(partners[kept].tolist(), likeness[kept].tolist(), strict=True):
            cosine[(i, j) if i < j else (j, i)] = value
    return Pairs(cosine, burden, frozenset(crowded))


@dataclass(frozen=True, slots=True)
class _Index:
    """The vectors by column: term t stands in texts `owner[start[t]:start[t+1]]`, with `weight` likewise."""

    start: Ints
    owner: Ints
    weight: Floats


def _partners(batch: Vectors, i: int, index: _Index, dense: Floats) -> tuple[Ints, Floats]:
    """The texts that share a rare enough word with text i (whose vector is in `dense`), with their exact cosines."""
    mine = batch.term[batch.start[i] : batch.start[i + 1]]
    spread = index.start[mine + 1] - index.start[mine]
    rare = mine[spread <= COMMON]
    if not len(rare):
        return rare, np.zeros(0)
    cells, _ = _spans(index.start, rare)
    mass = index.weight[cells] * np.repeat(dense[rare], index.start[rare + 1] - index.start[rare])
    score = np.bincount(index.owner[cells], mass)
    score[i] = 0.0
    partners = np.nonzero(score)[0]
    if len(partners) > 2 * PARTNERS:
        cut = np.partition(score[partners], -2 * PARTNERS)[-2 * PARTNERS]
        partners = partners[score[partners] >= cut]
    if not len(partners):
        return partners, np.zeros(0)
    cells, first = _spans(batch.start, partners)
    shares = dense[batch.term[cells]] * batch.weight[cells]
    cosine = np.add.reduceat(shares, first)
    # The sum of the squared shares: 1 when one word makes the whole likeness (Herfindahl).
    lone = np.add.reduceat(shares * shares, first) / np.maximum(cosine * cosine, 1e-12)
    return partners, cosine * (1 - LONE * lone)


def _spans(start: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """The cells of several rows one after the other, and where each row begins among them."""
    lengths = start[rows + 1] - start[rows]
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(start[rows] - ends + lengths, lengths), ends - lengths


def _burden(likeness: Floats, count: int) -> float:
    """What is taken from each likeness of a text with these partners in a batch of `count`; half a pair's share."""
    first, last = RANKS
    around = np.sort(likeness[likeness < SAME])[::-1][first:last]
    seen = max(len(around), min(last, count - 1) - min(first, count - 1))
    level = (around.sum() + UNKNOWN * (seen - len(around)) + USUAL * (last - first - seen)) / (last - first)
    return float(CONTRAST * (level - USUAL) / 2)
