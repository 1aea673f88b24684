"""Collecting: stored articles, learned boilerplate, and a stop in the middle of a round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from digest.collect.article import Article
from digest.collect.entry import Entry, content_hash
from digest.collect.feed import Feed, FetchOutcome, ParsedFeed
from digest.collect.lead import Lead, LeadSentence
from digest.services.collect.collect_feeds import Collected, RoundOptions, collect
from digest.store import Store
from digest.store.leases import SITES_LEASE
from digest.store.sites import Sites

NOW = datetime(2026, 11, 24, 5, tzinfo=UTC)
FEED = "https://herald.example/feed"
SLOGAN = "Herald Plus: everything that matters before breakfast"
TOPICS = ("glacier", "museum", "harvest", "election", "orchestra", "railway", "comet", "lighthouse")
PLACES = ("Arvik", "Belmora", "Castrel", "Dunhame", "Eskwold", "Farrant", "Gildern", "Hollin")


def entry(number: int, words: str = "") -> Entry:
    url = f"https://herald.example/2026/{TOPICS[number]}-story-{number}"
    title = f"{PLACES[number]} and its {TOPICS[number]}"
    text = words or f"About the {TOPICS[number]}."
    return Entry(FEED, url, url, url, title, summary=text, published=NOW, content_hash=content_hash(title, text, ""))


def article(of: Entry) -> Article:
    number = int(of.url.rsplit("-", 1)[1])
    lead = f"The {TOPICS[number]} has made {PLACES[number]} famous far beyond its own valley."
    text = f"{lead}\n\n{PLACES[number]} had {1370 + number * 11} visitors in one day, more than ever.\n\n{SLOGAN}"
    return Article(of.url, of.url, of.title, "en", text, Lead((LeadSentence(lead, 0, len(lead)),), "page"))


class Web:
    """A feed and its pages as values: what the network and the parser would have given."""

    def __init__(self, entries: Sequence[Entry], body: bytes = b"1") -> None:
        self.entries, self.body = entries, body
        self.parsed = 0
        self.read: list[str] = []

    def fetch(self, feeds: Sequence[Feed]) -> Iterator[FetchOutcome]:
        for feed in feeds:
            yield FetchOutcome(feed.url, "ok", body=self.body)

    def parse(self, outcomes: Iterable[FetchOutcome]) -> Iterator[tuple[FetchOutcome, ParsedFeed]]:
        for outcome in outcomes:
            self.parsed += 1
            yield outcome, ParsedFeed(title="The Herald", entries=tuple(self.entries))

    def pages(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Article]]:
        for one in entries:
            self.read.append(one.url)
            yield one, article(one)


def run(
    store: Any, web: Web, now: datetime = NOW, options: RoundOptions | None = None, feeds: Sequence[str] = (FEED,)
) -> Collected:
    return collect(
        store,
        feeds,
        fetch=web.fetch,
        parse=web.parse,
        read=web.pages,
        now=now,
        day_start=NOW - timedelta(hours=5),
        options=options or RoundOptions(forced=True),
    )


def texts(store: Any) -> list[str]:
    found = store.articles.candidates([FEED], NOW - timedelta(days=1), NOW + timedelta(days=1))
    return [article.text for _, article in found]


def test_unchanged_feed_is_not_parsed_or_read_again(store: Any) -> None:
    web = Web([entry(number) for number in range(3)])
    assert (run(store, web).new, web.parsed, len(web.read)) == (3, 1, 3)
    again = run(store, web, NOW + timedelta(hours=1))
    assert (again.new, again.changed, web.parsed, len(web.read)) == (0, 0, 1, 3)
    assert [feed.status for feed in again.feeds] == ["not_modified"]


def test_boilerplate_of_host_is_learned_and_removed(store: Any) -> None:
    run(store, Web([entry(number) for number in range(8)]))
    assert len(texts(store)) == 8
    assert not [text for text in texts(store) if SLOGAN in text]
    assert all("visitors in one day" in text for text in texts(store))
    assert store.articles.host_blocks("herald.example")


def test_changed_entry_is_read_again(store: Any) -> None:
    run(store, Web([entry(0), entry(1)]))
    web = Web([entry(0, "Corrected: the glacier lost more."), entry(1)], b"2")
    again = run(store, web, NOW + timedelta(hours=1))
    assert (again.new, again.changed, web.read) == (0, 1, [entry(0).url])


def test_article_in_two_feeds_counts_once(store: Any) -> None:
    web, both = Web([entry(0), entry(1)]), (FEED, f"{FEED}/world")
    first = run(store, web, feeds=both)
    assert [polled.new for polled in first.feeds] == [2, 2], "each feed tells its own"
    assert (first.new, first.changed) == (2, 0)
    web.entries, web.body = [entry(0, "More of it."), entry(2)], b"2"
    again = run(store, web, NOW + timedelta(hours=1), feeds=both)
    assert (again.new, again.changed) == (1, 1)


def test_feed_just_polled_elsewhere_is_not_polled_again(store: Any) -> None:
    web = Web([entry(number) for number in range(3)])

    class Late(Sites):
        """Held up before it comes to hold a site, until another collector is through."""

        def acquire(self, *names: Any, **named: Any) -> frozenset[str]:
            if not web.read:
                run(store, web, options=RoundOptions(owner="the first"))
            return super().acquire(*names, **named)

    late = Store(store.database)
    late.sites = Late(store.database)
    run(late, web, options=RoundOptions(owner="the late"))
    assert (web.parsed, len(web.read)) == (1, 3)


def test_long_collect_renews_its_site_lease(store: Any) -> None:
    web, seconds = Web([entry(number) for number in range(8)]), [0.0]

    def slowly(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Article]]:
        for pair in web.pages(entries):
            yield pair
            seconds[0] += SITES_LEASE.total_seconds() / 4
            assert not store.sites.acquire(["herald.example"], "other", now=NOW + timedelta(seconds=seconds[0]))

    options = RoundOptions(owner="one", ticks=lambda: seconds[0])
    collect(store, [FEED], fetch=web.fetch, parse=web.parse, read=slowly, now=NOW, day_start=NOW, options=options)
    assert len(web.read) == 8


def test_stop_leaves_remaining_entries_for_next_round(store: Any) -> None:
    web = Web([entry(number) for number in range(6)])
    run(store, web, options=RoundOptions(forced=True, should_stop=lambda: len(web.read) >= 2))
    assert len(texts(store)) == 2
    run(store, web, NOW + timedelta(minutes=1))
    assert len(texts(store)) == 6
    assert len(web.read) == 6


def test_slow_page_does_not_hold_back_stored_articles(store: Any) -> None:
    web = Web([entry(number) for number in range(6)])
    slow = RoundOptions(forced=True, ticks=lambda: 8.0 * len(web.read))  # eight seconds a page
    there: list[int] = []

    def pages(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Article]]:
        for pair in Web.pages(web, entries):
            there.append(len(texts(store)))
            yield pair

    web.pages = pages  # type: ignore[method-assign]
    run(store, web, options=slow)
    assert there == [0, 0, 2, 2, 4, 4]
    assert len(texts(store)) == 6
