"""Feed: what we know of one address we poll. Pure: the network's answer comes in as a value, time as an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.collect.entry import Entry

FeedState = Literal["active", "gone", "flooded"]
FetchStatus = Literal["ok", "not_modified", "moved", "gone", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed and its history, as stored. `url` is its address in the settings and its key; times are aware UTC."""

    url: str
    state: FeedState = "active"
    title: str = ""
    site_url: str = ""
    language: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""  # SHA-256 of the last parsed body, hex
    location: str = ""  # where it permanently moved, once that held long enough; "" means `url`
    moved_to: str = ""  # what the last 301/308 named
    moved_count: int = 0  # how often in a row
    failures: int = 0  # in a row
    last_error: str = ""
    last_checked: datetime | None = None
    last_ok: datetime | None = None
    last_new: datetime | None = None  # when it last brought something new
    next_due: datetime | None = None  # None: now
    usual_new: float = 0.0  # running mean of new entries a poll that brought any
    cadence: float | None = None  # expected seconds between new entries, learned; None: not known yet

    @property
    def address(self) -> str:
        """Where to ask: the settled new location if there is one."""
        return self.location or self.url


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """What the network said of one feed. Exactly one of: a body, not modified, gone, an error."""

    url: str  # Feed.url
    status: Literal["ok", "not_modified", "gone", "error"]
    body: bytes = b""
    content_type: str = ""
    final_url: str = ""  # after redirects
    moved_to: str = ""  # target if *every* hop was 301 or 308
    etag: str = ""
    last_modified: str = ""
    http_status: int | None = None
    retry_after: float | None = None  # seconds the server asked us to wait (429, 503)
    max_age: float | None = None  # seconds, from Cache-Control; a hint for the next poll
    error: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The facts of a parsed body. `problem` says what was broken when something was, though entries may exist."""

    title: str = ""
    site_url: str = ""
    language: str = ""
    version: str = ""  # rss20, atom10, json11, ...
    ttl: float | None = None  # seconds
    entries: tuple[Entry, ...] = ()
    problem: str = ""
