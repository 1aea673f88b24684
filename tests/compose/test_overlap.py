"""Overlap of newsletters: the same story counts as known, new facts do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from digest.compose.ledger import Told, remember
from digest.compose.overlap import repeats, without
from tests.compose.samples import edition, story

AT = edition().send_at
OTHER = "evening-2026-11-23-1800"


def told(key: str, hours: float = 0.0, **facts: object) -> Told:
    return remember(story(key, **facts), OTHER, AT - timedelta(hours=hours))


def test_the_same_article_is_known_even_under_another_title() -> None:
    assert repeats(edition(), [told("b", title="Something else", lead="Quite other words.")]) == {"b": "b"}
    assert repeats(edition(), [told("x", title="Comet at its brightest", lead="Its tail can be seen.")]) == {}
    assert repeats(edition(), []) == {}


def test_the_same_event_told_by_another_article_is_known() -> None:
    lead = "Engineers closed the harbour bridge of Wick after cracks appeared in two of its pylons."
    mine = replace(edition().stories[0], title="Wick harbour bridge closed after cracks in pylons", lead=lead)
    at = replace(edition(), sections=(replace(edition().sections[0], stories=(mine,)),))
    same = told("z", url="https://other.example/z", title="Cracks close harbour bridge in Wick", lead=lead)
    assert repeats(at, [same]) == {"a": "z"}


def test_a_newer_leading_article_with_news_is_told_again() -> None:
    before = told(
        "z",
        hours=13,
        url="https://example.org/old",
        title="12 dead in ferry fire off Wick",
        lead="A fire on a ferry off Wick killed 12 people on Monday.",
    )
    mine = replace(
        edition().stories[0],
        title="17 dead in ferry fire off Wick, captain arrested",
        lead="The fire on a ferry off Wick killed 17 people, and police arrested the captain.",
        published=AT - timedelta(hours=2),
        article_keys=("https://example.org/a", "https://example.org/old"),
    )
    at = replace(edition(), sections=(replace(edition().sections[0], stories=(mine,)),))
    assert repeats(at, [before]) == {}
    older = replace(mine, published=AT - timedelta(hours=20))
    assert repeats(replace(at, sections=(replace(at.sections[0], stories=(older,)),)), [before]) == {"a": "z"}


def test_leaving_out_keeps_the_order_and_drops_empty_sections() -> None:
    assert [s.key for s in without(edition(), {"a", "c"}).stories] == ["b"]
    assert [s.topic for s in without(edition(), {"a", "c"}).sections] == ["world"]
    assert without(edition(), ()) is not None
    assert without(edition(), ()) == edition()
