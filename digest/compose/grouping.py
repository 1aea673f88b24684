"""Grouping: which articles tell the same event, from their titles and opening words alone.

The batch itself says which words matter: a word weighs by its rarity in it (TF-IDF), words are compared by stem, and
pairs are looked for only where rare words meet (an inverted index), so that time and memory follow the number of
articles. Pairs are joined from the most alike down, by the mean likeness of all articles of both sides (average
linkage: Sokal & Michener 1958), so that one article between two events cannot tie them together.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from digest.text.stem import fold, stem

#: What is read of an article's text. More adds background, not the event.
OPENING: Final = 40
#: Two groups are one story from this mean likeness on (cosine, 0 to 1).
ALIKE: Final = 0.22
#: Pairs less alike than this count as not alike at all.
FAINT: Final = 0.06
#: Words in more articles than this do not make pairs, though they count in the likeness of pairs that others made.
COMMON: Final = 400
#: At most so many likeliest partners are kept an article.
PARTNERS: Final = 100

_TOKEN: Final = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]{2,})?")
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0eff]")


@dataclass(frozen=True, slots=True)
class Document:
    """What grouping needs of one article. `language` is a two-letter code or "" when unknown; `published` aware."""

    id: str
    title: str
    text: str = ""
    published: datetime | None = None
    language: str = ""
    url: str = ""


def cluster(documents: Sequence[Document]) -> list[list[int]]:
    """Positions of `documents` by story; each position exactly once, in order of first appearance.

    Languages are grouped apart.
    """
    by_language: defaultdict[str, list[int]] = defaultdict(list)
    for position, document in enumerate(documents):
        by_language[document.language].append(position)
    found = [
        [positions[i] for i in group]
        for positions in by_language.values()
        for group in _one_language([documents[p] for p in positions])
    ]
    return sorted(found)


def terms(document: Document) -> Counter[str]:
    """The document's words by stem, with their counts; two-character pieces where script has no spaces."""
    counts: Counter[str] = Counter()
    for part in (document.title, " ".join(document.text.split()[:OPENING])):
        for token in _TOKEN.findall(part):
            if _CJK.search(token):
                counts.update(token[i : i + 2] for i in range(max(1, len(token) - 1)))
            else:
                counts[stem(token, document.language)] += 1
    return counts


def _one_language(documents: Sequence[Document]) -> list[list[int]]:
    vectors = _vectors([terms(document) for document in documents])
    return _link(len(documents), _pairs(vectors))


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Unit vectors as rows (`start[i]:start[i+1]` of `term` and `weight`) and as columns (the inverted index)."""

    start: NDArray[np.int64]
    term: NDArray[np.int64]
    weight: NDArray[np.float64]
    terms: int


def _vectors(bags: Sequence[Counter[str]]) -> _Vectors:
    spread = Counter(word for bag in bags for word in bag)
    number = {word: i for i, word in enumerate(w for w, n in spread.items() if n > 1)}
    rarity = {w: math.log((1 + len(bags)) / (1 + spread[w])) + 1 for w in number}
    start, term, weight = [0], list[int](), list[float]()
    for bag in bags:
        row = {number[w]: (1 + math.log(n)) * rarity[w] for w, n in bag.items() if w in number}
        length = math.sqrt(sum(x * x for x in row.values())) or 1.0
        term.extend(row)
        weight.extend(x / length for x in row.values())
        start.append(len(term))
    return _Vectors(np.array(start), np.array(term, dtype=np.int64), np.array(weight), len(number))


def _pairs(vectors: _Vectors) -> dict[tuple[int, int], float]:
    """The cosine of every pair that shares a rare enough word and is more than faintly alike."""
    count = len(vectors.start) - 1
    order = np.argsort(vectors.term, kind="stable")
    owner = np.repeat(np.arange(count), np.diff(vectors.start))[order]
    posting = np.searchsorted(vectors.term[order], np.arange(vectors.terms + 1))
    by_term = vectors.weight[order]
    dense = np.zeros(vectors.terms)
    pairs: dict[tuple[int, int], float] = {}
    for i in range(count):
        row = slice(vectors.start[i], vectors.start[i + 1])
        spans = [(t, posting[t], posting[t + 1]) for t in vectors.term[row]]
        rare = [(t, a, b) for t, a, b in spans if b - a <= COMMON]
        if not rare:
            continue
        dense[vectors.term[row]] = vectors.weight[row]
        met = np.concatenate([owner[a:b] for _, a, b in rare])
        score = np.bincount(met, np.concatenate([by_term[a:b] * dense[t] for t, a, b in rare]), count)
        score[i] = 0.0
        partners = np.nonzero(score)[0]
        if len(partners) > PARTNERS:
            partners = partners[np.argpartition(-score[partners], PARTNERS)[:PARTNERS]]
        for j in partners:
            other = slice(vectors.start[j], vectors.start[j + 1])
            cosine = float(dense[vectors.term[other]] @ vectors.weight[other])
            if cosine >= FAINT:
                pairs[(i, int(j)) if i < j else (int(j), i)] = cosine
        dense[vectors.term[row]] = 0.0
    return pairs


def _link(count: int, pairs: dict[tuple[int, int], float]) -> list[list[int]]:
    """Join groups from the most alike down while the mean over all their pairs is at least ALIKE."""
    members = {i: [i] for i in range(count)}
    total: dict[int, dict[int, float]] = defaultdict(dict)
    for (i, j), likeness in pairs.items():
        total[i][j] = total[j][i] = likeness
    heap = [(-likeness, i, j) for (i, j), likeness in pairs.items() if likeness >= ALIKE]
    heapq.heapify(heap)
    fresh = count
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in members or j not in members:
            continue
        members[fresh] = members.pop(i) + members.pop(j)
        sums = Counter(total.pop(i))
        sums.update(total.pop(j))
        for k in (i, j):
            sums.pop(k, None)
        for k, value in sums.items():
            total[k].pop(i, None)
            total[k].pop(j, None)
            total[k][fresh] = value
            mean = value / (len(members[fresh]) * len(members[k]))
            if mean >= ALIKE:
                heapq.heappush(heap, (-mean, min(k, fresh), max(k, fresh)))
        total[fresh] = dict(sums)
        fresh += 1
    return sorted(sorted(group) for group in members.values())


__all__ = ["Document", "cluster", "fold", "terms"]
