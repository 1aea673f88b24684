"""Topic: which articles belong to which subject area, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from digest.compose.events.grouping import UNSPACED
from digest.compose.story import Candidate, Story
from digest.text.stem import fold, stem
from digest.text.token import MARKS, WORD

#: What each kind of evidence is worth. A topic's own feed goes before words found in another's; a word that the
#: topic's own feed also has goes before both; a topic without feeds lives by its words alone.
POINTS: Final = {
    "feed": 3.0,
    "word in the title": 2.0,
    "word in the opening": 1.0,
    "only words": 2.5,
    "feed category": 1.0,
    "address": 0.75,
}
#: With less than this an article is in no topic.
ENOUGH: Final = 1.75

_WORD: Final = re.compile(WORD)
_PATTERN: Final = re.compile(rf"(?:[^\W_]|[{MARKS}])*(?:\*(?:[^\W_]|[{MARKS}])*)+|{WORD}")
#: A sign that makes another name of a word: 'C++', 'C#'.
_SIGNED: Final = re.compile(r"\w[+#]")
_BETWEEN: Final = re.compile(r"[\s,.:;!?()\"'’…-]+")
_HANGUL: Final = re.compile(r"[\uac00-\ud7af]+\Z")


class TopicSettings(Protocol):
    """What a topic's settings must have. `include` and `exclude` hold words, phrases and wildcards ('climat*')."""

    @property
    def title(self) -> str: ...
    @property
    def feeds(self) -> Sequence[object]: ...
    @property
    def include(self) -> Sequence[str]: ...
    @property
    def exclude(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a topic and what it is worth in points."""

    kind: str
    detail: str
    points: float


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one topic fits. `refused` names what forbids it (an exclude word, no include word), else ""."""

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


#: A learned classifier may speak here: (candidate, topic key) -> points, about -2 to 2, and why in a few words. None is
#: built in: it should be trained on what editors move, show its weights, and stay silent until it has seen enough.
Score = Callable[[Candidate, str], tuple[float, str]]


def assign(candidate: Candidate, topics: Mapping[str, TopicSettings], *, score: Score | None = None) -> Assignment:
    """The topic (a key of `topics`, in the order of the settings when equal) that fits `candidate` best.

    Exclude words win over everything. A topic with feeds and include words wants both; a topic with include words and
    no feeds takes from every feed.
    """
    return _decide([_fit(candidate, key, topic, score) for key, topic in topics.items()])


def assign_story(story: Story, topics: Mapping[str, TopicSettings], *, score: Score | None = None) -> Assignment:
    """The topic of a whole story: its articles vote with their points, the leading one counting as all others do.

    What a topic refuses in the leading article it refuses in the story.
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
            if found := find(pattern, text, language):
                return Fit(key, (), f"exclude word '{pattern}' found in the {place} ('{found}')")
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
            if found := find(pattern, text, language):
                return [Evidence(kind, f"'{pattern}' ('{found}')", POINTS[kind])]
    return []


def _labelled(candidate: Candidate, key: str, topic: TopicSettings) -> list[Evidence]:
    """What the feed's own categories and the URL's path say."""
    language = candidate.article.language
    names = {_name(key, language), _name(topic.title, language)} - {""}
    found = []
    for category in (*candidate.categories, candidate.article.section):
        if category and _name(category, language) in names:
            found.append(Evidence("feed category", category, POINTS["feed category"]))
            break
    for part in unquote(urlsplit(candidate.article.url or candidate.key).path).split("/")[1:-1]:
        if _name(part, language) in names:
            found.append(Evidence("address", f"/{part}/", POINTS["address"]))
            break
    return found


def _labels(candidate: Candidate) -> str:
    return " | ".join((*candidate.categories, candidate.article.section))


def _name(label: str, language: str) -> str:
    return " ".join(stem(word, language) for word in _WORD.findall(label))


def find(pattern: str, text: str, language: str) -> str:
    """What in `text` the pattern matches, as written there; "" when nothing.

    A pattern is one or more words in a row; case and accents do not matter, a word matches its other forms (by stem),
    and a word with '*' matches as written ('climat*'). In scripts without spaces it may stand anywhere, in Korean
    particles may follow. What is no word ('C++', an emoji) is looked for as it is.
    """
    if UNSPACED.search(pattern):
        return pattern if _in_order(fold(pattern.strip()).split("*"), fold(text)) else ""
    if _SIGNED.search(pattern) or not _PATTERN.search(pattern):
        return _as_written(pattern.strip(), text)
    wanted = _compiled(pattern, language)
    if not wanted:
        return ""
    places = list(_WORD.finditer(text))
    for i in range(len(places) - len(wanted) + 1):
        run = places[i : i + len(wanted)]
        if all(_matches(want, place.group(), language) for want, place in zip(wanted, run, strict=True)):
            return text[run[0].start() : run[-1].end()]
    return ""


def _as_written(pattern: str, text: str) -> str:
    """The pattern, if it stands in the text between blanks or stops; one of stops alone stands nowhere."""
    wanted = _BETWEEN.sub(" ", fold(pattern)).strip()
    return pattern if wanted and f" {wanted} " in _BETWEEN.sub(" ", f" {fold(text)} ") else ""


def _in_order(parts: Sequence[str], text: str) -> bool:
    """Whether the parts stand in the text one after the other."""
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
    if _HANGUL.match(word) and len(text) > 2:  # in decomposed letters; Korean hangs its particles on the word
        return fold(word).startswith(text)
    return stem(word, language) == text
