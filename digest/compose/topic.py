"""Topic assignment: which topic an article or story belongs to, with the evidence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from digest.compose.events.terms import UNSPACED
from digest.compose.story import Candidate, Story
from digest.text.stem import fold, stem
from digest.text.token import MARKS, WORD

#: Points of each kind of evidence. A topic's own feed outweighs words in an article of another feed; a word in an
#: article of the topic's own feed outweighs both; a topic without feeds relies on words alone.
POINTS: Final = {
    "feed": 3.0,
    "word in the title": 2.0,
    "word in the opening": 1.0,
    "only words": 2.5,
    "feed category": 1.0,
    "address": 0.75,
}
#: Minimum points for an article to be in a topic.
ENOUGH: Final = 1.75

_WORD: Final = re.compile(WORD)
_PATTERN: Final = re.compile(rf"(?:[^\W_]|[{MARKS}])*(?:\*(?:[^\W_]|[{MARKS}])*)+|{WORD}")
#: A sign that is part of a name: 'C++', 'C#'.
_SIGNED: Final = re.compile(r"\w[+#]")
_BETWEEN: Final = re.compile(r"[\s,.:;!?()\"'’…-]+")
_HANGUL: Final = re.compile(r"[\uac00-\ud7af]+\Z")


class TopicSettings(Protocol):
    """Settings of a topic. `include` and `exclude` are words, phrases and wildcards ('climat*')."""

    @property
    def title(self) -> str: ...
    @property
    def feeds(self) -> Sequence[object]: ...
    @property
    def include(self) -> Sequence[str]: ...
    @property
    def exclude(self) -> Sequence[str]: ...
    @property
    def recurring(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence for a topic, with its points."""

    kind: str
    detail: str
    points: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one topic fits. `refused` names the rule that forbids it (an exclude word, no include word), else ""."""

    topic: str
    evidence: tuple[Evidence, ...] = ()
    refused: str = ""

    @property
    def points(self) -> float:
        """The sum of the evidence; 0 when refused."""
        return 0.0 if self.refused else sum(e.points for e in self.evidence)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The topic of an article or story (None: none fits), the reason in one line, and every topic considered."""

    topic: str | None
    reason: str
    fits: tuple[Fit, ...] = ()


#: Interface of a learned classifier: (candidate, topic key) -> points, about -2 to 2, and a short reason. None is built
#: in: it should be trained on editors' moves, show its weights, and return None until it has seen enough.
Score = Callable[[Candidate, str], tuple[float, str]]


def assign(candidate: Candidate, topics: Mapping[str, TopicSettings], *, score: Score | None = None) -> Assignment:
    """Return the topic that fits `candidate` best; the order of the settings decides between equals.

    Exclude words outweigh everything. A topic with feeds and include words requires both; a topic with include words
    and no feeds takes articles of every feed.
    """
    return _decide([_fit(candidate, key, topic, score) for key, topic in topics.items()])


def assign_story(story: Story, topics: Mapping[str, TopicSettings], *, score: Score | None = None) -> Assignment:
    """Return the topic of a story: its articles vote with their points, the leading one as much as all others together.

    A topic that refuses the leading article refuses the story.
    """
    fits = []
    for key, topic in topics.items():
        own = _fit(story.best, key, topic, score)
        rest = [_fit(candidate, key, topic, score) for candidate in story.others]
        votes = [f for f in rest if f.points >= ENOUGH]
        evidence = own.evidence
        if votes and not own.refused:
            share = sum(f.points for f in votes) / len(rest)
            evidence += (Evidence("others", f"{len(votes)} of {len(rest)} other articles", share),)
        fits.append(Fit(key, evidence, own.refused))
    return _decide(fits)


def _decide(fits: Sequence[Fit]) -> Assignment:
    best = max(fits, key=lambda fit: fit.points, default=None)
    if best is None or best.points < ENOUGH:
        refusals = [f"{fit.topic}: {fit.refused}" for fit in fits if fit.refused]
        return Assignment(None, "; ".join(refusals) or "no topic's feed, words, category or address fits", tuple(fits))
    reason = ", ".join(f"{e.kind}: {e.detail}" if e.detail else e.kind for e in best.evidence)
    return Assignment(best.topic, reason, tuple(fits))


def _fit(candidate: Candidate, key: str, topic: TopicSettings, score: Score | None) -> Fit:
    article = candidate.article
    language = article.language
    opening = " ".join((article.lead.text or article.text).split()[:80])
    for pattern in topic.exclude:
        for place, text in (("title", article.title), ("opening", opening), ("categories", _labels(candidate))):
            if match := find(pattern, text, language):
                return Fit(key, (), f"exclude word '{pattern}' found in the {place} ('{match}')")
    evidence = _words(topic, article.title, opening, language)
    own = key in candidate.topics
    if topic.include and not evidence and (own or not topic.feeds):
        return Fit(key, (), "none of its include words is in the title or the opening")
    if evidence and not topic.feeds:
        evidence.append(Evidence("only words", "this topic has no feeds of its own", POINTS["only words"]))
    if own:
        evidence.insert(0, Evidence("feed", candidate.feed_url, POINTS["feed"]))
    evidence += _labelled(candidate, key, topic)
    if score:
        points, why = score(candidate, key)
        evidence.append(Evidence("learned", why, points))
    return Fit(key, tuple(evidence))


def _words(topic: TopicSettings, title: str, opening: str, language: str) -> list[Evidence]:
    for kind, text in (("word in the title", title), ("word in the opening", opening)):
        for pattern in topic.include:
            if match := find(pattern, text, language):
                return [Evidence(kind, f"'{pattern}' ('{match}')", POINTS[kind])]
    return []


def _labelled(candidate: Candidate, key: str, topic: TopicSettings) -> list[Evidence]:
    """Return the evidence of the feed's categories and the URL's path."""
    language = candidate.article.language
    names = {_name(key, language), _name(topic.title, language)} - {""}
    evidence = []
    for category in (*candidate.categories, candidate.article.section):
        if category and _name(category, language) in names:
            evidence.append(Evidence("feed category", category, POINTS["feed category"]))
            break
    for part in unquote(urlsplit(candidate.article.url or candidate.key).path).split("/")[1:-1]:
        if _name(part, language) in names:
            evidence.append(Evidence("address", f"/{part}/", POINTS["address"]))
            break
    return evidence


def _labels(candidate: Candidate) -> str:
    return " | ".join((*candidate.categories, candidate.article.section))


def _name(label: str, language: str) -> str:
    return " ".join(stem(word, language) for word in _WORD.findall(label))


def find(pattern: str, text: str, language: str) -> str:
    """Return the part of `text` that the pattern matches, as written there; "" for no match.

    A pattern is one or more consecutive words. Case and accents are ignored, a word matches its other forms (by stem),
    and a word with '*' matches as written ('climat*'). In scripts without spaces it matches anywhere; in Korean
    particles may follow. A pattern without a word ('C++', an emoji) matches literally.
    """
    if UNSPACED.search(pattern):
        return pattern if _in_order(fold(pattern.strip()).split("*"), fold(text)) else ""
    if _SIGNED.search(pattern) or not _PATTERN.search(pattern):
        return _as_written(pattern.strip(), text)
    compiled = _compiled(pattern, language)
    if not compiled:
        return ""
    places = list(_WORD.finditer(text))
    for i in range(len(places) - len(compiled) + 1):
        run = places[i : i + len(compiled)]
        if all(_matches(want, place.group(), language) for want, place in zip(compiled, run, strict=True)):
            return text[run[0].start() : run[-1].end()]
    return ""


def _as_written(pattern: str, text: str) -> str:
    """Return the pattern if it stands in the text between spaces or punctuation; punctuation alone never matches."""
    literal = _BETWEEN.sub(" ", fold(pattern)).strip()
    return pattern if literal and f" {literal} " in _BETWEEN.sub(" ", f" {fold(text)} ") else ""


def _in_order(parts: Sequence[str], text: str) -> bool:
    """Return whether the parts occur in the text in this order."""
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return any(parts)


@lru_cache(maxsize=4096)
def _compiled(pattern: str, language: str) -> tuple[tuple[str, bool], ...]:
    words = _PATTERN.findall(pattern)
    return tuple((fold(w), True) if "*" in w else (stem(w, language), False) for w in words)


def _matches(want: tuple[str, bool], word: str, language: str) -> bool:
    text, wild = want
    if wild:
        return fnmatchcase(fold(word), text)
    if _HANGUL.match(word) and len(text) > 2:  # compare decomposed letters: Korean appends particles to the word
        return fold(word).startswith(text)
    return stem(word, language) == text
