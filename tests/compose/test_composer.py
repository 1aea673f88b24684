"""Composing: one story once, nothing twice, every candidate explained, the same bytes again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digest.compose.composer import Brief, Composed, compose
from digest.compose.ledger import Told, remember
from digest.compose.slot import Calendar, slots_of_day
from digest.compose.story import Candidate
from digest.settings import TopicSettings
from tests.compose.samples import candidate

NOW = datetime(2026, 11, 24, 5, 15, tzinfo=UTC)
[SLOT] = slots_of_day(Calendar("Europe/Paris"), NOW.date())
BRIEF = Brief(
    key="morning",
    title="The Morning",
    language="en",
    timezone="Europe/Paris",
    topics={
        "world": TopicSettings.model_validate({"title": "World", "feeds": ["https://herald.example/feed"]}),
        "science": TopicSettings(title="Science", include=("comet*",)),
    },
    min_stories=1,
)
QUAKE = (
    candidate(
        "quake",
        "Strong earthquake shakes northern Peru",
        "A magnitude 7.2 earthquake struck the Amazonas region of Peru on Monday night, damaging dozens of houses.",
    ),
    candidate(
        "temblor",
        "Peru hit by magnitude 7.2 earthquake",
        "Dozens of houses were damaged when a magnitude 7.2 earthquake struck the Amazonas region of Peru on Monday.",
        "Tribune",
    ),
)
COMET = candidate(
    "comet",
    "A comet brightens faster than expected",
    "Astronomers at three observatories say that comet Ibarra may become visible to the naked eye in December.",
    "Nature Post",
    topics=(),
)
STRIKE = candidate(
    "strike",
    "Ferry crews in Greece walk out for two days",
    "Ferries between the Greek islands stand still until Wednesday as crews demand higher wages for night work.",
)
ALL = (*QUAKE, COMET, STRIKE)


def run(candidates: tuple[Candidate, ...] = ALL, told: tuple[Told, ...] = (), brief: Brief = BRIEF) -> Composed:
    return compose(brief, SLOT, candidates, told, now=NOW)


def test_one_event_is_one_story_with_its_outlets() -> None:
    edition = run().edition
    assert [section.topic for section in edition.sections] == ["world", "science"]
    quake = edition.sections[0].stories[0]
    assert {quake.outlet, *(also.outlet for also in quake.also)} == {"Herald", "Tribune"}
    assert set(quake.article_keys) == {c.key for c in QUAKE}
    assert len(edition.stories) == 3


def test_what_readers_had_does_not_come_back_unless_there_is_news() -> None:
    first = run().edition
    told = tuple(remember(story, first.id, first.send_at - timedelta(days=1)) for story in first.stories)
    assert run(told=told).edition.state == "skipped"
    assert run(told=told).edition.stories == ()
    news = candidate(
        "toll",
        "Peru earthquake: 31 dead, rescuers reach Bagua",
        "Rescuers reached Bagua on Tuesday and counted 31 dead after the magnitude 7.2 earthquake in Amazonas, Peru.",
    )
    again = run((*ALL, news), told).edition
    assert [(story.title, story.update) for story in again.stories] == [(news.article.title, True)]


def test_a_quiet_day_is_skipped_and_says_so() -> None:
    quiet = run((STRIKE,), brief=replace(BRIEF, min_stories=3)).edition
    assert (quiet.state, quiet.reason) == ("skipped", "1 of at least 3 stories")


def test_freshness_is_judged_at_the_cut_off() -> None:
    old = replace(STRIKE, published=NOW - timedelta(days=3))
    late = replace(COMET, first_seen=NOW + timedelta(minutes=1))
    composed = run((*QUAKE, old, late))
    assert [story.key for story in composed.edition.stories] == [run().edition.stories[0].key]
    reasons = {w["title"]: w["reason"] for w in composed.why}
    assert "old at the cut-off" in reasons[old.article.title]
    assert "after the cut-off" in reasons[late.article.title]


def test_every_candidate_is_explained_and_the_explanation_is_json() -> None:
    why = run().why
    assert {w["url"] for w in why} == {c.article.url for c in ALL}
    assert json.loads(json.dumps(why)) == list(why)
    told_with = next(w for w in why if w["decision"] == "in" and not w["leads"])
    assert "leads the story" in told_with["reason"]
    leader = next(w for w in why if w.get("leads") and w["topic"]["key"] == "world")
    assert {p["name"] for p in leader["parts"]} >= {"coverage", "freshness", "source"}


def test_the_same_inputs_give_the_same_bytes_in_any_order() -> None:
    assert run(ALL) == run(ALL[::-1])
    assert run(ALL).edition.content_hash == run(ALL[::-1]).edition.content_hash
