"""Feeds and entries: known for ever, first seen once, and a flood that waits for a person."""

from __future__ import annotations

from dataclasses import replace

from digest.collect.feed import Feed
from digest.store import Store
from tests.store.samples import HERALD, NOW, TIMES, entry, keep, minutes, read


def test_a_feed_never_met_is_a_fresh_one(store: Store) -> None:
    assert store.feeds.get([HERALD]) == {HERALD: Feed(HERALD)}


def test_a_feed_comes_back_as_it_was_saved(store: Store) -> None:
    feed = Feed(HERALD, title="Herald", etag='"a"', failures=2, last_ok=NOW, cadence=1200.5, state="flooded")
    store.feeds.save(feed, [], now=NOW)
    assert store.feeds.get([HERALD, TIMES]) == {HERALD: feed, TIMES: Feed(TIMES)}
    assert store.feeds.all() == [feed]


def test_an_entry_is_new_once_and_changed_only_when_its_content_is(store: Store) -> None:
    feed = Feed(HERALD)
    assert store.feeds.save(feed, [entry("a"), entry("b")], now=NOW) == (2, 0)
    assert store.feeds.save(feed, [entry("a"), entry("b", content_hash="other")], now=minutes(30)) == (0, 1)
    assert store.feeds.known(HERALD) == {"a": "hash of a", "b": "other"}


def test_first_seen_is_set_once_and_survives_changes(store: Store) -> None:
    keep(store, entry("a"))
    keep(store, entry("a", content_hash="other", title="Better"), now=minutes(90))
    (found,) = store.articles.unread()
    assert (found.title, found.first_seen) == ("Better", NOW)


def test_the_same_key_twice_in_one_poll_is_one_entry(store: Store) -> None:
    assert store.feeds.save(Feed(HERALD), [entry("a"), entry("a", title="Again")], now=NOW) == (1, 0)
    assert [found.title for found in store.articles.unread()] == ["Again"]


def test_the_same_key_in_two_feeds_is_two_entries(store: Store) -> None:
    keep(store, entry("a"), entry("a", TIMES, canonical_url="https://times.example/a"))
    assert store.feeds.known(HERALD).keys() == store.feeds.known(TIMES).keys() == {"a"}
    assert len(store.articles.unread()) == 2


def test_canonical_urls_are_known_across_feeds(store: Store) -> None:
    keep(store, entry("a"))
    url = entry("a").canonical_url
    assert store.feeds.known_urls([url, "https://else.example/", ""]) == {url}
    assert store.feeds.urls(HERALD) == {url}


def test_a_flood_waits_for_review_and_is_known_meanwhile(store: Store) -> None:
    store.feeds.save(Feed(HERALD, state="flooded"), [entry("a")], [entry("b"), entry("c")], now=NOW)
    assert [found.key for found in store.articles.unread()] == ["a"]
    assert store.feeds.known(HERALD).keys() == {"a", "b", "c"}
    assert store.feeds.known_urls([entry("b").canonical_url]) == set()
    ((url, held),) = store.feeds.quarantined()
    assert (url, [one.key for one in held]) == (HERALD, ["b", "c"])


def test_a_released_flood_is_offered_and_an_accepted_entry_never_falls_back(store: Store) -> None:
    store.feeds.save(Feed(HERALD), [], [entry("b"), entry("c")], now=NOW)
    assert store.feeds.release_quarantine(HERALD) == 2
    store.feeds.save(Feed(HERALD), [], [entry("b")], now=NOW)
    assert [found.key for found in store.articles.unread()] == ["b", "c"]
    assert store.feeds.quarantined() == []


def test_a_dropped_flood_stays_known_and_is_never_offered(store: Store) -> None:
    store.feeds.save(Feed(HERALD), [], [entry("b")], now=NOW)
    assert store.feeds.drop_quarantine(HERALD) == 1
    assert store.feeds.save(Feed(HERALD), [entry("b", content_hash="new")], now=minutes(30)) == (0, 1)
    assert store.feeds.quarantined() == []
    assert store.articles.unread() == []


def test_the_archive_of_a_first_poll_is_known_and_never_offered(store: Store) -> None:
    store.feeds.save(Feed(HERALD), [entry("today")], [], [entry("old")], now=NOW)
    assert store.feeds.known(HERALD).keys() == {"today", "old"}
    assert [found.key for found in store.articles.unread()] == ["today"]


def test_history_is_newest_first_and_bounded(store: Store) -> None:
    for number in range(5):
        keep(store, entry(f"e{number}", published=minutes(number - 1)), now=minutes(number))
    found = store.feeds.history(HERALD, limit=3)
    assert [(seen.key, seen.first_seen, seen.published) for seen in found] == [
        (f"e{n}", minutes(n), minutes(n - 1)) for n in (4, 3, 2)
    ]


def test_removing_a_feed_forgets_its_entries_and_keeps_what_was_read(store: Store) -> None:
    keep(store, entry("a"))
    read(store)
    assert store.feeds.remove(HERALD)
    assert not store.feeds.remove(HERALD)
    assert store.feeds.known(HERALD) == {}
    assert store.articles.get(entry("a").canonical_url) is not None


def test_hostile_texts_and_endless_ids_are_stored_and_found_again(store: Store) -> None:
    noise = "".join(chr(0x4E00 + n * 37 % 20000) for n in range(9000))  # nothing an index could compress
    hostile = entry(
        "k\x00" + noise,
        title="a\x00b\ud800c",
        content_hash="h",
        url="x" * 5000,
        canonical_url="https://h.test/" + noise,
    )
    keep(store, hostile)
    (found,) = store.articles.unread()
    assert found.title == "a\x00b\ufffdc"
    assert store.feeds.known_urls([hostile.canonical_url]) == {hostile.canonical_url}
    assert store.feeds.save(Feed(HERALD), [hostile], now=NOW) == (0, 0)
    assert len(store.feeds.known(HERALD)) == 1


def test_dates_at_the_ends_of_the_calendar_do_not_stop_a_feed(store: Store) -> None:
    from datetime import UTC, datetime, timedelta, timezone

    last = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-10)))
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10)))
    keep(store, entry("a", published=last), entry("b", published=first))
    assert {seen.published for seen in store.feeds.history(HERALD)} == {
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
    }


def test_a_thousand_entries_in_one_poll(store: Store) -> None:
    many = [entry(f"e{n}") for n in range(2500)]
    assert store.feeds.save(Feed(HERALD), many, now=NOW) == (2500, 0)
    changed = [replace(one, content_hash="x") for one in many[:1200]]
    assert store.feeds.save(Feed(HERALD), changed, now=NOW) == (0, 1200)
    assert len(store.feeds.known_urls(one.canonical_url for one in many)) == 2500
