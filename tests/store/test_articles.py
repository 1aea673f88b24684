"""Articles: read once, read again when they change, offered once however many feeds carry them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.collect.article import Image, Removed
from digest.collect.lead import Lead, LeadSentence
from digest.errors import StoreError
from digest.store import Store
from tests.store.samples import HERALD, NOW, TIMES, article, entry, keep, minutes, read

DAY = timedelta(days=1)


def test_an_article_is_read_once(store: Store) -> None:
    keep(store, entry("a"), entry("b"))
    assert [found.key for found in store.articles.unread()] == ["a", "b"]
    read(store)
    keep(store, entry("a"), entry("b"), now=minutes(30))
    assert store.articles.unread() == []


def test_an_article_in_two_feeds_is_read_once(store: Store) -> None:
    keep(store, entry("a"), entry("a2", TIMES, canonical_url=entry("a").canonical_url, content_hash="else"))
    assert len(store.articles.unread()) == 1
    read(store)
    assert store.articles.unread() == []


def test_an_article_that_another_feed_brings_later_is_not_read_again(store: Store) -> None:
    keep(store, entry("a"))
    read(store)
    keep(store, entry("a2", TIMES, canonical_url=entry("a").canonical_url, content_hash="else"))
    assert store.articles.unread() == []


def test_changed_content_is_read_again(store: Store) -> None:
    keep(store, entry("a"))
    read(store)
    keep(store, entry("a", content_hash="other"), now=minutes(30))
    assert [found.content_hash for found in store.articles.unread()] == ["other"]
    read(store)
    assert store.articles.unread() == []


def test_content_that_changed_while_it_was_read_stays_unread(store: Store) -> None:
    keep(store, entry("a"))
    (before,) = store.articles.unread()
    keep(store, entry("a", content_hash="other"))
    store.articles.save([(before, article("a"))], now=NOW)
    assert [found.content_hash for found in store.articles.unread()] == ["other"]


def test_entries_without_a_link_are_articles_of_their_own(store: Store) -> None:
    keep(store, entry("a", url="", canonical_url=""), entry("b", url="", canonical_url=""))
    read(store)
    found = store.articles.candidates([HERALD], NOW, NOW + DAY)
    assert [body.title for _, body in found] == ["Title a", "Title b"]
    assert store.articles.get(f"{HERALD}#a") == article("a")


def test_unread_gives_the_oldest_first_up_to_a_limit(store: Store) -> None:
    for number in range(4):
        keep(store, entry(f"e{number}"), now=minutes(number))
    assert [found.key for found in store.articles.unread(limit=2)] == ["e0", "e1"]


def test_an_article_comes_back_exactly(store: Store) -> None:
    from datetime import datetime, timezone

    paris = datetime(2026, 11, 24, 7, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    whole = article(
        "a",
        text="Erster Satz. «Deuxième»\u00a0! 第三句。\n\n\u200f🙂",
        lead=Lead((LeadSentence("Erster Satz.", 0, 12),), "page"),
        published=paris,
        image=Image("https://herald.example/a.jpg", 'Ein "Bild"', 1200, None),
        removed=(Removed("Lire aussi", "link list"),),
        problem="paywall",
    )
    keep(store, entry("a"))
    store.articles.save([(entry("a"), whole)], now=NOW)
    found = store.articles.get(whole.url)
    assert found == whole
    assert found is not None
    assert found.published is not None
    assert found.published.utcoffset() == timedelta(hours=1)
    assert store.articles.get("https://herald.example/unknown") is None


def test_candidates_are_those_first_seen_in_the_window(store: Store) -> None:
    for number in range(5):
        keep(store, entry(f"e{number}"), now=minutes(number))
    read(store)
    found = store.articles.candidates([HERALD], minutes(1), minutes(4))
    assert [entries[0].key for entries, _ in found] == ["e1", "e2", "e3"]


def test_a_candidate_lists_every_feed_of_ours_that_carries_it(store: Store) -> None:
    keep(store, entry("a", position=3))
    keep(store, entry("other", TIMES, canonical_url=entry("a").canonical_url), now=minutes(5))
    keep(store, entry("x", "https://not-ours.example/feed", canonical_url=entry("a").canonical_url), now=minutes(5))
    read(store)
    ((entries, body),) = store.articles.candidates([HERALD, TIMES], NOW, minutes(10))
    assert [(one.feed_url, one.position) for one in entries] == [(HERALD, 3), (TIMES, 0)]
    assert body.title == "Title a"


def test_what_one_feed_brought_yesterday_is_not_new_because_another_brings_it_today(store: Store) -> None:
    keep(store, entry("a"), now=NOW - DAY)
    keep(store, entry("late", TIMES, canonical_url=entry("a").canonical_url), now=NOW)
    read(store)
    assert store.articles.candidates([HERALD, TIMES], NOW - timedelta(hours=1), NOW + DAY) == []
    assert len(store.articles.candidates([TIMES], NOW - timedelta(hours=1), NOW + DAY)) == 1


def test_nothing_held_dropped_or_unread_is_a_candidate(store: Store) -> None:
    from digest.collect.feed import Feed

    store.feeds.save(Feed(HERALD), [entry("unread")], [entry("held")], [entry("archive")], now=NOW)
    store.articles.save([(entry(key), article(key)) for key in ("held", "archive")], now=NOW)
    assert store.articles.candidates([HERALD], NOW, NOW + DAY) == []


def test_candidates_of_many_feeds_and_many_articles(store: Store) -> None:
    keep(store, *(entry(f"e{n}") for n in range(1200)), entry("t", TIMES))
    read(store)
    feeds = [HERALD, *(f"https://silent{n}.example/feed" for n in range(1100)), TIMES]
    found = store.articles.candidates(feeds, NOW, NOW + DAY)
    assert len({entries[0].key for entries, _ in found}) == 1201


def test_the_memory_of_a_host_is_replaced_whole(store: Store) -> None:
    assert store.articles.host_blocks("herald.example") is None
    store.articles.save_host_blocks("herald.example", '{"seen": 1}', now=NOW)
    store.articles.save_host_blocks("herald.example", '{"seen": 2}', now=minutes(1))
    assert store.articles.host_blocks("herald.example") == '{"seen": 2}'
    assert store.articles.host_blocks("times.example") is None


def test_cached_values_are_kept_by_kind_and_key(store: Store) -> None:
    store.articles.save_cached("lead", "k" * 10_000, "value", now=NOW)
    store.articles.save_cached("refusal", "k" * 10_000, "no", now=NOW)
    store.articles.save_cached("lead", "k" * 10_000, "newer", now=NOW)
    assert store.articles.cached("lead", "k" * 10_000) == "newer"
    assert store.articles.cached("lead", "other") is None


def test_a_time_without_zone_is_refused(store: Store) -> None:
    from datetime import datetime

    with pytest.raises(StoreError, match="no time zone"):
        keep(store, entry("a"), now=datetime(2026, 1, 1))  # noqa: DTZ001
