"""Article: one readable page with its clean text, metadata and lead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.collect.lead import Lead


@dataclass(frozen=True, slots=True)
class Image:
    """The picture of an article; sizes in CSS pixels, None if unknown."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A piece of the page that is not part of the article, and the reason."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Article:
    """The content of one page.

    `text` is the article alone: no title, byline or date; paragraphs separated by a blank line, the standfirst first
    where there is one. `problem` is None or one line (consent wall, paywall, no text, could not be fetched); an article
    with a problem may still have a lead from the feed or the title. `language` is a two-letter code
    (BCP 47 primary subtag) or "" when unknown. Times are aware, in the zone that the page gave.
    """

    source: str  # URL or file name it was read from
    url: str  # canonical URL if known, else the URL it was fetched from
    title: str
    language: str = ""
    text: str = ""
    lead: Lead = Lead()
    author: str = ""
    credit: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    section: str = ""
    site_name: str = ""
    image: Image | None = None
    removed: tuple[Removed, ...] = ()
    problem: str | None = None
    standfirst: str = ""  # the separate introduction; `text` begins with it

    @property
    def minutes(self) -> int:
        """Return the reading time in whole minutes, at least 1: 230 words, or 500 CJK characters, a minute."""
        cjk = sum(1 for c in self.text if "\u3040" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff")
        return max(1, round(len(self.text.split()) / 230 + cjk / 500))
