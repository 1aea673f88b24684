"""Making room: old texts go, and nothing old ever comes back as new."""

from __future__ import annotations

from datetime import timedelta

from digest.collect.feed import Feed
from digest.store import Store
from digest.store.retention import PruneCounts
from tests.store.samples import HERALD, NOW, article, entry, keep, minutes, read, stored_edition

DAY = timedelta(days=1)


def test_old_texts_go_and_what_is_recent_stays(store: Store) -> None:
    keep(store, *(entry(f"old{n}", summary="long", content="longer") for n in range(1200)), now=NOW - 60 * DAY)
    read(store, now=NOW - 60 * DAY)
    keep(store, entry("new", summary="long"), now=NOW)
    read(store, now=NOW)
    assert store.retention.prune(NOW - 30 * DAY) == PruneCounts(1200, 1200)
    assert store.retention.prune(NOW - 30 * DAY) == PruneCounts(0, 0)
    assert store.articles.get(entry("old7").canonical_url) is None
    assert store.articles.get(entry("new").canonical_url) == article("new")
    ((entries, _),) = store.articles.candidates([HERALD], NOW - 90 * DAY, NOW + DAY)
    assert [(one.key, one.summary) for one in entries] == [("new", "long")]


def test_what_was_pruned_is_still_known_and_not_read_again(store: Store) -> None:
    keep(store, entry("old", summary="long"), now=NOW - 60 * DAY)
    read(store, now=NOW - 60 * DAY)
    store.retention.prune(NOW - 30 * DAY)
    assert store.feeds.save(Feed(HERALD), [entry("old", summary="long")], now=NOW) == (0, 0)
    assert store.articles.unread() == []
    assert store.feeds.history(HERALD)[0].first_seen == NOW - 60 * DAY


def test_an_old_article_that_a_feed_brought_again_lately_stays(store: Store) -> None:
    keep(store, entry("a"), now=NOW - 60 * DAY)
    read(store, now=NOW - 60 * DAY)
    keep(store, entry("b", canonical_url=entry("a").canonical_url), now=NOW)
    assert store.retention.prune(NOW - 30 * DAY) == PruneCounts(1, 0)
    assert store.articles.get(entry("a").canonical_url) is not None


def test_each_pruning_goes_on_where_the_last_one_ended(store: Store) -> None:
    for days in (60, 40):
        keep(store, entry(f"e{days}", summary="long"), now=NOW - days * DAY)
    assert store.retention.prune(NOW - 50 * DAY).entries == 1
    assert store.retention.prune(NOW - 30 * DAY).entries == 1
    assert [one.summary for one in store.articles.unread()] == ["", ""]
    assert store.retention.prune(NOW - 50 * DAY).entries == 0  # a shorter reach than before does no harm


def test_editions_and_cached_answers_go_by_their_own_rules(store: Store) -> None:
    made = stored_edition(store)
    store.articles.save_cached("lead", "old", "x", now=NOW - 60 * DAY)
    store.articles.save_cached("lead", "new", "x", now=NOW)
    store.rate_limits.allow("c:ada", [(DAY, 1)], now=NOW)
    store.retention.prune(NOW - 30 * DAY)
    assert store.editions.get(made.id) is not None
    assert (store.articles.cached("lead", "old"), store.articles.cached("lead", "new")) == (None, "x")
    assert not store.rate_limits.allow("c:ada", [(DAY, 1)], now=minutes(1))
