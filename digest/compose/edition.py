"""Edition: the composed content of one slot, frozen; what an editor sees is what every renderer gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.collect.article import Image

EditionState = Literal["draft", "in_review", "approved", "sending", "paused", "sent", "skipped", "cancelled"]


@dataclass(frozen=True, slots=True)
class Also:
    """Another outlet that tells the same story."""

    outlet: str
    url: str


@dataclass(frozen=True, slots=True)
class EditionStory:
    """One story as it is printed. Texts are plain text (not HTML); `published` is aware; `minutes` is reading time."""

    key: str
    url: str
    title: str
    lead: str
    language: str
    outlet: str
    published: datetime | None = None
    minutes: int = 1
    author: str = ""
    credit: str = ""
    image: Image | None = None
    also: tuple[Also, ...] = ()
    update: bool = False  # told before, with real news since
    note: str = ""  # the editor's
    article_keys: tuple[str, ...] = ()  # canonical URLs of every article in it, for the ledger


@dataclass(frozen=True, slots=True)
class Section:
    """A topic's place in one edition."""

    topic: str  # key in the settings
    title: str
    stories: tuple[EditionStory, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """The content of one slot of one newsletter, and where it stands.

    `id` is `NEWSLETTER-YYYY-MM-DD-HHMM` of the slot's local time; `slot` that local time (naive ISO, minutes);
    `send_at` and `cut_off` the same in aware UTC. `version` counts content changes; `content_hash` is over everything
    a reader can see, so an approval that names it is void after any edit.
    """

    id: str
    newsletter: str
    slot: str
    send_at: datetime
    cut_off: datetime
    title: str
    language: str
    timezone: str
    sections: tuple[Section, ...] = ()
    note: str = ""
    subject: str = ""  # an editor's own; "" means the template's
    state: EditionState = "draft"
    reason: str = ""  # why skipped, paused, cancelled
    version: int = 1
    content_hash: str = ""
    approved_hash: str = ""
    approved_by: str = ""
    created_at: datetime | None = None

    @property
    def stories(self) -> tuple[EditionStory, ...]:
        """Every story in reading order."""
        return tuple(story for section in self.sections for story in section.stories)
