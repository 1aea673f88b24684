"""Negation: whether a sentence denies what its source states, or the other way round. Pure.

The words near a negating word (its scope) are compared with the sentences that the answer was made from. Doubt counts
as a reversal: the only cost is the extracted lead instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from digest.collect.salience import terms
from digest.compose.llm.lexicon import Lexicon, lexicon_of
from digest.text.sentence import sentences
from digest.text.words import Words, words

#: Number of content words on either side of a negation that form its scope.
SCOPE: Final = 3
#: Number of them that are most likely negated.
FOCUS: Final = 2
#: A source sentence counts as used when it shares this fraction of what the best one shares.
USED_SHARE: Final = 0.5
_CLAUSE: Final = re.compile(r"[,;:–—()،，、；]")


@dataclass(frozen=True, slots=True)
class Negation:
    """A negation with the words near it; `focus` are those that it most likely negates.

    They follow it, as 'raise taxes' in 'will not raise taxes next year'; where little follows in its clause they
    precede it ('erhöht die Steuern nicht, sagte …', and Japanese, Korean and Turkish verbs).
    """

    scope: frozenset[str]
    focus: frozenset[str]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence: the stems of its content words, and its negations."""

    text: str
    terms: frozenset[str]
    negations: tuple[Negation, ...]
    clauses: tuple[frozenset[str], ...] = ()  # the stems of each clause, if there are several


def known(language: str) -> bool:
    """Return whether the lexicon has the negation of this language."""
    return lexicon_of(language).negation is not None


def reversal(answer: str, source: str, language: str) -> str:
    """Return how the negations of `answer` differ from `source`; "" when they do not.

    Added: the source does not negate the same thing. Dropped: the answer states what a sentence that it was made from
    negates.
    """
    statements_used = statements(source, language)
    copied = {statement.text for statement in statements_used}
    for statement in statements(answer, language):
        if statement.text in copied:
            continue  # a sentence of the article itself
        for negation in statement.negations:
            if not any(_same(negation.scope, other.scope) for s in statements_used for other in s.negations):
                return "it denies what the article does not deny"
        for part in (statement.terms, *statement.clauses):  # one sentence may be made from several
            for drawn in _used_statements(part, statements_used):
                if any(_dropped(negation, part, statement) for negation in drawn.negations):
                    return "it leaves out a 'not' of the article"
    return ""


def statements(text: str, language: str) -> list[Statement]:
    """Return the sentences of a text with their negations."""
    plain, lexicon, table = text.replace("’", "'"), lexicon_of(language), words(language)
    return [_statement(plain[start:end], lexicon, table) for start, end in sentences(plain, language)]


def _statement(sentence: str, lexicon: Lexicon, table: Words) -> Statement:
    assert lexicon.negation is not None  # the caller checked `known`
    carried: list[str] = []
    at: list[tuple[int, int]] = []  # the number of words before a negation, and after it in its clause
    last = 0
    for match in lexicon.negation.finditer(sentence):
        carried += [t.term for t in terms(sentence[last : match.start()], table)]
        clause = _CLAUSE.split(sentence[match.end() : match.end() + 200], maxsplit=1)[0]
        at.append((len(carried), len(terms(clause, table))))
        last = match.end()
    carried += [t.term for t in terms(sentence[last:], table)]
    negations = []
    for place, follow in at:
        before, after = carried[max(0, place - SCOPE) : place], carried[place : place + SCOPE]
        focus = after[: min(follow, FOCUS)]
        focus += before if len(focus) < FOCUS else []
        negations.append(Negation(frozenset(before + after), frozenset(focus)))
    clauses = [frozenset(t.term for t in terms(clause, table)) for clause in _CLAUSE.split(sentence)]
    return Statement(
        " ".join(sentence.split()), frozenset(carried), tuple(negations), tuple(clauses) if len(clauses) > 1 else ()
    )


def _same(scope: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two negations are of one thing: they share two words of their scopes, or all that exist."""
    return len(scope & other) >= max(1, min(2, len(scope), len(other)))


def _used_statements(stems: frozenset[str], statements_used: Sequence[Statement]) -> list[Statement]:
    """Return the source sentences that share most with these words."""
    shared = [len(stems & s.terms) for s in statements_used]
    best = max(shared, default=0)
    return [s for s, count in zip(statements_used, shared, strict=True) if count and count >= USED_SHARE * best]


def _dropped(negation: Negation, stems: frozenset[str], statement: Statement) -> bool:
    """Return whether these words of a statement name the thing negated here without negating it."""
    scope, named = negation.scope, negation.scope & stems
    stated = len(named) >= max(1, min(2, len(scope))) and bool(negation.focus & named)
    return stated and not any(scope & other.scope for other in statement.negations)
