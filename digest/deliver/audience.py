"""Audience: who gets an edition, and in which variant. Pure; readers stream through, nothing is kept per person.

Readers who get the same bytes but for what is personal share a variant: the sections they chose that this edition has,
the language of the fixed texts, the theme, and pictures or none. One reader gets one mail over all their topics.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digest.compose.edition import Edition, Section
from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber, Subscription


@dataclass(frozen=True, slots=True)
class Reader:
    """One row of the stream. `suppressed` is why the address must not be mailed, or ""."""

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

    @property
    def key(self) -> str:
        """As text: `fr|classic|pictures|world,tech`."""
        return "|".join((self.language, self.theme, "pictures" if self.pictures else "plain", ",".join(self.topics)))

    @classmethod
    def parse(cls, key: str) -> Variant:
        """The variant of a key. Raises ValueError for a text that is none."""
        language, theme, pictures, topics = key.split("|")
        return cls(tuple(filter(None, topics.split(","))), language, theme, pictures == "pictures")

    def sections(self, edition: Edition) -> tuple[Section, ...]:
        """The part of the edition that this variant shows."""
        return tuple(section for section in edition.sections if section.topic in self.topics)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the newsletter offers: the languages there are fixed texts for, the themes, and its own of each."""

    language: str
    theme: str
    languages: Collection[str] = ()
    themes: Collection[str] = ()
    pictures: bool = True
    local_time: bool = False  # send at the slot's wall time in the reader's own zone


def plan(edition: Edition, readers: Iterable[Reader], choice: Choice, now: datetime) -> Iterator[Delivery]:
    """One Delivery per confirmed reader, in the order they come: planned, suppressed, or skipped, with the reason.

    Call it once, when the edition is approved: what it yields is frozen. Readers who are not confirmed get no row.
    """
    topics = tuple(section.topic for section in edition.sections)
    variants: dict[tuple[tuple[str, ...], str, str, bool], str] = {}
    moments: dict[str, datetime] = {}
    for reader in readers:
        person, wish = reader.subscriber, reader.subscription
        if wish.state != "confirmed":
            continue
        wanted = (wish.topics, person.language, wish.theme, wish.pictures)
        key = variants.get(wanted)
        if key is None:
            key = variants[wanted] = _variant(topics, wish, person, choice).key
        moment = moments.get(person.timezone)
        if moment is None:
            moment = moments[person.timezone] = not_before(edition, person.timezone if choice.local_time else "")
        planned = Delivery(edition.id, person.id, person.address, key, not_before=moment, updated_at=now)
        yield _unsent(planned, reader.suppressed) or planned


def not_before(edition: Edition, timezone: str) -> datetime:
    """When a reader in that zone may get it: the slot's wall time there, but never before the edition's own time.

    A wall time that the clock change leaves out moves past the gap; one that comes twice is taken the first time.
    """
    if not timezone or timezone == edition.timezone:
        return edition.send_at
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return edition.send_at
    local = datetime.fromisoformat(edition.slot).replace(tzinfo=zone, fold=0)
    return max(edition.send_at, local.astimezone(edition.send_at.tzinfo))


def _variant(topics: tuple[str, ...], wish: Subscription, person: Subscriber, choice: Choice) -> Variant:
    chosen = topics if not wish.topics else tuple(topic for topic in topics if topic in wish.topics)
    language = person.language if person.language in choice.languages else choice.language
    theme = wish.theme if wish.theme in choice.themes else choice.theme
    return Variant(chosen, language, theme, choice.pictures and wish.pictures)


def _unsent(planned: Delivery, suppressed: str) -> Delivery | None:
    """The same person, recorded as not to be mailed, where there is a reason for it."""
    edition, person, address, key = planned.edition_id, planned.subscriber_id, planned.address, planned.variant
    if suppressed:
        return Delivery(edition, person, address, key, "suppressed", suppressed, updated_at=planned.updated_at)
    if key.endswith("|"):
        reason = "none of the topics they chose has a story today"
        return Delivery(edition, person, address, key, "skipped", reason, updated_at=planned.updated_at)
    return None
