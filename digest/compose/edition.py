"""Edition: the composed content of one slot, immutable; editors and renderers use the same object. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final, Literal

from digest.collect.article import Image
from digest.errors import AlreadySent, EditConflict, EditionError

EditionState = Literal["draft", "in_review", "approved", "sending", "paused", "sent", "skipped", "cancelled"]


@dataclass(frozen=True, slots=True)
class Also:
    """Another outlet with the same story."""

    outlet: str
    url: str


@dataclass(frozen=True, slots=True)
class EditionStory:
    """One story as printed. Texts are plain text (not HTML); `published` is aware; `minutes` is reading time."""

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
    update: bool = False  # printed before, with new facts since
    note: str = ""  # by the editor
    article_keys: tuple[str, ...] = ()  # canonical URLs of all its articles, for the ledger
    written: bool = False  # `lead` was written by a language model and checked by `grounding`; it is not in the text
    extract: str = ""  # the sentences of the article that `lead` replaced, for the editor to compare or restore


@dataclass(frozen=True, slots=True)
class Section:
    """A topic's place in one edition."""

    topic: str  # key in the settings
    title: str
    stories: tuple[EditionStory, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """The content of one slot of one newsletter, and its state.

    `id` is `NEWSLETTER-YYYY-MM-DD-HHMM` of the slot's local time; `slot` that local time (naive ISO, minutes);
    `send_at` and `cut_off` the same in aware UTC. `version` counts content changes; `content_hash` is over everything
    a subscriber can see, so an approval that names it is void after any edit.
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
    subject: str = ""  # by the editor; "" means the template's
    state: EditionState = "draft"
    reason: str = ""  # of being skipped, paused or cancelled
    version: int = 1
    content_hash: str = ""
    approved_hash: str = ""
    approved_by: str = ""
    created_at: datetime | None = None

    @property
    def stories(self) -> tuple[EditionStory, ...]:
        """Every story in reading order."""
        return tuple(story for section in self.sections for story in section.stories)


#: Allowed state transitions. Content may change only in EDITABLE states.
TRANSITIONS: Final[dict[EditionState, frozenset[EditionState]]] = {
    "draft": frozenset({"in_review", "approved", "skipped", "cancelled"}),
    "in_review": frozenset({"approved", "skipped", "cancelled"}),
    "approved": frozenset({"in_review", "sending", "skipped", "cancelled"}),
    "sending": frozenset({"paused", "sent", "cancelled"}),
    "paused": frozenset({"sending", "cancelled"}),
    "sent": frozenset(),
    "skipped": frozenset(),
    "cancelled": frozenset(),
}

EDITABLE: Final[frozenset[EditionState]] = frozenset({"draft", "in_review", "approved"})


def edition_id(newsletter: str, local: datetime) -> str:
    """Return the id of a newsletter's edition for a slot: readable, sortable, safe in a file name and a URL."""
    return f"{newsletter}-{local:%Y-%m-%d-%H%M}"


def content_hash(edition: Edition) -> str:
    """Return the SHA-256 (hex) over everything that a subscriber can see, and nothing else."""
    seen = (edition.newsletter, edition.slot, edition.title, edition.language, edition.note, edition.subject)
    content = [*seen, [asdict(section) for section in edition.sections]]
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def frozen(edition: Edition) -> Edition:
    """Return the edition with the hash of its present content."""
    return replace(edition, content_hash=content_hash(edition))


def moved(edition: Edition, state: EditionState, reason: str = "") -> Edition:
    """Return the edition in another state. Raises EditionError for a transition that is not allowed."""
    if state not in TRANSITIONS[edition.state]:
        possible = ", ".join(sorted(TRANSITIONS[edition.state])) or "nothing: this is final"
        raise EditionError(f"edition {edition.id} is {edition.state}; it cannot become {state} (possible: {possible})")
    return replace(edition, state=state, reason=reason)


def approved(edition: Edition, content: str, by: str) -> Edition:
    """Return the edition approved; `content` is the hash of the content that the editor saw.

    Raises EditConflict when the content has changed since, AlreadySent or EditionError when it is too late.
    """
    if edition.state in ("sending", "paused", "sent"):
        raise AlreadySent(f"edition {edition.id} is already {edition.state}")
    if content != edition.content_hash:
        raise EditConflict(
            f"edition {edition.id} changed since you looked ({content[:8]} is now {edition.content_hash[:8]})",
            f"look again with 'digest preview {edition.id}', then approve",
        )
    if not edition.stories:
        raise EditionError(f"edition {edition.id} has no stories", "add one, or cancel it")
    ready = edition if edition.state == "approved" else moved(edition, "approved")
    return replace(ready, approved_hash=content, approved_by=by)
