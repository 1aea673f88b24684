"""Choose the lead of an article: whole sentences of its opening, with their offsets in the text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from digest.collect import lead_candidates
from digest.collect.lead_candidates import NO_STOP, LeadCandidate, Opening
from digest.text.words import words

Rung = Literal["page", "structured-data", "feed-summary", "title", "editor", "llm"]


@dataclass(frozen=True, slots=True)
class LeadSentence:
    """`article.text[start:end] == text`, always. Offsets are in characters (code points)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lead:
    """One to three whole sentences, and their source (`rung`). Empty if only the title is known."""

    sentences: tuple[LeadSentence, ...] = ()
    rung: Rung = "title"

    @property
    def text(self) -> str:
        """Return the sentences joined by a blank (none between CJK sentences)."""
        parts = [s.text for s in self.sentences]
        out = ""
        for part in parts:
            glue = "" if not out or out[-1] in "。！？」』）" else " "
            out += glue + part
        return out


# Weights of `features`, fitted with cross validation on articles and the standfirst of their newspaper; see
# tests/benchmarks/leads.py. They depend on no language.
WEIGHTS: tuple[float, ...] = (
    1.0,  # harmonic mean of the salience covered and the length needed
    0.11,  # share of the title's words that the lead contains
    0.025,  # length, as a multiple of the target length
    -0.065,  # excess over the target length
    -0.43,  # shortfall below half the target length
    -0.1,  # share of sentences that begin with a quotation
)
_START = 2  # maximum index of its first sentence; later sentences presuppose the earlier ones
_LONG = 60  # minimum width of a line without a full stop that is used if there is no sentence
_DECK = 0.35  # minimum share of the target length for a standfirst without a full stop; a shorter one is a subtitle
_CUT = ("…", "...", "[…]", "[...]", "(...)")
_GAP = 3  # maximum distance between two chosen sentences


def choose(
    text: str,
    title: str,
    language: str,
    *,
    sentences: int = 2,
    characters: int = 280,
    standfirst: str = "",
    rung: Rung = "page",
) -> Lead:
    """Return the best sentences of an article's opening, in their order, with their offsets in `text`.

    `sentences` (1 to 3) is the maximum number, `characters` the target length in Latin letters. Sentences of
    `standfirst`, the separate introduction, are preferred if `text` contains it. A text without a usable sentence gives
    an empty lead. Datelines are left out; so are sentences that repeat the title, ask a question, quote without naming
    the speaker, or depend on a sentence that is not chosen with them.
    """
    opening = lead_candidates.find_candidates(text, title, words(language))
    fits = _eligible(opening.candidates, text, standfirst, characters, rung)
    if not fits:
        return Lead()
    is_line = fits[0].rejection == NO_STOP and not standfirst
    most = 1 if is_line else min(max(sentences, 1), 3)
    compared = candidate_sets(fits, most) or [(fits[0],)]
    best = max(compared, key=lambda s: _score(s, opening, characters))
    return Lead(tuple(LeadSentence(text[c.start : c.end], c.start, c.end) for c in best), rung)


def _eligible(
    pool: Sequence[LeadCandidate], text: str, standfirst: str, characters: int, rung: Rung
) -> list[LeadCandidate]:
    """Return the sentences to choose from: those of the standfirst if it is long enough, else of the whole opening.

    A standfirst, a description or a feed's text may lack its last full stop, and the latter two may be truncated. A
    short standfirst without a full stop ("Three of them are in hospital") is a subtitle and depends on the title.
    """
    given = rung in ("structured-data", "feed-summary")
    at = text.find(standfirst) if standfirst else -1
    inside = [c for c in pool if 0 <= at <= c.start and c.end <= at + len(standfirst) and c.rejection in ("", NO_STOP)]
    length = sum(c.width for c in inside)
    if length >= characters * (_DECK if any(c.rejection for c in inside) else 0.2):
        return inside
    cut = len(text.rstrip()) if given and text.rstrip().endswith(_CUT) else -1
    usual = [c for c in pool if (not c.rejection or (given and c.rejection == NO_STOP)) and c.end != cut]
    return usual or [c for c in pool if c.rejection == NO_STOP and c.width >= _LONG and c.end != cut]


def candidate_sets(fits: Sequence[LeadCandidate], most: int) -> list[tuple[LeadCandidate, ...]]:
    """Return the sets of up to `most` sentences that stand alone; only those that begin early if there are any."""
    latest = max(_START, fits[0].index) if fits else 0
    sized = (combinations(fits, size) for size in range(1, most + 1))
    alone = [chosen for some in sized for chosen in some if _stands_alone(chosen)]
    return [chosen for chosen in alone if chosen[0].index <= latest] or alone


def _stands_alone(chosen: tuple[LeadCandidate, ...]) -> bool:
    """Return whether the sentences stand alone: each one that needs its previous or next sentence has it."""
    before = -2
    for place, c in enumerate(chosen):
        if c.needs_previous and c.index != before + 1:
            return False
        if before >= 0 and c.index - before > _GAP:
            return False
        if c.needs_next and (place + 1 == len(chosen) or chosen[place + 1].index != c.index + 1):
            return False
        before = c.index
    return True


def _score(chosen: tuple[LeadCandidate, ...], opening: Opening, characters: int) -> float:
    return sum(weight * value for weight, value in zip(WEIGHTS, features(chosen, opening, characters), strict=True))


def features(chosen: tuple[LeadCandidate, ...], opening: Opening, characters: int) -> tuple[float, ...]:
    """Return the values that the weights apply to, in their order."""
    count = len(chosen)
    length = sum(c.width for c in chosen) / characters
    covered = frozenset[str]().union(*(c.terms for c in chosen))
    room = characters / 17.5  # terms of a standfirst of the target length
    return (
        2 * sum(opening.salience.get(term, 0.0) for term in covered) / (len(covered) + room),
        len(covered & opening.title) / max(1, len(opening.title)),
        length,
        max(0.0, length - 1),
        max(0.0, 0.5 - length),
        sum(c.opens_with_quote for c in chosen) / count,
    )
