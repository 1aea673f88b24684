"""The opening of an article: its first sentences, and what makes each fit or unfit to stand in a lead."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digest.collect import dateline
from digest.collect.salience import likelihood, terms
from digest.text.sentence import sentences
from digest.text.words import Words

_READ = 6000  # characters; what an article is about shows in its first thousand words
_SENTENCES = 8  # of the opening are considered; later ones tell details
_SHORTEST = 25  # width of a sentence that can stand in a lead
_STOPLESS = frozenset({"th", "lo", "km"})  # their sentences end with a blank

NO_STOP = "no stop"  # at its end: a heading or caption, unless the place says otherwise
_STOPS = ".!?…。！？｡؟۔।॥։"
_CLOSERS = "\"'”’»›)]}」』】）〉》“«\u00a0\u202f "
_PAIRS = {"«": "»", "»": "«", "“": "”“", "„": "“”", "”": "”", "「": "」", "『": "』", "‹": "›", "›": "‹", '"': '"'}
_QUOTE = re.compile("[" + "".join(_PAIRS) + "]")
_NOISE = re.compile(r"https?://|www\.|\bpic\.twitter|[#@]\w+ [#@]\w+|\.{5}")
_CLOSED = re.compile(r"[)）\]】]")
_CELL = " | "  # between the cells of a table
_ASKED = re.compile(r"^[^\n]{1,250}[?？؟]$", re.MULTILINE)
_QUESTIONS = 2  # lines of their own make an interview, whose answers say little without them
_COLON = re.compile("[:：】]")
_LABEL = 40  # characters with its colon
_BULLET = re.compile(r"[-–—•*·▪●►→]\s|\d{1,2}[.)]\s")
_FIRST = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_TOKEN = re.compile(r"[^\W_]+")
_WIDE = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff60]")


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
    spans = _within_lines(text, sentences(text[:_READ], table.language))
    if len(text) > _READ and len(spans) > 1:
        spans.pop()  # cut short
    found = [terms(text[start:end], table) for start, end in spans]
    wanted = frozenset(t.term for t in terms(title, table))
    candidates: list[Candidate] = []
    quotation, last, note, answer, fit = "", -1, False, False, 0
    interview = len(_ASKED.findall(text[:_READ])) >= _QUESTIONS
    for (start, end), carried in zip(spans, found, strict=True):
        if last < 0 or "\n" in text[last:start]:
            quotation, note = "", False
            answer = interview and bool(candidates) and candidates[-1].unfit == "question"
        begin = _after_dateline(text, start, end) if last < 0 or "\n" in text[last:start] else start
        last = end
        sentence = text[begin:end]
        subject = _Subject(sentence, quotation, frozenset(t.term for t in carried), wanted, table)
        note = note or subject.is_note()
        quotation, stray = _quotation(sentence, quotation)
        candidates.append(
            Candidate(
                index=len(candidates),
                start=begin,
                end=end,
                width=width(sentence),
                terms=subject.terms,
                back=stray or answer or subject.points_back(),
                ahead=bool(quotation),
                speaks=sentence[0] in _PAIRS,
                unfit="about the page" if note else subject.unfit(),
            )
        )
        fit += not candidates[-1].unfit
        if fit == _SENTENCES or (fit and len(candidates) >= _SENTENCES + 4):
            break
    return Opening(tuple(candidates), likelihood(found, wanted), wanted)


def _within_lines(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences that end with their line at the latest: items of a list may have no stops."""
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
    """The quotation mark that is still open after the sentence, given the one open before it, "" for none; and whether
    a quotation closes in it that was never seen to open.
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
    """What stands outside quotation marks."""
    kept, last = [], 0
    for match in _QUOTE.finditer(sentence):
        if not opened:
            kept.append(sentence[last : match.start()])
        opened = "" if opened and match[0] in _PAIRS[opened] else opened or match[0]
        last = match.end()
    return "".join((*kept, "" if opened else sentence[last:]))


@dataclass(frozen=True, slots=True)
class _Subject:
    """A sentence under judgement: `quotation` is the mark left open before it, `title` holds the title's terms."""

    text: str
    quotation: str
    terms: frozenset[str]
    title: frozenset[str]
    table: Words

    @property
    def opening(self) -> str:
        """Its first five words in small letters, parted by single blanks."""
        return " ".join(_FIRST.findall(self.text[:60].lower())[:5])

    def points_back(self) -> bool:
        """Whether it asks for the sentence before: it goes on with a quotation, begins with 'Il', 'However', 'En
        revanche', or quotes a speaker who is only a pronoun. 'Cette réforme' does not where the title names the reform.
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
        """Whether it opens a paragraph about the page: 'Editor's note: this article was ... You can ...'."""
        return self._begins(self.table.page) and _COLON.search(self.text[:_LABEL]) is not None

    def unfit(self) -> str:
        """Why it can be no part of a lead, or ""."""
        bare = self.text.rstrip(_CLOSERS)
        if width(self.text) < _SHORTEST or not self.terms or _BULLET.match(self.text) or bare.endswith((":", ",", ";")):
            return "no sentence"
        if bare[-1:] not in _STOPS and self.table.language not in _STOPLESS:
            return NO_STOP if _CELL not in self.text else "no sentence"
        if bare[-1:] in "?？؟\u037e":
            return "question"
        return self._unfit_by_content()

    def _unfit_by_content(self) -> str:
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
