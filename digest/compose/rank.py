"""Rank: which stories go into an edition, in which order, and why each is in or out.

A score is a weighted sum of parts between 0 and 1, so it is itself between 0 and 1, and every part is kept with what
it was made of. Stories are taken greedily, the best of the whole edition first, because two of the parts and the caps
depend on what is already in.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from digest.compose.events.grouping import terms
from digest.compose.story import Candidate, Story, document, lead_quality, moment

#: Weights of the parts; their sum is 1.
WEIGHTS: Final[Mapping[str, float]] = {
    "coverage": 0.30,
    "freshness": 0.25,
    "source": 0.15,
    "position": 0.10,
    "lead": 0.10,
    "diversity": 0.10,
}
#: After this time a story's freshness is one half.
HALF_LIFE: Final = timedelta(hours=12)
#: So many outlets are full coverage.
FULL_COVERAGE: Final = 8


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: `value` from 0 to 1, its `weight`, and what it was made of."""

    name: str
    value: float
    weight: float
    why: str

    @property
    def points(self) -> float:
        """What it adds to the score."""
        return self.value * self.weight


#: An update with little that is new goes after others.
DOUBTFUL: Final = (Part("update", -1.0, 0.1, "little in it is new"),)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One story's score and fate. `place` counts from 1 within its topic; None when it is out."""

    story: Story
    topic: str
    parts: tuple[Part, ...]
    decision: Literal["in", "out"]
    reason: str
    place: int | None = None

    @property
    def score(self) -> float:
        """The sum of the parts, 0 to 1."""
        return sum(part.points for part in self.parts)


@dataclass(frozen=True, slots=True)
class Limits:
    """What an edition has room for. 0 means no limit; `topics` names those that differ from `per_topic`.

    `floor` is absolute: a story under it is out even when there is room, so that a quiet day is a short digest.
    `max_age` is how old the newest article of a story may be at the cut-off (None: any age).
    """

    per_topic: int = 6
    topics: Mapping[str, int] = field(default_factory=dict)
    per_outlet: int = 4
    per_edition: int = 0
    floor: float = 0.25
    max_age: timedelta | None = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every story that was offered, those that are in first, each topic in its order of places."""

    ranked: tuple[Ranked, ...]

    def chosen(self, topic: str) -> tuple[Story, ...]:
        """The stories of one topic that are in, the first place first."""
        inside = [r for r in self.ranked if r.topic == topic and r.place is not None]
        return tuple(r.story for r in sorted(inside, key=lambda r: r.place or 0))


def stale(candidate: Candidate, at: datetime, max_age: timedelta | None) -> str:
    """Why an article cannot be in an edition whose cut-off is `at`; "" when it can."""
    if candidate.first_seen > at:
        return f"first seen {_hours(candidate.first_seen - at)} after the cut-off"
    age = at - moment(candidate)
    if max_age is not None and age > max_age:
        return f"{_hours(age)} old at the cut-off, the limit is {_hours(max_age)}"
    return ""


def rank(
    stories_by_topic: Mapping[str, Sequence[Story]],
    at: datetime,
    limits: Limits | None = None,
    *,
    weights: Mapping[str, float] = WEIGHTS,
    refused: Mapping[str, str] | None = None,
    doubtful: Collection[str] = (),
) -> Ranking:
    """Score every story at the cut-off `at` and choose within `limits`.

    `refused` maps keys of stories that may not be in, whatever their score, to the reason (the ledger's, say);
    `doubtful` are keys of updates with little that is new.
    The same input gives the same ranking: equals go by their key.
    """
    return _Choice(stories_by_topic, at, limits or Limits(), weights, refused or {}, doubtful).run()


class _Choice:
    """The state of one greedy choice.

    A story's score only falls while others are taken (its diversity does), so the best one is found by looking again
    at the one that was best before (lazy greedy: Minoux 1978).
    """

    def __init__(
        self,
        stories_by_topic: Mapping[str, Sequence[Story]],
        at: datetime,
        limits: Limits,
        weights: Mapping[str, float],
        refused: Mapping[str, str],
        doubtful: Collection[str],
    ) -> None:
        self.limits, self.weights, self.refused = limits, weights, refused
        self.at = at
        self.topic_of = {s.key: topic for topic, stories in stories_by_topic.items() for s in stories}
        self.waiting = {s.key: s for stories in stories_by_topic.values() for s in stories}
        self.parts = {
            key: _own_parts(story, at, weights) + (DOUBTFUL if key in doubtful else ())
            for key, story in self.waiting.items()
        }
        self.own = {key: sum(part.points for part in parts) for key, parts in self.parts.items()}
        self.words = {key: frozenset(terms(document(s.best))) for key, s in self.waiting.items()}
        self.nearest: dict[str, tuple[float, str]] = {}  # key -> likeness and title of the most alike story taken
        self.seen: Counter[str] = Counter()  # with how many of `chosen` a story was compared
        self.chosen: list[Story] = []
        self.outlets: Counter[str] = Counter()
        self.outlets_of_topic: Counter[tuple[str, str]] = Counter()
        self.taken: Counter[str] = Counter()
        self.done: list[Ranked] = []

    def run(self) -> Ranking:
        for key in sorted(self.waiting):
            if reason := self.refused.get(key) or _story_stale(self.waiting[key], self.at, self.limits.max_age):
                self._out(key, reason)
        heap = [(-self._score(key), key) for key in self.waiting]
        heapq.heapify(heap)
        while heap:
            _, key = heapq.heappop(heap)
            score = self._score(key)
            if heap and (-score, key) > heap[0]:
                heapq.heappush(heap, (-score, key))
            elif reason := self._no_room(key, score):
                self._out(key, reason)
            else:
                self._take(key)
        order = list(dict.fromkeys(self.topic_of.values()))
        self.done.sort(key=lambda r: (r.place is None, order.index(r.topic), r.place or 0, -r.score, r.story.key))
        return Ranking(tuple(self.done))

    def _score(self, key: str) -> float:
        return self.own[key] + self._diversity(key).points

    def _diversity(self, key: str) -> Part:
        """Less for the fourth story of one outlet, less for one that uses the words of a story already in."""
        for story in self.chosen[self.seen[key] :]:
            likeness = _overlap(self.words[key], self.words[story.key])
            self.nearest[key] = max(self.nearest.get(key, (0.0, "")), (likeness, story.best.article.title))
        self.seen[key] = len(self.chosen)
        outlet, topic = self.waiting[key].best.outlet, self.topic_of[key]
        before = self.outlets_of_topic[topic, outlet]
        likeness, other = self.nearest.get(key, (0.0, ""))
        why = f"{before} above from {outlet}" + (
            f", {likeness:.0%} of the words of '{other}'" if likeness > 0.2 else ""
        )
        value = max(0.0, 1.0 - likeness) / (1 + before)
        return Part("diversity", value, self.weights["diversity"], why)

    def _no_room(self, key: str, score: float) -> str:
        outlet, topic = self.waiting[key].best.outlet, self.topic_of[key]
        room = self.limits.topics.get(topic, self.limits.per_topic)
        if score < self.limits.floor:
            return f"score {score:.2f} is under the floor of {self.limits.floor:.2f}"
        if room and self.taken[topic] >= room:
            return f"topic '{topic}' is full: {_better(room)}"
        if self.limits.per_outlet and self.outlets[outlet] >= self.limits.per_outlet:
            return f"{outlet} already leads {self.limits.per_outlet} stories"
        if self.limits.per_edition and sum(self.taken.values()) >= self.limits.per_edition:
            return f"the edition is full: {_better(self.limits.per_edition)}"
        return ""

    def _take(self, key: str) -> None:
        parts, topic = (*self.parts[key], self._diversity(key)), self.topic_of[key]
        story = self.waiting.pop(key)
        self.taken[topic] += 1
        self.outlets[story.best.outlet] += 1
        self.outlets_of_topic[topic, story.best.outlet] += 1
        place = self.taken[topic]
        self.done.append(Ranked(story, topic, parts, "in", f"place {place} in topic '{topic}'", place))
        self.chosen.append(story)

    def _out(self, key: str, reason: str) -> None:
        parts = (*self.parts[key], self._diversity(key))
        self.done.append(Ranked(self.waiting.pop(key), self.topic_of[key], parts, "out", reason))


def _own_parts(story: Story, at: datetime, weights: Mapping[str, float]) -> tuple[Part, ...]:
    """The parts that do not depend on other stories."""
    telling = {c.outlet for c in story.candidates if c.key not in story.copies}
    copying = {c.outlet for c in story.candidates} - telling
    outlets = len(telling) + len(copying) / 2
    told = "1 outlet" if len(telling) == 1 else f"{len(telling)} outlets"
    age = max(timedelta(0), at - max(moment(c) for c in story.candidates))
    weight = max(c.weight for c in story.candidates)
    position = min(c.position for c in story.candidates)
    values = {
        "coverage": (
            min(1.0, math.log2(max(1.0, outlets)) / math.log2(FULL_COVERAGE)),
            told + (f" and {len(copying)} with a copy" if copying else ""),
        ),
        "freshness": (0.5 ** (age / HALF_LIFE), f"newest article {_hours(age)} before the cut-off"),
        "source": (weight / (1 + weight), f"weight {weight:g}"),
        "position": (1 / (1 + position / 5), f"number {position + 1} in its feed"),
        "lead": (lead_quality(story.best.article), f"lead from {story.best.article.lead.rung}"),
    }
    return tuple(Part(name, value, weights[name], why) for name, (value, why) in values.items())


def _story_stale(story: Story, at: datetime, max_age: timedelta | None) -> str:
    reasons = [stale(candidate, at, max_age) for candidate in story.candidates]
    return reasons[0] if all(reasons) else ""


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _better(count: int) -> str:
    return f"{count} better {'story' if count == 1 else 'stories'}"


def _hours(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes / 60:.0f} h"
