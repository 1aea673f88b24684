"""The opening of an article: its first sentences, and what makes each fit or unfit to stand in a lead."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from digest.collect import dateline
from digest.collect.salience import likelihood, terms
from digest.text.sentence import sentences
from digest.text.words import Words

_READ = 6000  # characters; what an article is about shows in its first thousand words
_SENTENCES = 8  # of the opening are considered; later ones tell details
_SHORTEST = 25  # width of a sentence that can stand in a lead
_STOPLESS = frozenset({"th", "lo", "km"})  # their sentences end with a blank

_STOPS = ".!?…。！？｡؟۔।॥։"
_CLOSERS = "\"'”’»›)]}」』】）〉》“«\u00a0\u202f "
_PAIRS = {"«": "»", "»": "«", "“": "”“", "„": "“”", "”": "”", "「": "」", "『": "』", "‹": "›", "›": "‹", '"': '"'}
_NOISE = re.compile(r"https?://|www\.|\bpic\.twitter|[#@]\w+ [#@]\w+|\.{5}")
_BULLET = re.compile(r"[-–—•*·▪●►→]\s|\d{1,2}[.)]\s")
_FIRST = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_TOKEN = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff60]")
_APOSTROPHE = str.maketrans({"’": "'", "\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the opening. `start` and `end` are its place in the article, after a dateline.

    `back` says that it points to the sentence before it, by a pronoun, a connective or a quotation left open; `ahead`
    that it leaves a quotation open itself. `unfit` is the reason why it can be no part of a lead, or "".
    """

    index: int
    start: int
    end: int
    width: float
    terms: frozenset[str]
    back: bool
    ahead: bool
    speaks: bool  # begins with a quotation
    unfit: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The candidates in order, the salience of every term of the article (0 to 1), and the terms of its title."""

    candidates: tuple[Candidate, ...]
    salience: dict[str, float]
    title: frozenset[str]


def width(text: str) -> float:
    """Length in Latin letters: a letter of China, Japan or Korea says what two and a half of them say."""
    return len(text) + 1.5 * len(_WIDE.findall(text))


def read(text: str, title: str, table: Words) -> Opening:
    """Judge the first sentences of an article."""
    spans = sentences(text[:_READ], table.language)
    if len(text) > _READ and len(spans) > 1:
        spans.pop()  # cut short
    title_terms = frozenset(terms(title, table))
    found: list[Candidate] = []
    quotation, last = "", -1
    for start, end in spans[: _SENTENCES + 4]:
        begins = last < 0 or "\n" in text[last:start]
        last = end
        if begins:
            quotation = ""
            place = dateline.find(text, start)
            start = place.end if place and place.end < end else start
        sentence = text[start:end]
        inside, quotation = quotation, _quotation(sentence, quotation)
        opening = " ".join(_FIRST.findall(sentence[:60].lower().translate(_APOSTROPHE))[:5])
        found.append(
            Candidate(
                index=len(found),
                start=start,
                end=end,
                width=width(sentence),
                terms=frozenset(terms(sentence, table)),
                back=bool(inside)
                or _points_back(opening, title_terms, table)
                or (
                    sentence[0] in _PAIRS
                    and not table.pronouns.isdisjoint(_TOKEN.findall(_outside(sentence, "").lower()))
                ),
                ahead=bool(quotation),
                speaks=sentence[0] in _PAIRS,
                unfit="",
            )
        )
        reason = _unfit(sentence, found[-1], opening, inside, title_terms, table)
        found[-1] = replace(found[-1], unfit=reason)
        if sum(not c.unfit for c in found) == _SENTENCES:
            break
    return Opening(tuple(found), likelihood([text[a:b] for a, b in spans], title, table), title_terms)


def _quotation(sentence: str, opened: str) -> str:
    """The quotation mark that is still open after the sentence, given the one open before it; "" for none."""
    for at, char in enumerate(sentence):
        if char not in _PAIRS:
            continue
        if opened:
            opened = "" if char in _PAIRS[opened] else opened
        elif not (sentence[at - 1 : at].strip() and char in '"”»' and not sentence[at + 1 : at + 2].isalnum()):
            opened = char  # a closing mark after a letter closes what began unseen
    return opened


def _points_back(opening: str, title: frozenset[str], table: Words) -> bool:
    """Whether the first words ask for the sentence before: 'Il', 'However', 'En revanche'.

    'Cette réforme' does not where the title names the reform.
    """
    if any(opening.startswith(words) for words in table.free):
        return False
    if any(opening == words or opening.startswith(words + " ") for words in table.links):
        return True
    if table.unspaced:
        return opening.startswith(tuple(table.anaphora))
    first, _, rest = opening.partition(" ")
    if first in table.demonstratives:
        return not title.intersection(terms(" ".join(rest.split()[:2]), table))
    return first in table.anaphora or first in table.pronouns


def _unfit(sentence: str, found: Candidate, opening: str, inside: str, title: frozenset[str], table: Words) -> str:
    """Why the sentence can be no part of a lead, or ""."""
    bare = sentence.rstrip(_CLOSERS)
    if found.width < _SHORTEST or not found.terms or _BULLET.match(sentence):
        return "no sentence"
    if bare[-1:] not in _STOPS and table.language not in _STOPLESS:
        return "no sentence"
    if bare[-1:] in "?？؟":
        return "question"
    if _NOISE.search(sentence) or any(opening.startswith(words) for words in table.page):
        return "about the page"
    if len(found.terms - title) * 5 <= len(found.terms) and len(found.terms) <= len(title) + 2:
        return "repeats the title"
    if (found.speaks or inside) and sum(map(str.isalpha, _outside(sentence, inside))) < 12:
        return "quotation without its speaker"
    return ""


def _outside(sentence: str, inside: str) -> str:
    """What stands outside quotation marks."""
    kept, opened = [], inside
    for char in sentence:
        if char in _PAIRS:
            opened = "" if opened and char in _PAIRS[opened] else opened or char
        elif not opened:
            kept.append(char)
    return "".join(kept)
