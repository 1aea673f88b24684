"""Collect: poll the feeds that are due, sort their entries, read the new ones. Failures become stored values."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from digest.collect import feed as feeds
from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.extract import boilerplate
from digest.collect.extract.assemble import remove_repeated_lines
from digest.collect.extract.boilerplate import HostMemory
from digest.collect.feed import Feed, FetchOutcome, FetchStatus, ParsedFeed
from digest.collect.triage import triage
from digest.services.collect.site_lease import SiteLease
from digest.services.context import Progress, silent
from digest.store.leases import IsGone, nobody_is_gone
from digest.text.url import host

if TYPE_CHECKING:
    from digest.store import Store

FetchFeeds = Callable[[Sequence[Feed]], Iterator[FetchOutcome]]
ParseFeeds = Callable[[Iterable[FetchOutcome]], Iterator[tuple[FetchOutcome, ParsedFeed]]]
#: Fetches and reads the pages of entries; one article for each entry, whatever happened to its page.
ReadEntries = Callable[[Sequence[Entry]], Iterator[tuple[Entry, Article]]]

#: Articles are stored in batches of this size, so that a crash loses the reading of at most one batch. Boilerplate is
#: learned from a batch before it is stored, so a batch must hold several articles of one host.
BATCH: Final = 200
#: Seconds after which an incomplete batch is stored too: where pages come slowly, articles read so far count at the
#: cut-off, and a crash loses little.
BATCH_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Polled:
    """The result of polling one feed, as in the JSON of `digest collect`."""

    url: str
    status: FetchStatus
    entries: int = 0
    new: int = 0
    error: str | None = None
    held: int = 0  # entries of a flood that wait for a person
    elsewhere: bool = False  # due, but another collector holds its site


@dataclass(frozen=True, slots=True)
class Collected:
    """The result of one round. An article that three feeds carry counts once.

    `changed` articles were read again; `failed` counts those whose page could not be used, and `problems` the reasons.
    """

    feeds: tuple[Polled, ...] = ()
    new: int = 0
    changed: int = 0
    failed: int = 0
    problems: tuple[tuple[str, int], ...] = ()  # the most frequent first


@dataclass(frozen=True, slots=True)
class RoundOptions:
    """How to collect. `every` is the polling interval; `forced` also polls feeds that are not due (a person asks).

    When `should_stop` returns true the round ends early: feeds not polled stay due, entries not read stay unread.
    `ticks` is a monotonic clock in seconds. `owner` names this collector to others on the same store, and `is_gone`
    tells which of those have ended.
    """

    every: timedelta = timedelta(minutes=30)
    forced: bool = False
    should_stop: Callable[[], bool] = lambda: False
    ticks: Callable[[], float] = time.monotonic
    owner: str = ""
    is_gone: IsGone = nobody_is_gone


def collect(
    store: Store,
    urls: Collection[str],
    *,
    fetch: FetchFeeds,
    parse: ParseFeeds,
    read: ReadEntries,
    now: datetime,
    day_start: datetime,
    options: RoundOptions | None = None,
    progress: Progress = silent,
) -> Collected:
    """Poll the feeds that are due, store new entries, and read every article that was not read yet.

    `day_start` is when the current day began in the readers' zone: a feed's first poll takes nothing older. Collectors
    on one store share the work: a site that another one holds is left to that one, or to a later round.
    """
    options = options or RoundOptions()
    lease = SiteLease(store.sites, options.owner, options.is_gone, now, options.ticks)
    try:
        polled = _poll(store, urls, fetch, parse, now, day_start, options, lease, progress)
        waiting = _unread(store, lease)
        changed = store.articles.read_before(waiting)
        problems = _read(store, waiting, read, now, options, lease, progress)
    finally:
        lease.release()
    return Collected(tuple(polled), len(waiting) - changed, changed, problems.total(), tuple(problems.most_common()))


def _poll(
    store: Store,
    urls: Collection[str],
    fetch: FetchFeeds,
    parse: ParseFeeds,
    now: datetime,
    day_start: datetime,
    options: RoundOptions,
    lease: SiteLease,
    progress: Progress,
) -> list[Polled]:
    """Poll every due feed; return one result for each feed, by URL."""
    ours = lease.acquire(host(feed.address) for feed in _due(store.feeds.get(urls), now, options))
    known = store.feeds.get(urls)  # again: the former holder of a site may just have polled its feeds
    due = [feed for feed in _due(known, now, options) if host(feed.address) in ours]
    elsewhere = [feed for feed in _due(known, now, options) if host(feed.address) not in ours]
    lines = {url: Polled(url, "skipped", error=feed.last_error or None) for url, feed in known.items()}
    lines |= {feed.url: replace(lines[feed.url], elsewhere=True) for feed in elsewhere}
    every = options.every.total_seconds()
    done = 0
    progress("feeds", 0, len(due))

    def changed_only() -> Iterator[FetchOutcome]:
        nonlocal done
        for outcome in fetch(due):
            lease.renew()
            if options.should_stop():
                return
            before = known[outcome.url]
            if outcome.status == "ok" and not feeds.is_unchanged(before, outcome):
                yield outcome
                continue
            after = feeds.after_fetch(before, outcome, now, random.random(), every)
            store.feeds.save(after, (), now=now)
            lines[outcome.url] = _line(before, after, outcome)
            done += 1
            progress("feeds", done, len(due))

    for outcome, parsed in parse(changed_only()):
        before = known[outcome.url]
        lines[outcome.url] = _store_entries(store, before, outcome, parsed, now, day_start, every)
        done += 1
        progress("feeds", done, len(due))
    return [lines[url] for url in sorted(lines)]


def _due(known: Mapping[str, Feed], now: datetime, options: RoundOptions) -> list[Feed]:
    return [feed for feed in known.values() if feeds.is_due(feed, now, options.forced)]


def _store_entries(
    store: Store,
    before: Feed,
    outcome: FetchOutcome,
    parsed: ParsedFeed,
    now: datetime,
    day_start: datetime,
    every: float,
) -> Polled:
    """Sort the entries of a new body and store them with the feed, in one transaction."""
    entries = [replace(entry, feed_url=before.url) for entry in parsed.entries]
    triaged = triage(
        before,
        entries,
        store.feeds.known(before.url),
        store.feeds.urls(before.url),
        now=now,
        day_start=day_start,
        changed=parsed.changed,
    )
    jitter = random.random()
    after = feeds.after_parse(
        feeds.after_fetch(before, outcome, now, jitter, every),
        parsed,
        len(triaged.new) + len(triaged.quarantined),
        now,
        flooded=triaged.flooded,
        day_start=day_start,
        jitter=jitter,
        every=every,
    )
    archived = [entry for entry, _ in triaged.skipped]
    store.feeds.save(after, (*triaged.new, *triaged.changed), triaged.quarantined, archived, now=now)
    line = _line(before, after, outcome)
    return replace(line, entries=len(entries), new=len(triaged.new), held=len(triaged.quarantined))


def _line(before: Feed, after: Feed, outcome: FetchOutcome) -> Polled:
    return Polled(before.url, feeds.status(before, after, outcome), error=after.last_error or None)


def _unread(store: Store, lease: SiteLease) -> list[Entry]:
    """Return the unread entries of the sites that we hold."""
    ours = lease.acquire(host(entry.url) for entry in store.articles.unread())
    return [entry for entry in store.articles.unread() if host(entry.url) in ours]  # again, as in `_poll`


def _read(
    store: Store,
    waiting: Sequence[Entry],
    read: ReadEntries,
    now: datetime,
    options: RoundOptions,
    lease: SiteLease,
    progress: Progress,
) -> Counter[str]:
    """Read the waiting entries and store them in batches; return the reasons why pages could not be used, counted."""
    batch: list[tuple[Entry, Article]] = []
    problems: Counter[str] = Counter()
    since = options.ticks()
    progress("articles", 0, len(waiting))
    for number, pair in enumerate(read(waiting), 1):
        lease.renew()
        batch.append(pair)
        if pair[1].problem is not None:
            problems[pair[1].problem] += 1
        if len(batch) >= BATCH or options.ticks() - since >= BATCH_SECONDS:
            store.articles.save(_without_repeated(store, batch, now), now=now)
            batch, since = [], options.ticks()
        progress("articles", number, len(waiting))
        if options.should_stop():
            break
    if batch:
        store.articles.save(_without_repeated(store, batch, now), now=now)
    return problems


def _without_repeated(
    store: Store, batch: Sequence[tuple[Entry, Article]], now: datetime
) -> list[tuple[Entry, Article]]:
    """Learn from the articles what their hosts repeat, store that, and remove it from them."""
    memories: dict[str, HostMemory] = {}
    for _, article in batch:
        if article.problem is None and (name := host(article.url)):
            memory = memories.get(name) or boilerplate.from_json(store.articles.host_blocks(name))
            memories[name] = boilerplate.learn(memory, article.source, article.title, article.text)
    for name, memory in memories.items():
        store.articles.save_host_blocks(name, boilerplate.to_json(memory), now=now)
    return [
        (
            entry,
            remove_repeated_lines(article, memories[host(article.url)]) if host(article.url) in memories else article,
        )
        for entry, article in batch
    ]
