"""Denial: whether a sentence says no where its source says yes, or the other way round. Pure.

Nothing here understands a sentence. What stands near a word that denies (its scope: some words on either side) is
compared with what the sentence was made from. In doubt it counts as turned: the price is a lead in the article's own
words, which is no price.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.collect.salience import terms
from digest.compose.llm.lexicon import Wording, wording
from digest.text.sentence import sentences
from digest.text.words import Words, words

#: Carrying words on either side of a denial that belong to it.
SCOPE: Final = 3
#: Of them so many are what is denied.
FOCUS: Final = 2
#: A source sentence may have been drawn on when it shares so much of what the best one shares.
DRAWN_ON: Final = 0.5
_CLAUSE: Final = re.compile(r"[,;:–—()،，、；]")


@dataclass(frozen=True, slots=True)
class Denial:
    """A word that denies, by the words near it; `focus` are those that it most likely denies.

    They follow it, as 'raise taxes' in 'will not raise taxes next year'; where little follows in its clause they stand
    before it ('erhöht die Steuern nicht, sagte …', and Japanese, Korean and Turkish verbs).
    """

    scope: frozenset[str]
    focus: frozenset[str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence: the words that carry it (comparable), and its denials."""

    text: str
    terms: frozenset[str]
    denials: tuple[Denial, ...]
    clauses: tuple[frozenset[str], ...] = ()  # the words of each, where there are several


def known(language: str) -> bool:
    """Whether we know how this language says no."""
    return wording(language).negation is not None


def turned(answer: str, source: str, language: str) -> str:
    """What is wrong with the denials of `answer` as against `source`, in words; "" when nothing is.

    Added: a denial that the source does not make of the same thing. Dropped: the answer states what a sentence that it
    was made from denies.
    """
    made_from = statements(source, language)
    copied = {statement.text for statement in made_from}
    for statement in statements(answer, language):
        if statement.text in copied:
            continue  # the article's own sentence
        for denial in statement.denials:
            if not any(_same(denial.scope, other.scope) for s in made_from for other in s.denials):
                return "it denies what the article does not deny"
        for part in (statement.terms, *statement.clauses):  # a sentence may be made from several
            for drawn in _drawn_on(part, made_from):
                if any(_dropped(denial, part, statement) for denial in drawn.denials):
                    return "it leaves out a 'not' of the article"
    return ""


def statements(text: str, language: str) -> list[Statement]:
    """The sentences of a text, as far as denying goes."""
    plain, spoken, told = text.replace("’", "'"), wording(language), words(language)
    return [_statement(plain[start:end], spoken, told) for start, end in sentences(plain, language)]


def _statement(sentence: str, spoken: Wording, told: Words) -> Statement:
    assert spoken.negation is not None  # asked before
    carried: list[str] = []
    at: list[tuple[int, int]] = []  # so many words before a denial, and after it in its clause
    last = 0
    for match in spoken.negation.finditer(sentence):
        carried += [t.term for t in terms(sentence[last : match.start()], told)]
        clause = _CLAUSE.split(sentence[match.end() : match.end() + 200], maxsplit=1)[0]
        at.append((len(carried), len(terms(clause, told))))
        last = match.end()
    carried += [t.term for t in terms(sentence[last:], told)]
    denials = []
    for place, follow in at:
        before, after = carried[max(0, place - SCOPE) : place], carried[place : place + SCOPE]
        focus = after[: min(follow, FOCUS)]
        focus += before if len(focus) < FOCUS else []
        denials.append(Denial(frozenset(before + after), frozenset(focus)))
    clauses = [frozenset(t.term for t in terms(clause, told)) for clause in _CLAUSE.split(sentence)]
    return Statement(
        " ".join(sentence.split()), frozenset(carried), tuple(denials), tuple(clauses) if len(clauses) > 1 else ()
    )


def _same(scope: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two denials are of one thing: they share two words of their scopes, or all there are."""
    return len(scope & other) >= max(1, min(2, len(scope), len(other)))


def _drawn_on(said: frozenset[str], made_from: Sequence[Statement]) -> list[Statement]:
    """The sentences of the source that these words may have been made from: those that share most with them."""
    shared = [len(said & s.terms) for s in made_from]
    best = max(shared, default=0)
    return [s for s, count in zip(made_from, shared, strict=True) if count and count >= DRAWN_ON * best]


def _dropped(denial: Denial, said: frozenset[str], statement: Statement) -> bool:
    """Whether these words of a statement name what is denied here, while it denies nothing of it."""
    scope, named = denial.scope, denial.scope & said
    stated = len(named) >= max(1, min(2, len(scope))) and bool(denial.focus & named)
    return stated and not any(scope & other.scope for other in statement.denials)
