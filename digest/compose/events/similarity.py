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
from collections.abc import Callable, Mapping, Sequence
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
#: Less than this from rare words is not looked at more closely.
GLIMPSE: Final = 0.03

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
    """Unit vectors as rows: text i has terms `term[start[i]:start[i+1]]` with `weight` likewise.

    `number` maps every word that more than one text has to its term.
    """

    start: Ints
    term: Ints
    weight: Floats
    number: Mapping[str, int]

    @property
    def terms(self) -> int:
        """How many terms there are."""
        return len(self.number)

    def __len__(self) -> int:
        return len(self.start) - 1

    def row(self, text: int) -> list[tuple[int, float]]:
        """One text's terms with their weights."""
        cells = slice(self.start[text], self.start[text + 1])
        return list(zip(self.term[cells].tolist(), self.weight[cells].tolist(), strict=True))

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


def vectors(bags: Sequence[Mapping[str, float]], share: Callable[[str, int], float]) -> Vectors:
    """The unit vectors of texts given as weighted counts of words.

    `share(word, texts)` is the expected share of texts with a word that stands in so many of the batch.
    """
    spread = Counter(word for bag in bags for word in bag)
    number = {word: i for i, word in enumerate(word for word, texts in spread.items() if texts > 1)}
    rarity = {word: max(0.0, -math.log(share(word, texts))) for word, texts in spread.items()}
    alone = min(1.0, ALONE + 2 / max(1, len(bags)) ** 2)
    start, term, weight = [0], list[int](), list[float]()
    for bag in bags:
        row = {word: (1 + math.log(count)) * rarity[word] for word, count in bag.items()}
        length = math.sqrt(sum(x * x * (1.0 if word in number else alone) for word, x in row.items())) or 1.0
        shared = [(number[word], x / length) for word, x in row.items() if word in number]
        term.extend(t for t, _ in shared)
        weight.extend(x for _, x in shared)
        start.append(len(term))
    return Vectors(np.array(start), np.array(term, dtype=np.int64), np.array(weight), number)


def pairs(batch: Vectors) -> Pairs:
    """Every pair worth knowing, and every text's burden."""
    count = len(batch)
    one, other, value = _meetings(batch)
    # Each pair from both sides, text by text, each text's likeliest partners first.
    near, far, likeness = np.concatenate([one, other]), np.concatenate([other, one]), np.concatenate([value, value])
    order = np.lexsort((far, -likeness, near))
    near, far, likeness = near[order], far[order], likeness[order]
    start = np.searchsorted(near, np.arange(count + 1))
    rank = np.arange(len(near)) - start[near]
    kept = (rank < PARTNERS) & (likeness >= FAINT)
    cosine = dict(
        zip(
            zip(np.minimum(near, far)[kept].tolist(), np.maximum(near, far)[kept].tolist(), strict=True),
            likeness[kept].tolist(),
            strict=True,
        )
    )
    burden = np.array([_burden(likeness[start[i] : start[i + 1]], count) for i in range(count)])
    crowded = near[(rank == PARTNERS) & (likeness >= SAME)]
    return Pairs(cosine, burden, frozenset(crowded.tolist()))


def _meetings(batch: Vectors) -> tuple[Ints, Ints, Floats]:
    """All pairs of texts, the earlier first, that share a rare enough word, and how alike they are."""
    count = len(batch)
    order = np.argsort(batch.term, kind="stable")
    owner = np.repeat(np.arange(count), np.diff(batch.start))[order]
    posted = batch.weight[order]
    start = np.searchsorted(batch.term[order], np.arange(batch.terms + 1))
    rare = np.diff(start) <= COMMON
    ahead = start[:-1].copy()  # where the texts of each term that come after the present one begin
    dense = np.zeros(batch.terms)
    found: list[tuple[Ints, Ints, Floats]] = []
    for i in range(count):
        row = slice(batch.start[i], batch.start[i + 1])
        mine = batch.term[row]
        ahead[mine] += 1
        seeds = mine[rare[mine] & (ahead[mine] < start[mine + 1])]
        if not len(seeds):
            continue
        dense[mine] = batch.weight[row]
        lengths = start[seeds + 1] - ahead[seeds]
        cells = _cells(ahead[seeds], lengths)
        score = np.bincount(owner[cells] - i, posted[cells] * np.repeat(dense[seeds], lengths))
        partners = np.nonzero(score > GLIMPSE)[0]
        if len(partners) > 2 * PARTNERS:
            cut = np.partition(score[partners], -2 * PARTNERS)[-2 * PARTNERS]
            partners = partners[score[partners] >= cut]
        if not len(partners):
            dense[mine] = 0.0
            continue
        partners += i
        likeness = _likeness(batch, partners, dense)
        seen = likeness > UNKNOWN
        found.append((np.full(seen.sum(), i), partners[seen], likeness[seen]))
        dense[mine] = 0.0
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    one, other, value = zip(*found, strict=True)
    return np.concatenate(one), np.concatenate(other), np.concatenate(value)


def _likeness(batch: Vectors, texts: Ints, dense: Floats) -> Floats:
    """The cosines of some texts with the one whose vector is in `dense`, less what rests on a lone word."""
    lengths = batch.start[texts + 1] - batch.start[texts]
    first = np.cumsum(lengths) - lengths
    cells = _cells(batch.start[texts], lengths)
    shares = dense[batch.term[cells]] * batch.weight[cells]
    cosine = np.add.reduceat(shares, first)
    # The sum of the squared shares is 1 when one word makes the whole likeness (Herfindahl's index).
    lone = np.add.reduceat(shares * shares, first) / np.maximum(cosine * cosine, 1e-12)
    scaled: Floats = cosine * (1 - LONE * lone)
    return scaled


def _cells(start: Ints, lengths: Ints) -> Ints:
    """The numbers start, start + 1, ... of several rows of these lengths, one row after the other."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(start - ends + lengths, lengths)


def _burden(likeness: Floats, count: int) -> float:
    """What is taken from each likeness of a text with these partners, likeliest first, in a batch of `count`."""
    first, last = RANKS
    around = likeness[likeness < SAME][first:last]
    seen = max(len(around), min(last, count - 1) - min(first, count - 1))
    level = (around.sum() + UNKNOWN * (seen - len(around)) + USUAL * (last - first - seen)) / (last - first)
    return float(CONTRAST * (level - USUAL) / 2)  # the partner's burden takes the other half
