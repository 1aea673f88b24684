"""The invented outlets of the demo and their articles, as read from `outlets/*.toml`. Pure.

All of it is fiction: the two countries, the strait between them, their papers, their storm and their goalkeeper.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from digest import resources

#: The zone of the outlets and of both newsletters, whose cut-off is at 06:15.
ZONE: Final = ZoneInfo("Europe/Paris")

FeedFormat = Literal["rss", "atom", "rdf", "json"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One published article. `at` is local time on the demo's day, or on the day before when `yesterday`."""

    slug: str
    section: str
    title: str
    at: time
    author: str
    paragraphs: tuple[str, ...]
    picture: str = ""  # "" for none, as many articles have none
    alt: str = ""
    event: str = ""  # the same for articles on one event; digest never sees it
    yesterday: bool = False
    role: str = ""
    place: str = ""
    caption: str = ""
    credit: str = ""
    standfirst: str = ""
    paywall: bool = False

    def published(self, day: date) -> datetime:
        """Return when it appeared, aware, for a demo of `day`."""
        return datetime.combine(day - timedelta(days=self.yesterday), self.at, ZONE)

    @property
    def summary(self) -> str:
        """The summary in its feed: the standfirst, or else the first paragraph."""
        return self.standfirst or self.paragraphs[0]


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet in one language (Radio Maren has four). `sections` maps keys to titles; each has a feed."""

    name: str
    path: str
    language: str
    format: FeedFormat
    page: str  # template in pages/
    tagline: str
    sections: Mapping[str, str]
    words: Mapping[str, str]  # the page's own words, where one template serves several languages
    pieces: tuple[Piece, ...]

    def page_path(self, piece: Piece, day: date) -> str:
        """Return the path of an article's page; it holds the date, as with most outlets."""
        return f"/{self.path}/{piece.section}/{piece.published(day):%Y/%m/%d}/{piece.slug}"

    def feed_path(self, section: str) -> str:
        """Return the path of a section's feed."""
        return f"/{self.path}/{section}.{self.format}"

    def latest(self, day: date, now: datetime, section: str = "") -> tuple[Piece, ...]:
        """Return the articles of one section, or of all, that are out at `now`, the newest first."""
        out = (p for p in self.pieces if p.published(day) <= now and section in ("", p.section))
        return tuple(sorted(out, key=lambda piece: piece.published(day), reverse=True))


@cache
def outlets() -> tuple[Outlet, ...]:
    """Return all outlets, in the order of their file names."""
    paths = resources.data_files("demo/outlets", ".toml")
    return tuple(_outlet(tomllib.loads(resources.data(path))) for path in paths)


def _outlet(data: dict[str, Any]) -> Outlet:
    pieces = tuple(_piece(article) for article in data.pop("articles"))
    return Outlet(**{"words": {}, **data}, pieces=pieces)


def _piece(data: dict[str, Any]) -> Piece:
    text = data.pop("text")
    paragraphs = tuple(" ".join(block.split("\n")) for block in text.strip().split("\n\n"))
    return Piece(**{**data, "at": time.fromisoformat(data["at"])}, paragraphs=paragraphs)
