"""Feed: the state of one polled address. Responses are values, the time is an argument. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from digest.collect import cadence
from digest.collect.cadence import Cadence, Silence
from digest.collect.entry import Entry

FeedState = Literal["active", "gone", "flooded"]
FetchStatus = Literal["ok", "not_modified", "moved", "gone", "error", "skipped"]

EVERY: Final = 1800.0  # seconds between polls by default
_LONGEST_HINT: Final = 2 * 3600.0  # seconds; a daily digest cannot obey a feed that asks to be polled weekly
_LONGEST_BACK_OFF: Final = 24 * 3600.0
_LONGEST_RETRY_AFTER: Final = 7 * 24 * 3600.0
_MOVE_TIMES: Final = 3  # consecutive polls until a permanent redirect is adopted ...
_MOVE_HELD: Final = timedelta(days=2)  # ... over at least this time: a mistake of one day must not lose a feed
_NEW_ADDRESS_FAILURES: Final = 3  # failures until the address of the settings is tried again


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
    location: str = ""  # the adopted target of a permanent redirect; "" means `url`
    moved_to: str = ""  # target of the last 301 or 308
    moved_count: int = 0  # consecutive polls with this target
    failures: int = 0  # consecutive failures
    last_error: str = ""
    last_checked: datetime | None = None
    last_ok: datetime | None = None
    last_new: datetime | None = None  # time of the last new entry
    next_due: datetime | None = None  # None: now
    usual_new: float = 0.0  # running mean of new entries per poll with any
    cadence: float | None = None  # expected seconds between new entries, learned; None: not known yet
    longest_gap: float | None = None  # the longest normal silence in seconds (a night, a weekend), learned
    since: datetime | None = None  # start of the day of the first poll: older entries are its archive
    not_before: datetime | None = None  # from the server's Retry-After
    moved_since: datetime | None = None  # since when the last 301/308 names `moved_to`
    entries: int = 0  # in the last parsed body
    undated: float = 0.0  # share of entries without a usable date, 0 to 1
    problem: str = ""  # defect of the last parsed body that could still be read

    @property
    def address(self) -> str:
        """The address to poll: the adopted location if there is one."""
        return self.location or self.url


@dataclass(frozen=True, slots=True)
class FetchOutcome:
    """The HTTP result of one feed. Exactly one of: a body, not modified, gone, an error."""

    url: str  # Feed.url
    status: Literal["ok", "not_modified", "gone", "error"]
    body: bytes = b""
    content_type: str = ""
    final_url: str = ""  # after redirects
    moved_to: str = ""  # target if *every* hop was 301 or 308
    etag: str = ""
    last_modified: str = ""
    http_status: int | None = None
    retry_after: float | None = None  # seconds of Retry-After (429, 503)
    max_age: float | None = None  # seconds, from Cache-Control; a hint for the next poll
    error: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """The content of a parsed body. `problem` names a defect, though there may be entries."""

    title: str = ""
    site_url: str = ""
    language: str = ""
    version: str = ""  # rss20, atom10, json11, ...
    ttl: float | None = None  # seconds
    entries: tuple[Entry, ...] = ()
    problem: str = ""
    changed: datetime | None = None  # when it last changed, as the feed or the server says


def body_hash(body: bytes) -> str:
    """Return the SHA-256 of a body (hex), as `Feed.body_hash` keeps it."""
    return hashlib.sha256(body).hexdigest()


def is_unchanged(feed: Feed, outcome: FetchOutcome) -> bool:
    """Return whether there is nothing to parse: 304, or the same bytes as last time.

    `feed` is the feed *before* `after_fetch`.
    """
    if outcome.status == "ok":
        return bool(feed.body_hash) and feed.body_hash == body_hash(outcome.body)
    return outcome.status == "not_modified"


def is_due(feed: Feed, now: datetime, forced: bool = False) -> bool:
    """Return whether to poll now. `forced` (a person asks) overrides our interval, never the server's Retry-After."""
    if feed.state == "gone" or (feed.not_before and now < feed.not_before):
        return False
    return forced or feed.next_due is None or now >= feed.next_due


def after_fetch(feed: Feed, outcome: FetchOutcome, now: datetime, jitter: float = 0.5, every: float = EVERY) -> Feed:
    """Return the feed after one HTTP result; for a new body, `after_parse` must follow.

    `jitter` in [0, 1) spreads retries over time; `every` is the polling interval in seconds. The validators of a body
    are stored here, and `after_parse` removes them when it cannot be read: a broken body is never 'not modified'.
    """
    unchanged = is_unchanged(feed, outcome)
    feed = replace(feed, last_checked=now, not_before=None)
    if outcome.status == "gone":
        return replace(feed, state="gone", next_due=None, last_error=outcome.error or "gone for good (410)")
    if outcome.status == "error":
        return _failed(feed, outcome.error, now, jitter, every, retry_after=outcome.retry_after)
    feed = _follow_move(feed, outcome, now)
    feed = replace(feed, next_due=_next(now, every, outcome.max_age))
    if outcome.status == "ok":
        digest = body_hash(outcome.body)
        feed = replace(feed, etag=outcome.etag, last_modified=outcome.last_modified, body_hash=digest)
    return replace(feed, failures=0, last_error="", last_ok=now) if unchanged else feed


def after_parse(
    feed: Feed,
    parsed: ParsedFeed,
    new_count: int,
    now: datetime,
    *,
    flooded: bool = False,
    day_start: datetime | None = None,
    jitter: float = 0.5,
    every: float = EVERY,
) -> Feed:
    """Return the feed after its new body was parsed; `new_count` entries are new, including quarantined ones.

    A body without entries and with a problem counts as a failure. `day_start` is the start of the current day; the
    first poll stores it as the border of the archive.
    """
    if parsed.problem and not parsed.entries:
        feed = replace(feed, etag="", last_modified="", body_hash="")
        return _failed(feed, parsed.problem, now, jitter, every)
    first = feed.last_ok is None
    dates = [e.published for e in parsed.entries if e.published and e.published <= now]
    rhythm = cadence.blend(_rhythm(feed), _seen_rhythm(feed, dates, new_count, now), _elapsed(feed, now))
    usual = feed.usual_new
    if new_count and not first and not flooded:
        usual = 0.8 * usual + 0.2 * new_count if usual else float(new_count)
    last_new = feed.last_new
    if first:
        last_new = max(dates, default=now if parsed.entries else None)
    elif new_count and not flooded:
        last_new = now
    return replace(
        feed,
        state="flooded" if flooded else feed.state,
        title=parsed.title or feed.title,
        site_url=parsed.site_url or feed.site_url,
        language=parsed.language or feed.language,
        failures=0,
        last_error="",
        last_ok=now,
        last_new=last_new,
        next_due=max(feed.next_due or now, _next(now, every, parsed.ttl)),
        usual_new=usual,
        cadence=rhythm.usual if rhythm else None,
        longest_gap=rhythm.longest if rhythm else None,
        since=(day_start or now) if first else feed.since,
        entries=len(parsed.entries),
        undated=sum(e.published is None for e in parsed.entries) / max(1, len(parsed.entries)),
        problem=parsed.problem,
    )


def released(feed: Feed) -> Feed:
    """Return the feed after a person decided about its flood."""
    return replace(feed, state="active") if feed.state == "flooded" else feed


def silence(feed: Feed, now: datetime) -> Silence | None:
    """Return the silence of a feed that is longer than its own history explains, else None."""
    return None if feed.state == "gone" else cadence.silence(_rhythm(feed), feed.last_new, now)


def status(before: Feed, after: Feed, outcome: FetchOutcome | None) -> FetchStatus:
    """Return the status to report of one poll, from the feed before and after it and the HTTP result, if any."""
    if outcome is None:
        return "skipped"
    if outcome.status in ("gone", "error"):
        return outcome.status
    if after.failures:
        return "error"
    if after.location != before.location:
        return "moved"
    return "not_modified" if is_unchanged(before, outcome) else "ok"


def _failed(
    feed: Feed, error: str, now: datetime, jitter: float, every: float, *, retry_after: float | None = None
) -> Feed:
    """Count a failure: exponential back-off with equal jitter, and never before the server's Retry-After."""
    failures = feed.failures + 1
    wait = min(every * 2.0 ** min(failures - 1, 20), _LONGEST_BACK_OFF) * (0.5 + jitter / 2)
    not_before = None
    if retry_after is not None:
        asked = min(retry_after, _LONGEST_RETRY_AFTER)
        not_before, wait = now + timedelta(seconds=asked), max(wait, asked)
    return replace(
        feed,
        failures=failures,
        last_error=error,
        next_due=now + timedelta(seconds=wait),
        not_before=not_before,
        location="" if failures >= _NEW_ADDRESS_FAILURES else feed.location,
    )


def _follow_move(feed: Feed, outcome: FetchOutcome, now: datetime) -> Feed:
    """Count a permanent redirect (RFC 9110, 15.4.2 and 15.4.9), and adopt it once it has held for days."""
    if not outcome.moved_to or outcome.moved_to == feed.address:
        return replace(feed, moved_to="", moved_count=0, moved_since=None)
    if outcome.moved_to != feed.moved_to or feed.moved_since is None:
        return replace(feed, moved_to=outcome.moved_to, moved_count=1, moved_since=now)
    count = feed.moved_count + 1
    if count >= _MOVE_TIMES and now - feed.moved_since >= _MOVE_HELD:
        return replace(feed, location=outcome.moved_to, moved_to="", moved_count=0, moved_since=None)
    return replace(feed, moved_count=count)


def _next(now: datetime, every: float, hint: float | None) -> datetime:
    """Return the time of the next poll: a hint may lengthen the interval within limits; early wake-ups still count."""
    return now + timedelta(seconds=0.9 * max(every, min(hint or 0.0, _LONGEST_HINT)))


def _rhythm(feed: Feed) -> Cadence | None:
    return None if feed.cadence is None else Cadence(feed.cadence, feed.longest_gap or feed.cadence)


def _seen_rhythm(feed: Feed, dates: list[datetime], new_count: int, now: datetime) -> Cadence | None:
    """Learn the cadence from the dates of the body; without dates, from the time since the last new entry."""
    if (seen := cadence.cadence(dates, now)) or dates:
        return seen
    if new_count and feed.last_ok and feed.last_new and now > feed.last_new:
        gap = (now - feed.last_new).total_seconds()
        return Cadence(gap, gap)
    return None


def _elapsed(feed: Feed, now: datetime) -> float:
    return (now - feed.last_ok).total_seconds() if feed.last_ok else 0.0
