"""Denial: whether a sentence says no where its source says yes, or the other way round. Pure.

Nothing here understands a sentence. What stands near a word that denies (its scope: some words on either side) is
compared with what the sentence was made from. In doubt it counts as turned: the price is a lead in the article's own
words, which is no price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.collect.salience import terms
from digest.compose.wording import Wording, wording
from digest.text.sentence import sentences
from digest.text.words import Words, words

#: Carrying words on either side of a denial that belong to it.
SCOPE: Final = 3
#: A source sentence may have been drawn on when it shares so much of what the best one shares.
DRAWN_ON: Final = 0.5


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence: the words that carry it (comparable), and the scope of each of its denials."""

    terms: frozenset[str]
    denials: tuple[frozenset[str], ...]


def known(language: str) -> bool:
    """Whether we know how this language says no."""
    return wording(language).negation is not None


def turned(answer: str, source: str, language: str) -> str:
    """What is wrong with the denials of `answer` as against `source`, in words; "" when nothing is.

    Added: a denial that the source does not make of the same thing. Dropped: the answer states what a sentence that it
    was made from denies.
    """
    made_from = statements(source, language)
    for statement in statements(answer, language):
        for scope in statement.denials:
            if not any(_same(scope, other) for s in made_from for other in s.denials):
                return "it denies what the article does not deny"
        for drawn in _drawn_on(statement, made_from):
            if any(_dropped(scope, statement) for scope in drawn.denials):
                return "it leaves out a 'not' of the article"
    return ""


def statements(text: str, language: str) -> list[Statement]:
    """The sentences of a text, as far as denying goes."""
    plain, spoken, told = text.replace("’", "'"), wording(language), words(language)
    return [_statement(plain[start:end], spoken, told) for start, end in sentences(plain, language)]


def _statement(sentence: str, spoken: Wording, told: Words) -> Statement:
    assert spoken.negation is not None  # asked before
    carried: list[str] = []
    at: list[int] = []
    last = 0
    for match in spoken.negation.finditer(sentence):
        carried += [t.term for t in terms(sentence[last : match.start()], told)]
        at.append(len(carried))
        last = match.end()
    carried += [t.term for t in terms(sentence[last:], told)]
    scopes = tuple(frozenset(carried[max(0, place - SCOPE) : place + SCOPE]) for place in at)
    return Statement(frozenset(carried), scopes)


def _same(scope: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two denials are of one thing: they share two words of their scopes, or all there are."""
    return len(scope & other) >= max(1, min(2, len(scope), len(other)))


def _drawn_on(statement: Statement, made_from: Sequence[Statement]) -> list[Statement]:
    """The sentences of the source that a statement may have been made from: those that share most with it."""
    shared = [len(statement.terms & s.terms) for s in made_from]
    best = max(shared, default=0)
    return [s for s, count in zip(made_from, shared, strict=True) if count and count >= DRAWN_ON * best]


def _dropped(scope: frozenset[str], statement: Statement) -> bool:
    """Whether the statement names what this scope denies, and denies nothing of it."""
    named = len(scope & statement.terms) >= max(1, min(2, len(scope)))
    return named and not any(scope & denied for denied in statement.denials)
