"""Edits of an edition, as values. Pure.

`apply` returns a new edition with a higher version and a new content hash, which voids any approval. Texts of editors
are cleaned of invisible characters and of characters that no header may hold. The store decides which of two editors
was first (the version in its WHERE clause), and keeps the history for undo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from digest.compose.edition import EDITABLE, Edition, EditionStory, Section, frozen
from digest.errors import AlreadySent, EditionError
from digest.text.clean import one_line, plain


@dataclass(frozen=True, slots=True)
class Move:
    """Put a story at `position` (0 first) of a section; a new section is appended with `title`."""

    story: str
    topic: str
    position: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove a story."""

    story: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Make a story the first of the whole edition: its section comes first, and it leads the section."""

    story: str


@dataclass(frozen=True, slots=True)
class Retitle:
    """Give a story another title."""

    story: str
    title: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Give a story another lead (plain text)."""

    story: str
    lead: str


@dataclass(frozen=True, slots=True)
class Note:
    """Set the editor's note of a story, or of the edition (`story` ""); an empty text removes it."""

    text: str
    story: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Set the subject line; an empty one restores the newsletter's template."""

    text: str


@dataclass(frozen=True, slots=True)
class Add:
    """Add a story at `position` of a section."""

    story: EditionStory
    topic: str
    title: str  # of the section, if it is new
    position: int = 0


Edit = Move | Drop | Pin | Retitle | Rewrite | Note | Subject | Add


def apply(edition: Edition, edit: Edit) -> Edition:
    """Return the edition after an edit: next version, new hash, no approval, in review again.

    Raises EditionError for an unknown story or section, AlreadySent when the edition is being sent or was sent.
    """
    if edition.state not in EDITABLE:
        raise AlreadySent(f"edition {edition.id} is {edition.state}; its content cannot change any more")
    changed = _changed(edition, edit)
    state = "in_review" if edition.state == "approved" else edition.state
    version = edition.version + 1
    return frozen(replace(changed, version=version, state=state, approved_hash="", approved_by=""))


def _changed(edition: Edition, edit: Edit) -> Edition:
    match edit:
        case Subject(text):
            changed = replace(edition, subject=one_line(text))
        case Note(text, ""):
            changed = replace(edition, note=plain(text).strip())
        case Note(text, key):
            changed = _each(edition, key, lambda story: replace(story, note=plain(text).strip()))
        case Retitle(key, title):
            changed = _each(edition, key, lambda story: replace(story, title=_some(one_line(title), "title")))
        case Rewrite(key, lead):
            changed = _each(edition, key, lambda story: replace(story, lead=_some(plain(lead), "lead"), written=False))
        case Drop(key):
            changed, _ = _without(edition, key)
        case Pin(key):
            changed = _pinned(edition, key)
        case Move(key, topic, position, title):
            rest, story = _without(edition, key, keep_empty=topic)
            changed = _inserted(rest, story, topic, title or topic, position)
        case Add(story, topic, title, position):
            if any(story.key == other.key for other in edition.stories):
                raise EditionError(f"edition {edition.id} already has {story.url}")
            changed = _inserted(edition, story, topic, title, position)
    return changed


def _some(text: str, what: str) -> str:
    if not text.strip():
        raise EditionError(f"a {what} cannot be empty", "write one, or drop the story")
    return text.strip()


def _find(edition: Edition, key: str) -> EditionStory:
    story = next((story for story in edition.stories if story.key == key), None)
    if story is None:
        raise EditionError(f"edition {edition.id} has no story {key!r}", f"'digest preview {edition.id}' lists them")
    return story


def _each(edition: Edition, key: str, change: Callable[[EditionStory], EditionStory]) -> Edition:
    _find(edition, key)
    return replace(
        edition,
        sections=tuple(
            replace(section, stories=tuple(change(s) if s.key == key else s for s in section.stories))
            for section in edition.sections
        ),
    )


def _without(edition: Edition, key: str, keep_empty: str = "") -> tuple[Edition, EditionStory]:
    story = _find(edition, key)
    sections = (replace(s, stories=tuple(x for x in s.stories if x.key != key)) for s in edition.sections)
    remaining = tuple(section for section in sections if section.stories or section.topic == keep_empty)
    return replace(edition, sections=remaining), story


def _inserted(edition: Edition, story: EditionStory, topic: str, title: str, position: int) -> Edition:
    if all(section.topic != topic for section in edition.sections):
        return replace(edition, sections=(*edition.sections, Section(topic, title, (story,))))
    at = max(0, position)
    return replace(
        edition,
        sections=tuple(
            replace(s, stories=(*s.stories[:at], story, *s.stories[at:])) if s.topic == topic else s
            for s in edition.sections
        ),
    )


def _pinned(edition: Edition, key: str) -> Edition:
    story = _find(edition, key)
    home = next(section for section in edition.sections if story in section.stories)
    first = replace(home, stories=(story, *(s for s in home.stories if s.key != key)))
    return replace(edition, sections=(first, *(s for s in edition.sections if s.topic != home.topic)))
