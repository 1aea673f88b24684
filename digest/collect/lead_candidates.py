"""Find the candidates for a lead: the first sentences of an article, and why each can or cannot be part of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.collect import dateline
from digest.collect.salience import likelihood, terms
from digest.text.sentence import sentences
from digest.text.words import Words

_READ = 6000  # characters; an article states its topic in its first thousand words
_SENTENCES = 8  # usable sentences that are considered; later ones give details
_SHORTEST = 25  # minimum width of a sentence in a lead
_STOPLESS = frozenset({"th", "lo", "km"})  # languages whose sentences end with a blank

NO_STOP = "no stop"  # a heading or caption, unless its context says otherwise
_STOPS = ".!?…。！？｡؟۔।॥։"
_CLOSERS = "\"'”’»›)]}」』】）〉》“«\u00a0\u202f "
_PAIRS = {"«": "»", "»": "«", "“": "”“", "„": "“”", "”": "”", "「": "」", "『": "』", "‹": "›", "›": "‹", '"': '"'}
_QUOTE = re.compile("[" + "".join(_PAIRS) + "]")
_NOISE = re.compile(r"https?://|www\.|\bpic\.twitter|[#@]\w+ [#@]\w+|\.{5}")
_CLOSED = re.compile(r"[)）\]】]")
_CELL = " | "  # between the cells of a table
_ASKED = re.compile(r"^[^\n]{1,250}[?？؟]$", re.MULTILINE)
_QUESTIONS = 2  # minimum question lines of an interview, whose answers depend on them
_COLON = re.compile("[:：】]")
_LABEL = 40  # maximum characters of a label with its colon
_BULLET = re.compile(r"[-–—•*·▪●►→]\s|\d{1,2}[.)]\s")
_FIRST = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_TOKEN = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff60]")


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A sentence of the opening. `start` and `end` are its offsets in the article, after a dateline.

    `needs_previous` is True if it refers to the previous sentence by a pronoun, a connective or an open quotation;
    `needs_next` if it leaves a quotation open. `rejection` is the reason why it cannot be part of a lead, or "".
    """

    index: int
    start: int
    end: int
    width: float
    terms: frozenset[str]
    needs_previous: bool
    needs_next: bool
    opens_with_quote: bool  # begins with a quotation
    rejection: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The candidates in order, the salience of every term of the article (0 to 1), and the terms of the title."""

    candidates: tuple[LeadCandidate, ...]
    salience: dict[str, float]
    title: frozenset[str]


def width(text: str) -> float:
    """Return the length in Latin letters; a Chinese, Japanese or Korean character counts for two and a half."""
    return len(text) + 1.5 * len(_WIDE.findall(text))


def find_candidates(text: str, title: str, table: Words) -> Opening:
    """Return the candidates among the first sentences of an article."""
    spans = _within_lines(text, sentences(text[:_READ], table.language))
    if len(text) > _READ and len(spans) > 1:
        spans.pop()  # truncated
    sentence_terms = [terms(text[start:end], table) for start, end in spans]
    title_terms = frozenset(t.term for t in terms(title, table))
    candidates: list[LeadCandidate] = []
    quotation, last, note, answer, fit = "", -1, False, False, 0
    interview = len(_ASKED.findall(text[:_READ])) >= _QUESTIONS
    for (start, end), some_terms in zip(spans, sentence_terms, strict=True):
        if last < 0 or "\n" in text[last:start]:
            quotation, note = "", False
            answer = interview and bool(candidates) and candidates[-1].rejection == "question"
        begin = _after_dateline(text, start, end) if last < 0 or "\n" in text[last:start] else start
        last = end
        sentence = text[begin:end]
        subject = _Subject(sentence, quotation, frozenset(t.term for t in some_terms), title_terms, table)
        note = note or subject.is_note()
        quotation, stray = _quotation(sentence, quotation)
        candidates.append(
            LeadCandidate(
                index=len(candidates),
                start=begin,
                end=end,
                width=width(sentence),
                terms=subject.terms,
                needs_previous=stray or answer or subject.points_back(),
                needs_next=bool(quotation),
                opens_with_quote=sentence[0] in _PAIRS,
                rejection="about the page" if note else subject.rejection(),
            )
        )
        fit += not candidates[-1].rejection
        if fit == _SENTENCES or (fit and len(candidates) >= _SENTENCES + 4):
            break
    return Opening(tuple(candidates), likelihood(sentence_terms, title_terms), title_terms)


def _within_lines(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sentences split at line breaks: list items may have no full stop."""
    out: list[tuple[int, int]] = []
    for start, end in spans:
        if "\n" not in text[start:end]:
            out.append((start, end))
            continue
        at = start
        for line in text[start:end].split("\n"):
            bare = line.strip()
            if len(bare) >= _SHORTEST or ("\u3040" <= bare[:1] <= "\uffdc"):
                begin = at + line.index(bare)
                out.append((begin, begin + len(bare)))
            at += len(line) + 1
    return out


def _after_dateline(text: str, start: int, end: int) -> int:
    place = dateline.find(text, start)
    return place.end if place and place.end < end else start


def _quotation(sentence: str, opened: str) -> tuple[str, bool]:
    """Return the quotation mark that is open after the sentence, "" for none; and whether a quotation closes in it
    that was not opened. `opened` is the mark that was open before it.
    """
    stray = False
    for match in _QUOTE.finditer(sentence):
        char, at = match[0], match.start()
        before, after = sentence[at - 1 : at], sentence[at + 1 : at + 2]
        if opened:
            opened = "" if char in _PAIRS[opened] else opened
        elif char in '"”»' and before.strip() and not after.isalnum():
            stray = stray or not before.isdigit()  # 15" is a length
        else:
            opened = char
    return opened, stray


def _outside(sentence: str, opened: str) -> str:
    """Return the text outside quotation marks."""
    kept, last = [], 0
    for match in _QUOTE.finditer(sentence):
        if not opened:
            kept.append(sentence[last : match.start()])
        opened = "" if opened and match[0] in _PAIRS[opened] else opened or match[0]
        last = match.end()
    return "".join((*kept, "" if opened else sentence[last:]))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A sentence to judge: `quotation` is the mark that was open before it, `title` the terms of the title."""

    text: str
    quotation: str
    terms: frozenset[str]
    title: frozenset[str]
    table: Words

    @property
    def opening(self) -> str:
        """Return the first five words in lower case, separated by single blanks."""
        return " ".join(_FIRST.findall(self.text[:60].lower())[:5])

    def points_back(self) -> bool:
        """Return whether it depends on the previous sentence: it continues a quotation, begins with 'However', or
        names its speaker only by a pronoun. 'Cette réforme' does not if the title names the reform.
        """
        if self.quotation or self._quotes_a_pronoun():
            return True
        if self._begins(self.table.free):
            return False
        return self._begins(self.table.links) or self._begins_with_pronoun()

    def _quotes_a_pronoun(self) -> bool:
        if self.text[0] not in _PAIRS:
            return False
        return not self.table.pronouns.isdisjoint(_TOKEN.findall(_outside(self.text, "").lower()))

    def _begins_with_pronoun(self) -> bool:
        table, opening = self.table, self.opening
        if table.unspaced:
            return opening.startswith((*table.anaphora, *table.pronouns))
        first, _, rest = opening.partition(" ")
        if first in table.demonstratives:
            return self.title.isdisjoint(t.term for t in terms(" ".join(rest.split()[:2]), table))
        return first in table.anaphora or first in table.pronouns

    def _begins(self, phrases: tuple[str, ...]) -> bool:
        if self.table.unspaced:
            return self.opening.startswith(phrases)
        return (self.opening + " ").startswith(tuple(phrase + " " for phrase in phrases))

    def is_note(self) -> bool:
        """Return whether it opens a paragraph about the page: 'Editor's note: this article was ... You can ...'."""
        return self._begins(self.table.page) and _COLON.search(self.text[:_LABEL]) is not None

    def rejection(self) -> str:
        """Return why it cannot be part of a lead, or ""."""
        bare = self.text.rstrip(_CLOSERS)
        if width(self.text) < _SHORTEST or not self.terms or _BULLET.match(self.text) or bare.endswith((":", ",", ";")):
            return "no sentence"
        if bare[-1:] not in _STOPS and self.table.language not in _STOPLESS:
            return NO_STOP if _CELL not in self.text else "no sentence"
        if bare[-1:] in "?？؟\u037e":
            return "question"
        return self._rejection_by_content()

    def _rejection_by_content(self) -> str:
        if _NOISE.search(self.text) or self._begins(self.table.page):
            return "about the page"
        if self.text[0] in "(（[【" and not _CLOSED.search(self.text):
            return "no sentence"
        if len(self.terms - self.title) * 9 <= len(self.terms) <= len(self.title) + 2:
            return "repeats the title"
        quoting = self.quotation or self.text[0] in _PAIRS
        if quoting and sum(map(str.isalpha, _outside(self.text, self.quotation))) < 12:
            return "quotation without its speaker"
        return ""
