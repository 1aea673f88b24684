"""Content: the one data model that every mail template is written against. Pure.

`build_content` makes it from an edition, once for HTML and text; templates get it as `mail` and nothing else.
templates/email/README.md describes it for template authors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from digest.deliver.theme import Logo, ResolvedStyle, Shape

Place = Literal["top", "first", "next"]


@dataclass(frozen=True, slots=True)
class MailPicture:
    """A picture as the mail shows it; `width` and `height` in CSS pixels."""

    src: str
    alt: str
    width: int
    height: int
    shape: Shape


@dataclass(frozen=True, slots=True)
class AlsoIn:
    """Another outlet with the same story; with `url` "" only its name is shown."""

    outlet: str
    url: str


@dataclass(frozen=True, slots=True)
class MailStory:
    """One story. `lang` is "" for the mail's own language; `dir` is always set; `time` is formatted."""

    place: Place
    kicker: str  # the section's title, on the top story
    url: str
    title: str
    lead: str
    lang: str
    dir: str
    start: str  # 'left' or 'right': the side on which its lines begin
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
    picture: MailPicture | None


@dataclass(frozen=True, slots=True)
class MailSection:
    """A section with the stories under its heading (the top story stands before all sections)."""

    topic: str
    title: str
    anchor: str
    total: int
    stories: tuple[MailStory, ...]
    dir: str  # of its title, which may be in another script than the mail's: 'Auf Deutsch', 'بالعربية'
    start: str
    joined: bool  # cursive script: no letter spacing


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Addresses of the mail's own links; the personal ones are placeholders, and "" on the web."""

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
    comma: str  # separator of names in a list, with its space
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
    top: MailStory | None
    parts: tuple[MailSection, ...]
    more: int  # stories that are only on the web
    web: bool
    image: MailPicture | None  # for Open Graph
    address: str  # the subscriber's, a placeholder; "" on the web
    postal_address: tuple[str, ...]
    links: MailLinks
    dress: ResolvedStyle


#: Fields of the mail that a story's template may use: those that all variants of a language share.
STORY_CONTEXT: Final = ("language", "dir", "start", "end", "comma", "newsletter", "dress")


def stories_of(mail: Content) -> list[MailStory]:
    """Return every story in the mail, in reading order."""
    return [*([mail.top] if mail.top else []), *(story for part in mail.parts for story in part.stories)]


def fields() -> Mapping[str, tuple[str, ...]]:
    """Return the field names of the data model by class, for the documentation and 'did you mean' in errors."""
    return {
        c.__name__: tuple(c.__dataclass_fields__)
        for c in (Content, MailSection, MailStory, AlsoIn, MailPicture, MailLinks)
    }
