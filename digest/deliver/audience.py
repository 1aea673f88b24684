"""Audience: who gets an edition, and in which variant. Pure; readers stream through, nothing is kept per person.

Readers who get the same bytes but for what is personal share a variant: the sections they chose that this edition has,
the language of the fixed texts, the theme, and pictures or none. One reader gets one mail over all their topics.
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

NOT_CHOSEN: Final = "none of the topics they chose has a story today"
HAD_ALL: Final = "they have all of its stories from another newsletter"


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
    without: tuple[str, ...] = ()  # keys of stories that they have from another newsletter

    @property
    def key(self) -> str:
        """As text: `fr|classic|pictures|world,tech`, and what is left out after a further bar."""
        parts = [self.language, self.theme, "pictures" if self.pictures else "plain", ",".join(self.topics)]
        return "|".join([*parts, ",".join(self.without)] if self.without else parts)

    @classmethod
    def parse(cls, key: str) -> Variant:
        """The variant of a key. Raises ValueError for a text that is none."""
        parts = key.split("|")
        language, theme, pictures, topics, left_out = [*parts, ""] if len(parts) == 4 else parts
        chosen, out = (tuple(filter(None, names.split(","))) for names in (topics, left_out))
        return cls(chosen, language, theme, pictures == "pictures", out)

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


def plan(
    edition: Edition,
    readers: Iterable[Reader],
    choice: Choice,
    now: datetime,
    had: Callable[[int], frozenset[str]] = lambda number: frozenset(),
) -> Iterator[Delivery]:
    """One Delivery per confirmed reader, in the order they come: planned, suppressed, or skipped, with the reason.

    `had` gives the keys of the stories that a reader has from another newsletter, which are left out of their copy.

    Call it once, when the edition is approved: what it yields is frozen. Readers who are not confirmed get no row.
    """
    variants: dict[tuple[tuple[str, ...], str, str, bool, frozenset[str]], tuple[str, str]] = {}
    moments: dict[str, datetime] = {}
    for reader in readers:
        person, wish = reader.subscriber, reader.subscription
        if wish.state != "confirmed":
            continue
        known = had(person.id)
        wanted = (wish.topics, person.language, wish.theme, wish.pictures, known)
        if wanted not in variants:
            variants[wanted] = _variant(edition, wish, person, choice, known)
        key, empty = variants[wanted]
        moment = moments.get(person.timezone)
        if moment is None:
            moment = moments[person.timezone] = not_before(edition, person.timezone if choice.local_time else "")
        planned = Delivery(edition.id, person.id, person.address, key, not_before=moment, updated_at=now)
        yield _unsent(planned, reader.suppressed, empty) or planned


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


def _variant(
    edition: Edition, wish: Subscription, person: Subscriber, choice: Choice, known: frozenset[str]
) -> tuple[str, str]:
    """The key of a reader's variant, and why there is nothing in it for them ("" when there is)."""
    chosen = [s for s in edition.sections if not wish.topics or s.topic in wish.topics]
    left = tuple(s.topic for s in chosen if not s.stories or any(story.key not in known for story in s.stories))
    here = [story.key for s in chosen if s.topic in left for story in s.stories]
    language = person.language if person.language in choice.languages else choice.language
    theme = wish.theme if wish.theme in choice.themes else choice.theme
    out = tuple(sorted(known.intersection(here)))
    variant = Variant(left, language, theme, choice.pictures and wish.pictures, out)
    if left:
        return variant.key, ""
    return variant.key, HAD_ALL if chosen else NOT_CHOSEN


def _unsent(planned: Delivery, suppressed: str, empty: str) -> Delivery | None:
    """The same person, recorded as not to be mailed, where there is a reason for it."""
    edition, person, address, key = planned.edition_id, planned.subscriber_id, planned.address, planned.variant
    if suppressed:
        return Delivery(edition, person, address, key, "suppressed", suppressed, updated_at=planned.updated_at)
    if empty:
        return Delivery(edition, person, address, key, "skipped", empty, updated_at=planned.updated_at)
    return None
