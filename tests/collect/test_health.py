"""The contract of a source: each issue named with its remedy, and nothing said of one that keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.collect.article import Article
from digest.collect.feed import Feed
from digest.collect.health import issues, span, unread

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
HEALTHY = Feed(
    "https://herald.example/feed",
    title="Herald",
    last_checked=NOW,
    last_ok=NOW,
    last_new=NOW - timedelta(minutes=15),
    cadence=1200.0,
    longest_gap=7200.0,
)


def test_a_source_that_keeps_its_contract_is_not_told_of() -> None:
    assert issues(HEALTHY, NOW) == ()
    assert issues(Feed("https://new.example/feed"), NOW) == ()


@pytest.mark.parametrize(
    ("facts", "kind", "words"),
    [
        ({"state": "gone"}, "gone", "gone for good"),
        ({"failures": 3, "last_error": "HTTP 503"}, "failing", "failed 3 times in a row: HTTP 503"),
        ({"state": "flooded"}, "flood", "its ids may have changed"),
        ({"last_new": NOW - timedelta(hours=9)}, "silent", "silent for 9 h, usually 20 min"),
        ({"undated": 0.8}, "undated", "80% of its entries have no date"),
        ({"problem": "not well-formed"}, "broken", "not well-formed"),
    ],
)
def test_each_breach_is_told_in_words_with_its_remedy(facts: dict[str, object], kind: str, words: str) -> None:
    [found] = issues(replace(HEALTHY, **facts), NOW)  # type: ignore[arg-type]
    assert found.kind == kind
    assert words in str(found)
    assert found.remedy


def page(host: str, number: int, problem: str | None = None) -> Article:
    return Article("s", f"https://www.{host}/{number}", "T", "en", "Text.", problem=problem)


def test_a_host_whose_articles_hide_behind_one_wall_is_told_of() -> None:
    wall = "a consent wall in place of the article"
    [found] = unread([page("herald.example", n, wall) for n in range(4)] + [page("herald.example", 9)])
    assert str(found) == f"herald.example: 4 of 5 articles: {wall}"
    assert found.urgent


def test_single_bad_pages_are_no_breach_of_a_host() -> None:
    wall = "a consent wall in place of the article"
    assert unread([page("a.example", n, wall) for n in range(2)]) == ()
    assert unread([page("a.example", n, wall if n < 3 else None) for n in range(10)]) == ()
    assert unread([page("a.example", n, f"problem {n}") for n in range(5)]) == ()


@pytest.mark.parametrize(("seconds", "words"), [(1200, "20 min"), (32_400, "9 h"), (259_200, "3 d"), (0, "0 min")])
def test_spans_are_told_in_their_greatest_unit(seconds: float, words: str) -> None:
    assert span(seconds) == words
