"""Entry: one item as its feed gave it, and who it is: new, changed, known, or part of a flood. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from digest.text.clean import one_line
from digest.text.url import canonical, is_web

if TYPE_CHECKING:
    from digest.collect.feed import Feed

_LONGEST_KEY: Final = 500
_SPECIFIC_PATH: Final = 16  # characters: so long a path names one article, whatever the host
_FLOOD: Final = 20
_FLOOD_TIMES: Final = 5
_TRUSTED_ON_FIRST_RUN: Final = 10  # entries without a usable date that a first run takes, from the top
_OLDEST_NEWS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Entry:
    """One feed item. Texts are as given by the feed, cleaned of control characters only; HTML is *not* yet safe.

    `key` identifies it within its feed for ever (guid, else alias, else link, else title and date); `url` is the
    absolute link ("" when there is none) and `canonical_url` its comparable form, equal for the same article in two
    feeds. `published` is as the feed says, or None; `first_seen` is ours and is what windows go by.
    """

    feed_url: str
    key: str
    url: str
    canonical_url: str
    title: str
    summary: str = ""  # HTML or text
    content: str = ""  # HTML or text, when the feed carries the whole article
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    first_seen: datetime | None = None  # set when stored
    language: str = ""
    image_url: str = ""
    categories: tuple[str, ...] = ()
    position: int = 0  # in the feed, 0 first
    content_hash: str = ""  # SHA-256 over title, summary and content; changes mean 'changed'


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


def entry_key(guid: str, url: str, title: str, date: str) -> str:
    """What identifies an entry within its feed: its guid, else its link, else its title and date as written.

    A guid or link that is a web address is compared without scheme, www and query noise, so that a site's move to
    https makes nothing new. "" when there is nothing at all to tell it by.
    """
    guid = one_line(guid, 100_000)
    if guid:
        key = _bare(canonical(guid)) + _fragment(guid) if is_web(guid) else guid
    elif url:
        key = alias(url) or _bare(canonical(url)) or url
    else:
        title = one_line(title)
        key = f"{title}|{one_line(date)}" if title else ""
    return key if len(key) <= _LONGEST_KEY else "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def alias(url: str) -> str:
    """Path and query of a link, without scheme, host and query noise, when they are specific to one article; else "".

    The same under the old and the new name of a site that moved.
    """
    return _alias(canonical(url))


def _alias(canonical_url: str) -> str:
    parts = urlsplit(canonical_url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if len(path) >= _SPECIFIC_PATH and re.search(r"\d{4}|-\w+-", path) else ""


def distinguish(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of one body, where a guid that several different ones share is replaced by what tells them apart.

    Some systems give every entry the guid of the site or of the page they hang under.
    """
    titles: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in entries:
        titles[entry.key].add((entry.title, entry.canonical_url))
    return tuple(replace(e, key=entry_key("", e.url, e.title, "")) if len(titles[e.key]) > 1 else e for e in entries)


def _fragment(url: str) -> str:
    """Comments have the guid of their page but for the fragment."""
    _, mark, fragment = url.partition("#")
    return mark + fragment


def _bare(canonical_url: str) -> str:
    return canonical_url.split("://", 1)[-1]


def content_hash(title: str, summary: str, content: str) -> str:
    """SHA-256 (hex) over the visible words: a new advertisement's markup is no new content."""
    words = " ".join(re.sub(r"<[^<>]*>", " ", "\n".join((title, summary, content))).split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


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
            self._aliases = {a for u in self._urls if (a := _alias(u))}
        return _alias(entry.canonical_url) in self._aliases


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
