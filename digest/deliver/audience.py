"""Audience: the subscribers who get an edition, and in which variant. Nothing is kept per person. Pure.

Subscribers share a variant when their copies differ only in what is personal: the sections that they chose and this
edition has, the language of the fixed texts, the theme, and pictures or none. A subscriber gets one mail over all
topics.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.compose.edition import Edition, Section
from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber, Subscription

NO_STORY_CHOSEN: Final = "none of the topics they chose has a story today"
ALL_SEEN_ELSEWHERE: Final = "they have all of its stories from another newsletter"


@dataclass(frozen=True, slots=True)
class AudienceMember:
    """A subscriber of the newsletter. `suppressed` is why the address must not be mailed, or ""."""

    subscriber: Subscriber
    subscription: Subscription
    suppressed: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """`topics` in the edition's order; `key` is what a Delivery stores, and reads back by `Variant.parse`."""

    topics: tuple[str, ...]
    language: str
    theme: str
    pictures: bool = True
    without: tuple[str, ...] = ()  # keys of stories already received from another newsletter

    @property
    def key(self) -> str:
        """As text: `fr|classic|pictures|world,tech`, and the omitted stories after a further bar."""
        parts = [self.language, self.theme, "pictures" if self.pictures else "plain", ",".join(self.topics)]
        return "|".join([*parts, ",".join(self.without)] if self.without else parts)

    @classmethod
    def parse(cls, key: str) -> Variant:
        """The variant of a key. Raises ValueError for any other text."""
        parts = key.split("|")
        language, theme, pictures, topics, omitted = [*parts, ""] if len(parts) == 4 else parts
        chosen, without = (tuple(filter(None, names.split(","))) for names in (topics, omitted))
        return cls(chosen, language, theme, pictures == "pictures", without)

    def sections(self, edition: Edition) -> tuple[Section, ...]:
        """The part of the edition that this variant shows."""
        return tuple(section for section in edition.sections if section.topic in self.topics)


@dataclass(frozen=True, slots=True)
class VariantOptions:
    """The variants that a newsletter offers: the languages of its fixed texts, its themes, and its default of each."""

    language: str
    theme: str
    languages: Collection[str] = ()
    themes: Collection[str] = ()
    pictures: bool = True
    local_time: bool = False  # send at the slot's wall time in the subscriber's own zone


def plan(
    edition: Edition,
    audience: Iterable[AudienceMember],
    options: VariantOptions,
    now: datetime,
    seen_elsewhere: Callable[[int], frozenset[str]] = lambda subscriber_id: frozenset(),
) -> Iterator[Delivery]:
    """Yield one Delivery per confirmed subscriber, in the given order: planned, suppressed or skipped, with the reason.

    Call it once, when the edition is approved: the recipients are frozen then. Subscribers who are not confirmed get no
    row. `seen_elsewhere` returns the keys of the stories that a subscriber has from another newsletter; they are left
    out of that copy.
    """
    variants: dict[tuple[tuple[str, ...], str, str, bool, frozenset[str]], tuple[str, str]] = {}
    times: dict[str, datetime] = {}
    for member in audience:
        subscriber, subscription = member.subscriber, member.subscription
        if subscription.state != "confirmed":
            continue
        seen = seen_elsewhere(subscriber.id)
        cache_key = (subscription.topics, subscriber.language, subscription.theme, subscription.pictures, seen)
        if cache_key not in variants:
            variants[cache_key] = _variant(edition, subscription, subscriber, options, seen)
        key, empty = variants[cache_key]
        send_at = times.get(subscriber.timezone)
        if send_at is None:
            timezone = subscriber.timezone if options.local_time else ""
            send_at = times[subscriber.timezone] = not_before(edition, timezone)
        planned = Delivery(edition.id, subscriber.id, subscriber.address, key, not_before=send_at, updated_at=now)
        yield _withheld(planned, member.suppressed, empty) or planned


def not_before(edition: Edition, timezone: str) -> datetime:
    """When a subscriber in that zone may get it: the slot's wall time there, but never before the edition's own time.

    A wall time that a clock change skips moves past the gap; of one that occurs twice the first counts.
    """
    if not timezone or timezone == edition.timezone:
        return edition.send_at
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return edition.send_at
    local = datetime.fromisoformat(edition.slot).replace(tzinfo=zone, fold=0)
    return max(edition.send_at, local.astimezone(edition.send_at.tzinfo))


def _variant(
    edition: Edition, subscription: Subscription, subscriber: Subscriber, options: VariantOptions, seen: frozenset[str]
) -> tuple[str, str]:
    """The key of a subscriber's variant, and why it contains nothing for them ("" when it does)."""
    chosen = [s for s in edition.sections if not subscription.topics or s.topic in subscription.topics]
    topics = tuple(s.topic for s in chosen if not s.stories or any(story.key not in seen for story in s.stories))
    story_keys = [story.key for s in chosen if s.topic in topics for story in s.stories]
    language = subscriber.language if subscriber.language in options.languages else options.language
    theme = subscription.theme if subscription.theme in options.themes else options.theme
    without = tuple(sorted(seen.intersection(story_keys)))
    variant = Variant(topics, language, theme, options.pictures and subscription.pictures, without)
    if topics:
        return variant.key, ""
    return variant.key, ALL_SEEN_ELSEWHERE if chosen else NO_STORY_CHOSEN


def _withheld(planned: Delivery, suppressed: str, empty: str) -> Delivery | None:
    """The delivery of a subscriber who must not be mailed, with the reason; None when there is none."""
    edition, subscriber_id, address, key = planned.edition_id, planned.subscriber_id, planned.address, planned.variant
    if suppressed:
        return Delivery(edition, subscriber_id, address, key, "suppressed", suppressed, updated_at=planned.updated_at)
    if empty:
        return Delivery(edition, subscriber_id, address, key, "skipped", empty, updated_at=planned.updated_at)
    return None
