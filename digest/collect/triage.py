"""Triage: the entries of one feed body as new, changed, known, archive, or part of a flood. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from digest.collect.entry import Entry, alias_of
from digest.collect.feed import Feed

_FLOOD: Final = 20
_FLOOD_TIMES: Final = 5
_TRUSTED_ON_FIRST_RUN: Final = 10  # entries without a usable date that a first run takes, from the top
_OLDEST_NEWS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Triage:
    """One parsed body, sorted. *All* of `new`, `changed`, `quarantined` and `skipped` must be stored as known.

    `quarantined` entries wait for a person; `skipped` ones are archive, each with the reason: neither is ever offered
    to an edition by itself. `known` counts what we had already.
    """

    new: tuple[Entry, ...] = ()
    changed: tuple[Entry, ...] = ()
    quarantined: tuple[Entry, ...] = ()
    skipped: tuple[tuple[Entry, str], ...] = ()
    known: int = 0

    @property
    def flooded(self) -> bool:
        """True when the feed brought more at once than is plausible."""
        return bool(self.quarantined)


def triage(
    feed: Feed,
    entries: Sequence[Entry],
    known_hashes: Mapping[str, str],
    known_urls: Collection[str],
    *,
    now: datetime,
    day_start: datetime,
    changed: datetime | None = None,
) -> Triage:
    """Sort the entries of a parsed body: new, changed, held for review, archive, known.

    `feed` is as it was before this body. `known_hashes` has the content hash of each known key *of this feed*, and
    `known_urls` the canonical URLs of *this feed's* known entries: the same article in two feeds is an entry of both,
    since each feed is a tie to its topics. For the first run, `day_start` is when the current day began, and `changed`
    when the body last did, where that is known: what stands in it is not younger.

    Dates in the future become `now`. Rules for what is new: on a first run only the current day's, and of the entries
    without a usable date the first ten above any older one, unless the body is older than the day; later, nothing from
    before the first run or older than a week. More than max(20, 5 times the usual) at once, or twice what the time
    passed explains, is a flood and held.
    """
    entries = [replace(e, published=now) if e.published and e.published > now else e for e in _distinct(entries)]
    same = _Sameness(entries, known_hashes, known_urls)
    edited = tuple(e for e in entries if known_hashes.get(e.key, e.content_hash) != e.content_hash)
    fresh = [e for e in entries if not same.is_known(e)]
    known = len(entries) - len(edited) - len(fresh)
    if feed.last_ok is None:
        stale = changed is not None and changed < day_start
        new, skipped = _first_run(fresh, now, day_start, 0 if stale else _TRUSTED_ON_FIRST_RUN)
        return Triage(tuple(new), edited, (), tuple(skipped), known)
    held = _flood(feed, fresh, now)
    skipped = [(e, why) for e in fresh if (why := _archive(feed, e, now))]
    past = {e.key for e, _ in skipped}
    fresh = [e for e in fresh if e.key not in past]
    new = [e for e in fresh if e.key not in held]
    return Triage(tuple(new), edited, tuple(e for e in fresh if e.key in held), tuple(skipped), known)


class _Sameness:
    """Tells whether we had an entry, under this key, or under its link or alias if the feed changed its ids."""

    def __init__(self, entries: Iterable[Entry], hashes: Mapping[str, str], urls: Collection[str]) -> None:
        shared = Counter(e.canonical_url for e in entries)
        self._hashes = hashes
        # A link that several entries share (a live page, the home page) tells nothing.
        self._urls = {u for u in urls if shared[u] <= 1 and urlsplit(u).path.strip("/")}
        self._aliases: set[str] | None = None  # made when first needed: most bodies bring nothing new

    def is_known(self, entry: Entry) -> bool:
        if entry.key in self._hashes or entry.canonical_url in self._urls:
            return True
        if self._aliases is None:
            self._aliases = {a for u in self._urls if (a := alias_of(u))}
        return alias_of(entry.canonical_url) in self._aliases


def _distinct(entries: Iterable[Entry]) -> list[Entry]:
    """The first of each key: some feeds list an entry twice."""
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.key:
            first.setdefault(entry.key, entry)
    return list(first.values())


def _first_run(
    fresh: Iterable[Entry], now: datetime, day_start: datetime, trusted: int
) -> tuple[list[Entry], list[tuple[Entry, str]]]:
    new: list[Entry] = []
    skipped: list[tuple[Entry, str]] = []
    unsure, below_older = 0, False
    for entry in fresh:
        if entry.published and entry.published < now:
            if entry.published >= day_start:
                new.append(entry)
            else:
                below_older = True
                skipped.append((entry, f"from {entry.published:%Y-%m-%d}, before the day of the first poll"))
        elif below_older or unsure >= trusted:
            skipped.append((entry, "without a usable date, and not at the top of a feed of today on its first poll"))
        else:
            unsure += 1
            new.append(entry)
    return new, skipped


def _archive(feed: Feed, entry: Entry, now: datetime) -> str:
    """Why a new entry is no news; "" when it may be."""
    if entry.published and feed.since and entry.published < feed.since:
        return f"from {entry.published:%Y-%m-%d}, before this feed was followed"
    if entry.published and entry.published < now - _OLDEST_NEWS:
        return f"from {entry.published:%Y-%m-%d}, too old to be news"
    return ""


def _flood(feed: Feed, fresh: Sequence[Entry], now: datetime) -> set[str]:
    """The keys to hold: none as a rule; in a flood all, but for a plausible few that are dated after the last poll."""
    assert feed.last_ok
    passed = (now - feed.last_ok).total_seconds()
    explained = 2 * passed / feed.cadence if feed.cadence else 0.0
    most = max(_FLOOD, _FLOOD_TIMES * feed.usual_new, explained)
    if len(fresh) <= most:
        return set()
    later = [e.key for e in fresh if e.published and feed.last_ok < e.published < now]
    return {e.key for e in fresh} - (set(later) if len(later) <= most else set())
