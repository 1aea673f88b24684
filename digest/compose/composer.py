"""Composition: from the candidates of a slot to its edition, with the reason for every one of them. Pure.

The same inputs give the same bytes: everything is ordered, nothing asks a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from digest.collect.article import Article
from digest.compose.edition import Also, Edition, EditionStory, Section, edition_id, frozen
from digest.compose.ledger import Told, Verdict, judge_all, printed_text
from digest.compose.rank import Limits, Ranked, rank, stale
from digest.compose.slot import Slot
from digest.compose.story import Candidate, Story, group, led_by
from digest.compose.topic import Assignment, TopicSettings, assign_story

#: The maximum number of other outlets that a story names.
ALSO = 4


@dataclass(frozen=True, slots=True)
class Brief:
    """A newsletter's requirements of an edition. `topics` are its topics' settings in reading order."""

    key: str
    title: str
    language: str
    timezone: str
    topics: Mapping[str, TopicSettings]
    limits: Mapping[str, int] = field(default_factory=dict)  # stories a topic
    per_outlet: int = 4
    max_stories: int = 0  # 0: no limit
    min_stories: int = 0
    max_age: timedelta = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Composed:
    """The edition (a draft, or skipped with its reason) and the explanation of each candidate, ready for JSON.

    `articles` are those that its stories were printed from, by the story's key.
    """

    edition: Edition
    why: tuple[dict[str, Any], ...]
    articles: Mapping[str, Article] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def compose(
    brief: Brief, slot: Slot, candidates: Sequence[Candidate], told: Sequence[Told], *, now: datetime
) -> Composed:
    """Compose the edition of a slot. `told` is what readers of this newsletter were told before; `now` is when.

    Stories that an earlier edition had are out unless there is news in them; with fewer than `min_stories` left the
    edition is skipped, keeps what it would have had, and says so. Composed before its cut-off, an edition takes what is
    news by then: on a Friday Friday's, though its slot is on Monday.
    """
    at = min(now, slot.cut_off)
    fresh = {c.key: stale(c, at, brief.max_age) for c in candidates}
    stories = group(sorted((c for c in candidates if not fresh[c.key]), key=lambda c: c.key), language=brief.language)
    verdicts = judge_all(stories, told)
    stories = [led_by(story, verdicts[story.key].leads) for story in stories]
    assigned = {story.key: assign_story(story, brief.topics) for story in stories}
    by_topic: dict[str, list[Story]] = {topic: [] for topic in brief.topics}
    for story in stories:
        if (topic := assigned[story.key].topic) is not None:
            by_topic[topic].append(story)
    refused = {key: verdict.reason for key, verdict in verdicts.items() if verdict.kind == "repeat"}
    refused |= {
        key: f"topic '{topic}' drops recurring formats: {verdicts[key].reason}"
        for key in verdicts
        if verdicts[key].recurring and (topic := assigned[key].topic) and brief.topics[topic].recurring == "drop"
    }
    doubtful = frozenset(key for key, verdict in verdicts.items() if verdict.doubtful)
    ranking = rank(by_topic, at, _limits(brief), refused=refused, doubtful=doubtful)
    sections = tuple(
        Section(topic, settings.title, tuple(printed(story, verdicts[story.key]) for story in chosen))
        for topic, settings in brief.topics.items()
        if (chosen := _in_order(ranking.chosen(topic), verdicts, settings.recurring))
    )
    edition = Edition(
        id=edition_id(brief.key, slot.local),
        newsletter=brief.key,
        slot=slot.key,
        send_at=slot.send_at,
        cut_off=slot.cut_off,
        title=brief.title,
        language=brief.language,
        timezone=brief.timezone,
        sections=sections,
        created_at=now,
    )
    count = len(edition.stories)
    if count < brief.min_stories or not count:
        wanted = max(1, brief.min_stories)
        edition = replace(edition, state="skipped", reason=f"{count} of at least {wanted} stories")
    ranked = {r.story.key: r for r in ranking.ranked}
    why = [
        _why(c, story, assigned[story.key], verdicts[story.key], ranked.get(story.key)) for story, c in _each(stories)
    ]
    why += [_out(c, fresh[c.key]) for c in candidates if fresh[c.key]]
    why.sort(key=lambda w: (w["decision"] == "out", w["title"], w["url"]))
    inside = {story.key for story in edition.stories}
    chosen_stories = [story for story in stories if story.key in inside]
    return Composed(
        frozen(edition),
        tuple(why),
        {story.key: story.best.article for story in chosen_stories},
        {story.key: printed_text(story) for story in chosen_stories},
    )


def _in_order(stories: Sequence[Story], verdicts: Mapping[str, Verdict], recurring: str) -> list[Story]:
    """The stories of a topic as they are printed: with "last", recurring formats after the news."""
    return sorted(stories, key=lambda story: recurring == "last" and verdicts[story.key].recurring)


def printed(story: Story, verdict: Verdict | None = None) -> EditionStory:
    """A story as an edition prints it."""
    best = story.best
    article = best.article
    others = {c.outlet: c for c in reversed(story.others) if c.outlet != best.outlet and c.key not in story.copies}
    also = tuple(Also(outlet, others[outlet].article.url) for outlet in story.outlets if outlet in others)
    image = article.image or next((c.article.image for c in story.others if c.article.image and _same(c, best)), None)
    return EditionStory(
        key=story.key,
        url=article.url,
        title=article.title,
        lead=article.lead.text,
        language=article.language,
        outlet=best.outlet,
        published=best.published or article.published,
        minutes=article.minutes,
        author=article.author,
        credit=article.credit,
        image=image,
        also=also[:ALSO],
        update=verdict is not None and verdict.kind == "update",
        article_keys=tuple(sorted(c.key for c in story.candidates)),
    )


def _same(one: Candidate, other: Candidate) -> bool:
    """A picture may be lent only within one outlet: captions and rights differ between them."""
    return one.outlet == other.outlet


def _limits(brief: Brief) -> Limits:
    return Limits(
        topics=dict(brief.limits), per_outlet=brief.per_outlet, per_edition=brief.max_stories, max_age=brief.max_age
    )


def _each(stories: Sequence[Story]) -> list[tuple[Story, Candidate]]:
    return [(story, candidate) for story in stories for candidate in story.candidates]


def _out(candidate: Candidate, reason: str) -> dict[str, Any]:
    return {
        "url": candidate.article.url,
        "title": candidate.article.title,
        "outlet": candidate.outlet,
        "language": candidate.article.language,
        "first_seen": candidate.first_seen.isoformat(),
        "decision": "out",
        "reason": reason,
    }


def _why(
    candidate: Candidate, story: Story, assigned: Assignment, verdict: Verdict, ranked: Ranked | None
) -> dict[str, Any]:
    """One candidate's way through: its story, topic, ledger, score, and what came of it."""
    leads = candidate.key == story.best.key
    if ranked is None:
        decision, reason = "out", f"no topic: {assigned.reason}"
    else:
        decision, reason = ranked.decision, ranked.reason
    if decision == "in" and not leads:
        role = "a copy of" if candidate.key in story.copies else "told with"
        reason = f"{role} '{story.best.article.title}' ({story.best.outlet}), which leads the story"
    return _out(candidate, reason) | {
        "decision": decision,
        "leads": leads,
        "story": {"key": story.key, "title": story.best.article.title, "outlets": list(story.outlets)},
        "topic": {"key": assigned.topic, "reason": assigned.reason},
        "ledger": {"verdict": verdict.kind, "reason": verdict.reason, "recurring": verdict.recurring},
        "score": round(ranked.score, 4) if ranked else None,
        "parts": [
            {"name": p.name, "value": round(p.value, 4), "weight": p.weight, "points": round(p.points, 4), "why": p.why}
            for p in (ranked.parts if ranked else ())
        ],
        "place": ranked.place if ranked else None,
        "lead_from": candidate.article.lead.rung,
        "problem": candidate.article.problem,
    }
