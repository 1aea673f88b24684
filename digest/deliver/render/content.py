"""Content: the one data model that every mail template is written against. Pure.

`typeset` makes it from an edition, once and for HTML and text alike; templates get it as `mail` and never see anything
else. templates/email/README.md describes it for their authors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from digest.deliver.theme import Dress, Logo, Shape

Place = Literal["top", "first", "next"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is printed; `width` and `height` in CSS pixels."""

    src: str
    alt: str
    width: int
    height: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another outlet with the same story; `url` may be "" (then only its name is printed)."""

    outlet: str
    url: str


@dataclass(frozen=True, slots=True)
class Story:
    """One story. `lang` is "" when it is the mail's own; `dir` is always given; `time` is written out."""

    place: Place
    kicker: str  # the section's title, on the top story
    url: str
    title: str
    lead: str
    lang: str
    dir: str
    start: str  # 'left' or 'right': where its lines begin
    end: str
    outlet: str
    author: str
    credit: str
    time: str
    minutes: int
    updated: bool
    note: str
    also: tuple[AlsoIn, ...]
    also_more: int
    picture: Shown | None


@dataclass(frozen=True, slots=True)
class Part:
    """A section: `stories` are those under its heading (the top story stands before all of them)."""

    topic: str
    title: str
    anchor: str
    total: int
    stories: tuple[Story, ...]
    dir: str  # of its title, which may be in another script than the mail's: 'Auf Deutsch', 'بالعربية'
    start: str
    joined: bool  # its letters must not be spaced out


@dataclass(frozen=True, slots=True)
class Links:
    """Where the mail's own links lead; the personal ones are placeholders, and "" on the web."""

    web: str
    home: str
    unsubscribe: str
    preferences: str


@dataclass(frozen=True, slots=True)
class Content:
    """`mail` in the templates."""

    language: str
    dir: str
    start: str
    end: str
    comma: str  # what stands between names in a row
    newsletter: str
    site: str
    tagline: str
    logo: Logo | None
    subject: str
    preheader: str
    date: str
    stories: str  # '14 stories'
    minutes: str  # '6 minutes'
    count: int
    note: tuple[str, ...]
    contents: bool
    top: Story | None
    parts: tuple[Part, ...]
    more: int  # stories that are only on the web
    web: bool
    image: Shown | None  # for Open Graph
    address: str  # the reader's, a placeholder; "" on the web
    postal_address: tuple[str, ...]
    links: Links
    dress: Dress


#: What a story's own template knows of the mail: what all variants of a language have in common.
SHARED: Final = ("language", "dir", "start", "end", "comma", "newsletter", "dress")


def stories_of(mail: Content) -> list[Story]:
    """Every story that is printed, in reading order."""
    return [*([mail.top] if mail.top else []), *(story for part in mail.parts for story in part.stories)]


def fields() -> Mapping[str, tuple[str, ...]]:
    """The names in the data model, by class: for the documentation and for 'did you mean' in errors."""
    return {c.__name__: tuple(c.__dataclass_fields__) for c in (Content, Part, Story, AlsoIn, Shown, Links)}
