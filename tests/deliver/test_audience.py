"""The audience of an edition: its subscribers, their variants and times."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.compose.edition import Edition, Section
from digest.deliver.audience import AudienceMember, Variant, VariantOptions, not_before, plan
from digest.deliver.subscriber import Subscriber, Subscription

NOW = datetime(2026, 11, 22, 20, tzinfo=UTC)
SECTIONS = tuple(Section(topic, topic.title(), ()) for topic in ("world", "tech", "sport"))
EDITION = Edition(
    "morning-2026-11-23-0700",
    "morning",
    "2026-11-23T07:00",
    datetime(2026, 11, 23, 6, tzinfo=UTC),
    datetime(2026, 11, 23, 5, 15, tzinfo=UTC),
    "The Morning",
    "fr",
    "Europe/Paris",
    SECTIONS,
)
CHOICE = VariantOptions("fr", "classic", ("fr", "en"), ("classic", "compact"))


def reader(
    number: int = 1, suppressed: str = "", language: str = "", timezone: str = "", **wish: object
) -> AudienceMember:
    """A confirmed reader, with wishes."""
    person = Subscriber(number, f"r{number}@example.org", language=language, timezone=timezone)
    facts: dict[str, object] = {"state": "confirmed"} | wish
    return AudienceMember(person, Subscription(number, "morning", **facts), suppressed)  # type: ignore[arg-type]


def test_plan_yields_confirmed_subscribers_only() -> None:
    readers = [reader(1), reader(2, state="unconfirmed"), reader(3, state="unsubscribed")]
    assert [d.subscriber_id for d in plan(EDITION, readers, CHOICE, NOW)] == [1]


def test_plan_suppressed_subscribers_get_a_row() -> None:
    (delivery,) = plan(EDITION, [reader(suppressed="complaint since 2026-10-01")], CHOICE, NOW)
    assert (delivery.state, delivery.reason) == ("suppressed", "complaint since 2026-10-01")


def test_plan_same_choices_share_a_variant() -> None:
    readers = [
        reader(1),
        reader(2, topics=("world", "tech", "sport")),
        reader(3, topics=("sport", "tech", "world", "gone")),
        reader(4, language="fr", theme="classic"),
    ]
    assert len({d.variant for d in plan(EDITION, readers, CHOICE, NOW)}) == 1


def test_plan_keeps_choices_and_falls_back() -> None:
    wishes = [
        (reader(topics=("tech",)), Variant(("tech",), "fr", "classic")),
        (reader(language="en"), Variant(("world", "tech", "sport"), "en", "classic")),
        (reader(language="ja"), Variant(("world", "tech", "sport"), "fr", "classic")),
        (reader(theme="compact", pictures=False), Variant(("world", "tech", "sport"), "fr", "compact", False)),
        (reader(theme="gone"), Variant(("world", "tech", "sport"), "fr", "classic")),
    ]
    for person, variant in wishes:
        (delivery,) = plan(EDITION, [person], CHOICE, NOW)
        assert Variant.parse(delivery.variant) == variant


def test_plan_subscriber_without_story_is_skipped() -> None:
    (delivery,) = plan(EDITION, [reader(topics=("weather",))], CHOICE, NOW)
    assert delivery.state == "skipped"
    assert "topics" in delivery.reason


def test_variant_sections_keep_the_edition_order() -> None:
    assert [s.topic for s in Variant(("sport", "world"), "fr", "classic").sections(EDITION)] == ["world", "sport"]


@pytest.mark.parametrize("key", ["", "fr", "a|b|c|d|e|f"])
def test_variant_parse_invalid_key_raises(key: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        Variant.parse(key)


def test_not_before_is_the_edition_time_by_default() -> None:
    (delivery,) = plan(EDITION, [reader(timezone="America/New_York")], CHOICE, NOW)
    assert delivery.not_before == EDITION.send_at


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("America/New_York", 6), ("Asia/Tokyo", 0), ("Europe/Paris", 0), ("", 0), ("Nowhere/Land", 0), ("../etc", 0)],
)
def test_not_before_local_time_is_never_before_the_edition(zone: str, hours: int) -> None:
    assert not_before(EDITION, zone) == EDITION.send_at + timedelta(hours=hours)


def test_not_before_skipped_wall_time_moves_past_the_gap() -> None:
    edition = Edition(
        "e", "n", "2026-03-08T02:30", datetime(2026, 3, 8, 1, tzinfo=UTC), NOW, "t", "en", "Europe/London"
    )
    # 02:30 does not exist in New York that day: 03:30 daylight time is 07:30 UTC.
    assert not_before(edition, "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_plan_streams_a_hundred_thousand_subscribers() -> None:
    def readers() -> Iterator[AudienceMember]:
        for number in range(100_000):
            yield reader(number, topics=("world",) if number % 3 else ())

    began = time.process_time()
    states = Counter(delivery.variant for delivery in plan(EDITION, readers(), CHOICE, NOW))
    assert sum(states.values()) == 100_000
    assert len(states) == 2
    assert time.process_time() - began < 5
