"""The first verb: collect. Poll what is due, sort what is new, read it; whatever is sick is a stored fact."""

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
from digest.services.collect.site_lease import Turn
from digest.services.context import Progress, silent
from digest.store.records import IsGone, nobody_is_gone
from digest.text.url import host

if TYPE_CHECKING:
    from digest.store import Store

FetchFeeds = Callable[[Sequence[Feed]], Iterator[FetchOutcome]]
ParseFeeds = Callable[[Iterable[FetchOutcome]], Iterator[tuple[FetchOutcome, ParsedFeed]]]
#: Fetches and reads the pages of entries; one article for each entry, whatever happened to its page.
ReadEntries = Callable[[Sequence[Entry]], Iterator[tuple[Entry, Article]]]

#: Articles are stored in parts of this size, so that a crash loses the reading of at most one part. What a host
#: repeats is learned from a part before it is stored: large enough to hold several articles of one host.
PART: Final = 200
#: But none waits longer than this, in seconds, for the rest of its part: where pages come slowly, those that came count
#: at the cut-off, and a crash does not take a minute's reading with it.
HOLD: Final = 15.0


@dataclass(frozen=True, slots=True)
class Polled:
    """What one feed answered, for the record: the JSON of `digest collect`."""

    url: str
    status: FetchStatus
    entries: int = 0
    new: int = 0
    error: str | None = None
    held: int = 0  # in a flood, waiting for a person
    elsewhere: bool = False  # due, but another collector asks its site at this moment


@dataclass(frozen=True, slots=True)
class Collected:
    """What a round of collecting brought, in articles: one that three feeds carry is one.

    `changed` were read again, `failed` counts those whose page could not be used, `problems` why.
    """

    feeds: tuple[Polled, ...] = ()
    new: int = 0
    changed: int = 0
    failed: int = 0
    problems: tuple[tuple[str, int], ...] = ()  # the commonest first


@dataclass(frozen=True, slots=True)
class Rounds:
    """How to collect. `every` is the polling interval; `forced` polls what is not due too (a person asks).

    `should_stop` true ends the round early: what was not polled stays due, what was not read stays unread. `ticks` is
    a clock that only goes forward, in seconds. `owner` names this collector to others on the same store, and `is_gone`
    knows which of those have ended.
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
    rounds: Rounds | None = None,
    progress: Progress = silent,
) -> Collected:
    """Poll the feeds that are due, store what is new, and read every article that was not read yet.

    `day_start` is when the current day began in the readers' zone: a feed's first poll takes nothing older. Collectors
    on one store share the work: what is on a site that another one asks now is left to that one, or to a later round.
    """
    rounds = rounds or Rounds()
    turn = Turn(store.sites, rounds.owner, rounds.is_gone, now, rounds.ticks)
    try:
        polled = _poll(store, urls, fetch, parse, now, day_start, rounds, turn, progress)
        waiting = _waiting(store, turn)
        changed = store.articles.read_before(waiting)
        problems = _read(store, waiting, read, now, rounds, turn, progress)
    finally:
        turn.end()
    return Collected(tuple(polled), len(waiting) - changed, changed, problems.total(), tuple(problems.most_common()))


def _poll(
    store: Store,
    urls: Collection[str],
    fetch: FetchFeeds,
    parse: ParseFeeds,
    now: datetime,
    day_start: datetime,
    rounds: Rounds,
    turn: Turn,
    progress: Progress,
) -> list[Polled]:
    """Ask every due feed; one line a feed, in the order of their addresses."""
    ours = turn.take(host(feed.address) for feed in _due(store.feeds.get(urls), now, rounds))
    known = store.feeds.get(urls)  # again: who had a site a moment ago may just have asked its feeds
    due = [feed for feed in _due(known, now, rounds) if host(feed.address) in ours]
    elsewhere = [feed for feed in _due(known, now, rounds) if host(feed.address) not in ours]
    lines = {url: Polled(url, "skipped", error=feed.last_error or None) for url, feed in known.items()}
    lines |= {feed.url: replace(lines[feed.url], elsewhere=True) for feed in elsewhere}
    every = rounds.every.total_seconds()
    done = 0
    progress("feeds", 0, len(due))

    def changed_only() -> Iterator[FetchOutcome]:
        nonlocal done
        for outcome in fetch(due):
            turn.alive()
            if rounds.should_stop():
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
        lines[outcome.url] = _take(store, before, outcome, parsed, now, day_start, every)
        done += 1
        progress("feeds", done, len(due))
    return [lines[url] for url in sorted(lines)]


def _due(known: Mapping[str, Feed], now: datetime, rounds: Rounds) -> list[Feed]:
    return [feed for feed in known.values() if feeds.is_due(feed, now, rounds.forced)]


def _take(
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
    sorted_ = triage(
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
        len(sorted_.new) + len(sorted_.quarantined),
        now,
        flooded=sorted_.flooded,
        day_start=day_start,
        jitter=jitter,
        every=every,
    )
    archived = [entry for entry, _ in sorted_.skipped]
    store.feeds.save(after, (*sorted_.new, *sorted_.changed), sorted_.quarantined, archived, now=now)
    line = _line(before, after, outcome)
    return replace(line, entries=len(entries), new=len(sorted_.new), held=len(sorted_.quarantined))


def _line(before: Feed, after: Feed, outcome: FetchOutcome) -> Polled:
    return Polled(before.url, feeds.status(before, after, outcome), error=after.last_error or None)


def _waiting(store: Store, turn: Turn) -> list[Entry]:
    """What is not read, of the sites that are ours to ask."""
    ours = turn.take(host(entry.url) for entry in store.articles.unread())
    return [entry for entry in store.articles.unread() if host(entry.url) in ours]  # again, as in `_poll`


def _read(
    store: Store,
    waiting: Sequence[Entry],
    read: ReadEntries,
    now: datetime,
    rounds: Rounds,
    turn: Turn,
    progress: Progress,
) -> Counter[str]:
    """Read what waits and store it part by part; returns why pages could not be used, counted."""
    part: list[tuple[Entry, Article]] = []
    problems: Counter[str] = Counter()
    since = rounds.ticks()
    progress("articles", 0, len(waiting))
    for number, pair in enumerate(read(waiting), 1):
        turn.alive()
        part.append(pair)
        if pair[1].problem is not None:
            problems[pair[1].problem] += 1
        if len(part) >= PART or rounds.ticks() - since >= HOLD:
            store.articles.save(_without_repeated(store, part, now), now=now)
            part, since = [], rounds.ticks()
        progress("articles", number, len(waiting))
        if rounds.should_stop():
            break
    if part:
        store.articles.save(_without_repeated(store, part, now), now=now)
    return problems


def _without_repeated(
    store: Store, part: Sequence[tuple[Entry, Article]], now: datetime
) -> list[tuple[Entry, Article]]:
    """Learn from the articles what their hosts repeat, remember it, and take it out of them."""
    memories: dict[str, HostMemory] = {}
    for _, article in part:
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
        for entry, article in part
    ]
