"""Lead: the opening that a digest shows, as whole sentences with their exact place in the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from digest.collect import lead_candidates
from digest.collect.lead_candidates import NO_STOP, Candidate, Opening
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
    """One to three whole sentences, and the rung of the ladder they came from. Empty when only the title is known."""

    sentences: tuple[LeadSentence, ...] = ()
    rung: Rung = "title"

    @property
    def text(self) -> str:
        """The sentences joined by a blank (none between CJK sentences)."""
        parts = [s.text for s in self.sentences]
        out = ""
        for part in parts:
            glue = "" if not out or out[-1] in "。！？」』）" else " "
            out += glue + part
        return out


# What a set of sentences is worth. Fitted with cross validation on articles and the standfirst their newspaper wrote;
# see tests/benchmarks/leads.py. Few, and none of them knows a language.
WEIGHTS: tuple[float, ...] = (
    1.0,  # harmonic mean of the salience caught and the room it takes
    0.11,  # the share of the title's words that come back: what it promises is told
    0.025,  # length, in shares of the wanted length
    -0.065,  # ... what of it is over
    -0.43,  # ... what is missing to half of it
    -0.1,  # the share of sentences that begin with a quotation
)
_START = 2  # sentences that may stand before it; what comes later was written for who has read these
_LONG = 60  # width from which a line without a stop is taken for a sentence, when there is nothing better
_DECK = 0.35  # of the wanted length: a standfirst without a stop that is shorter is a second headline, not a lead
_CUT = ("…", "...", "[…]", "[...]", "(...)")
_GAP = 3  # sentences between two chosen ones at most, so that the lead reads as one piece


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
    """The best sentences of an article's opening, in their order, with their offsets in `text`.

    `sentences` (1 to 3) is how many at most, `characters` the length aimed at, in Latin letters. `standfirst` is the
    introduction that the page sets apart, when it stands in `text`: its sentences are preferred to all others. A text
    without a single usable sentence gives an empty lead. Datelines are left out; so are sentences that repeat the
    title, ask a question, quote without naming the speaker, or need a sentence that is not chosen with them.
    """
    read = lead_candidates.read(text, title, words(language))
    fits = _fits(read.candidates, text, standfirst, characters, rung)
    if not fits:
        return Lead()
    most = 1 if fits[0].unfit == NO_STOP and not standfirst else min(max(sentences, 1), 3)  # lines do not make a text
    compared = sets(fits, most) or [(fits[0],)]
    best = max(compared, key=lambda s: _worth(s, read, characters))
    return Lead(tuple(LeadSentence(text[c.start : c.end], c.start, c.end) for c in best), rung)


def _fits(pool: Sequence[Candidate], text: str, standfirst: str, characters: int, rung: Rung) -> list[Candidate]:
    """The sentences to choose from: those of the standfirst, if it has enough to say, else of the whole opening.

    A standfirst, a description or a feed's text may do without a last stop, and the latter two may be cut short. A
    short standfirst without a stop ("Three of them are in hospital") leans on the title, as a second headline does.
    """
    given = rung in ("structured-data", "feed-summary")
    at = text.find(standfirst) if standfirst else -1
    inside = [c for c in pool if 0 <= at <= c.start and c.end <= at + len(standfirst) and c.unfit in ("", NO_STOP)]
    told = sum(c.width for c in inside)
    if told >= characters * (_DECK if any(c.unfit for c in inside) else 0.2):
        return inside
    cut = len(text.rstrip()) if given and text.rstrip().endswith(_CUT) else -1
    usual = [c for c in pool if (not c.unfit or (given and c.unfit == NO_STOP)) and c.end != cut]
    return usual or [c for c in pool if c.unfit == NO_STOP and c.width >= _LONG and c.end != cut]


def sets(fits: Sequence[Candidate], most: int) -> list[tuple[Candidate, ...]]:
    """The sets of up to `most` sentences that stand alone, of those that begin early if there are any."""
    latest = max(_START, fits[0].index) if fits else 0
    sized = (combinations(fits, size) for size in range(1, most + 1))
    alone = [chosen for some in sized for chosen in some if _holds(chosen)]
    return [chosen for chosen in alone if chosen[0].index <= latest] or alone


def _holds(chosen: tuple[Candidate, ...]) -> bool:
    """Whether the sentences stand alone: what points back or leaves a quotation open has its neighbour beside it."""
    before = -2
    for place, c in enumerate(chosen):
        if c.back and c.index != before + 1:
            return False
        if before >= 0 and c.index - before > _GAP:
            return False
        if c.ahead and (place + 1 == len(chosen) or chosen[place + 1].index != c.index + 1):
            return False
        before = c.index
    return True


def _worth(chosen: tuple[Candidate, ...], read: Opening, characters: int) -> float:
    return sum(weight * value for weight, value in zip(WEIGHTS, measure(chosen, read, characters), strict=True))


def measure(chosen: tuple[Candidate, ...], read: Opening, characters: int) -> tuple[float, ...]:
    """What the weights apply to, in their order."""
    count = len(chosen)
    length = sum(c.width for c in chosen) / characters
    caught = frozenset[str]().union(*(c.terms for c in chosen))
    room = characters / 17.5  # terms of a standfirst of that length
    return (
        2 * sum(read.salience.get(term, 0.0) for term in caught) / (len(caught) + room),
        len(caught & read.title) / max(1, len(read.title)),
        length,
        max(0.0, length - 1),
        max(0.0, 0.5 - length),
        sum(c.speaks for c in chosen) / count,
    )
