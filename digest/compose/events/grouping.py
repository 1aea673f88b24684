"""Grouping: which articles tell the same event, from their titles and opening words alone, whatever the language.

Copies of one agency text are put together first and count once. Then texts are compared by the words they share
(`likeness`), contradictions are held against them (`evidence`), and groups grow from the most alike pairs (`linkage`).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from digest.compose.events.backing import with_evidence
from digest.compose.events.contradiction import contradiction, facts
from digest.compose.events.linkage import ALIKE, attach, link
from digest.compose.events.outlet_style import apart, habits, heading, outlet, without_habits
from digest.compose.events.prior import FUNCTION, OTHER, PRIOR, table
from digest.compose.events.similarity import Pairs, Vectors, pairs, vectors
from digest.compose.events.terms import UNSPACED, tokens
from digest.text.stem import fold, stem
from digest.text.token import letters
from digest.text.words import primary, words

#: What is read of an article's text, in words. More adds background, not the event.
OPENING: Final = 60
#: A word in the title counts as so many in the text.
TITLE: Final = 1.75
#: A text that has this part of its word runs in common with another's is its copy.
COPY: Final = 0.6
#: Length of those runs in words; a text of fewer than RUN of them is nobody's copy.
RUN: Final = 4
#: Copies are looked for where a run begins with a word longer than this.
LONG: Final = 6
#: So many texts at most are remembered a run: what more of them have is a phrase of the trade, not a copy.
HOLDERS: Final = 20


@dataclass(frozen=True, slots=True)
class Document:
    """What grouping needs of one article. `language` is a BCP 47 tag or "" when unknown; `published` aware.

    `outlet` is who published it; "" leaves that to the host of its `url`.
    """

    id: str
    title: str
    text: str = ""
    published: datetime | None = None
    language: str = ""
    url: str = ""
    outlet: str = ""


def cluster(documents: Sequence[Document]) -> list[list[int]]:
    """Positions of `documents` by story; each position exactly once, in order of first appearance.

    Languages are grouped apart; a document without one is asked for it by its text. The order in which documents come
    does not matter: they are taken as they were published, and equals by their words.
    """
    by_language: defaultdict[str, list[int]] = defaultdict(list)
    for position in sorted(range(len(documents)), key=lambda position: _first(documents[position])):
        by_language[_language(documents[position])].append(position)
    return sorted(
        sorted(positions[i] for i in group)
        for language, positions in by_language.items()
        for group in _one_language([documents[p] for p in positions], language)
    )


def _first(document: Document) -> tuple[float, int, str, str, str]:
    """Earlier before later, and whole texts before their cut copies."""
    published = document.published.timestamp() if document.published else math.inf
    return published, -len(document.text), document.title, document.text, document.id


def opening(document: Document) -> str:
    """The part of the text that is read."""
    if UNSPACED.search(document.text[:200]):
        return document.text[: 3 * OPENING]
    return " ".join(document.text.split(maxsplit=OPENING)[:OPENING])


def terms(document: Document) -> Counter[str]:
    """The document's words by stem with their counts, title and opening alike."""
    language = _language(document)
    return Counter(stem(t, language) for t in tokens(f"{document.title} {opening(document)}"))


def centrality(documents: Sequence[Document]) -> list[float]:
    """How much each of one event's documents tells of what the others tell too, 0 to 1 for the one that tells most.

    A report names the event in its title and opening; a reaction, a portrait or a question beside it shares less. Two
    alone are equally central.
    """
    if len(documents) < 3:
        return [1.0] * len(documents)
    bags = [_topical(document) for document in documents]
    holders = Counter(term for bag in bags for term in bag)
    whole = _against_most([_shared(bag, holders) for bag in bags])
    title = _against_most([_shared(_topical(replace(document, text="")), holders) for document in documents])
    return [(a + b) / 2 for a, b in zip(whole, title, strict=True)]


def _topical(document: Document) -> Set[str]:
    return terms(document).keys() - _table(_language(document))


def _shared(bag: Set[str], holders: Mapping[str, int]) -> float:
    """With how many others a term of the bag is shared, on average."""
    return sum(holders[term] - 1 for term in bag) / max(len(bag), 1)


def _against_most(values: Sequence[float]) -> list[float]:
    most = max(values) or 1.0
    return [value / most for value in values]


def copies(texts: Sequence[str]) -> list[int]:
    """For each text the position of the first one it copies, word for word or nearly; its own when it is original."""
    first: list[int] = []
    plain = [tokens(fold(text)) for text in texts]
    holders: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, text in enumerate(plain):
        sample = [run for run in _runs(text) if _telling(run[0])]
        likely = sorted({holder for run in sample for holder in holders[run]})
        found = next((holder for holder in likely if _is_copy(text, plain[holder])), None)
        first.append(position if found is None else found)
        if found is None:
            for run in sample:
                if len(holders[run]) < HOLDERS:
                    holders[run].append(position)
    return first


def match(groups: Sequence[Sequence[Document]], singles: Sequence[Document], enough: float = ALIKE) -> list[int | None]:
    """For each of `singles` the one group of articles that tells its event; None where none is alike `enough`.

    The groups are taken for different events, so a single belongs to the likeliest one alone.
    """
    documents = [*singles, *(document for group in groups for document in group)]
    owner = [None] * len(singles) + [number for number, group in enumerate(groups) for _ in group]
    by_language: defaultdict[str, list[int]] = defaultdict(list)
    for position, document in enumerate(documents):
        by_language[_language(document)].append(position)
    found: list[int | None] = [None] * len(singles)
    for language, positions in by_language.items():
        inside: defaultdict[int, list[int]] = defaultdict(list)
        for i, position in enumerate(positions):
            if (number := owner[position]) is not None:
                inside[number].append(i)
        alone = [i for i, position in enumerate(positions) if owner[position] is None]
        known = _compared([documents[p] for p in positions], language)[1]
        for i, place in zip(alone, attach(known, list(inside.values()), alone, enough), strict=True):
            found[positions[i]] = None if place is None else list(inside)[place]
    return found


def _runs(text: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(text[i:] for i in range(RUN)), strict=False))


def _telling(word: str) -> bool:
    """Runs that begin so are a sample that two copies have in common, whatever was cut before it."""
    return len(word) > LONG or bool(len(word) == 2 and not word.isascii() and UNSPACED.match(word))


def _is_copy(text: Sequence[str], other: Sequence[str]) -> bool:
    """Whether most of the text is the other's; a cut copy is a copy, so the part is of the text's own runs."""
    runs = set(_runs(text))
    return len(runs) >= RUN and len(runs.intersection(_runs(other))) >= COPY * len(runs)


def _same_text(one: str, other: str) -> bool:
    first, second = tokens(fold(one)), tokens(fold(other))
    return first == second or _is_copy(first, second) or _is_copy(second, first)


def _one_language(documents: Sequence[Document], language: str) -> list[list[int]]:
    original = copies([opening(document) for document in documents])
    kept = [i for i, first in enumerate(original) if i == first]
    batch, known = _compared([documents[i] for i in kept], language)
    followers: defaultdict[int, list[int]] = defaultdict(list)
    for i, leader in enumerate(original):
        followers[leader].append(i)
    texts = [(documents[i].title, opening(documents[i])) for i in kept]
    linked = with_evidence(link(len(kept), known, batch), texts, language, known.cosine)
    return [[i for member in group for i in followers[kept[member]]] for group in linked]


def _compared(documents: Sequence[Document], language: str) -> tuple[Vectors, Pairs]:
    """The vectors of documents in one language, and their pairs less their outlets' habits and contradictions."""
    bags, stated, read = [], [], []
    for document in documents:
        text = opening(document)
        parts = tokens(document.title), tokens(text)
        roots = [[stem(token, language) for token in part] for part in parts]
        bag: defaultdict[str, float] = defaultdict(float)
        for part, weight in zip(roots, (TITLE, 1.0), strict=True):
            for root in part:
                bag[root] += weight
        bags.append(bag)
        read.append(roots)
        stated.append(facts(f"{document.title} . {text}", [*parts[0], *parts[1]], language, document.published))
    size = len(bags)
    prior = _prior(language, bags)

    def share(word: str, texts: int) -> float:
        usual = prior.get(word, OTHER)
        return (PRIOR * (usual if usual >= FUNCTION else OTHER) + texts) / (PRIOR + size)

    batch = vectors(bags, share)
    known = pairs(batch)
    outlets = [document.outlet or outlet(document.url) for document in documents]
    told = without_habits(known.cosine, outlets, habits(read, outlets), batch)
    headings = [
        (outlet, heading(tokens(document.title), language)) for outlet, document in zip(outlets, documents, strict=True)
    ]

    def column(i: int, j: int) -> bool:
        same = headings[i] == headings[j] and all(headings[i]) and apart(stated[i].day, stated[j].day)
        return same and not _same_text(opening(documents[i]), opening(documents[j]))

    argued = {
        (i, j): 0.0 if column(i, j) else value - contradiction(stated[i], stated[j]) for (i, j), value in told.items()
    }
    return batch, Pairs(argued, known.burden, known.crowded)


def _language(document: Document) -> str:
    if document.language:
        return primary(document.language)
    from digest.text.language import detect

    return primary(detect(f"{document.title}\n{opening(document)}"))


def _prior(language: str, bags: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    """Words with their usual shares; for a language we have no table of, its very short words are function words."""
    if known := table(language):
        return known
    return {word: FUNCTION for bag in bags for word in bag if _short(word)}


def _short(word: str) -> bool:
    """Whether a word is so short that in most languages it only ties others together."""
    plain = letters(word)
    if not plain.isalpha() or UNSPACED.match(word):
        return False
    return len(plain) < (4 if plain.isascii() else 3)


@lru_cache(maxsize=64)
def _table(language: str) -> frozenset[str]:
    table = words(language)
    return frozenset(stem(word, language) for word in table.function | table.anaphora)
