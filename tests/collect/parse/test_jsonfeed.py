"""JSON Feed, as the standard has it and as it is abused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.feed import ParsedFeed
from digest.collect.parse.feedparser import parse
from digest.text.clean import one_line

URL = "https://example.org/feed.json"
VERSION = "https://jsonfeed.org/version/1.1"
FEED: dict[str, Any] = {
    "version": VERSION,
    "title": "The Harbour Times",
    "home_page_url": "https://example.org/",
    "language": "en",
    "authors": [{"name": "The Editors"}],
    "items": [
        {
            "id": "1",
            "url": "/ferry",
            "title": "Ferry <b> & bridge",
            "content_html": "<p>It stopped.</p>",
            "summary": "Ferries < bridges",
            "date_published": "2026-11-24T07:30:00+01:00",
            "date_modified": "2026-11-24T08:30:00+01:00",
            "image": "https://cdn.example.org/ferry.jpg",
            "tags": ["Transport", 7, "Harbour"],
            "authors": [{"name": "Ada"}, {"name": "Bo"}],
        },
        {"id": 2, "external_url": "https://other.example/2", "content_text": "1 < 2 & so on"},
    ],
}


def read(feed: object) -> ParsedFeed:
    return parse(json.dumps(feed).encode(), "application/feed+json", URL)


def test_a_feed_with_all_that_an_article_needs() -> None:
    parsed = read(FEED)
    assert (parsed.version, parsed.title, parsed.language, parsed.problem) == ("json11", "The Harbour Times", "en", "")
    one, two = parsed.entries
    assert (one.key, one.url, one.author) == ("1", "https://example.org/ferry", "Ada, Bo")
    assert one.title == "Ferry <b> & bridge", "a title is plain text by the standard"
    assert (one.content, one.summary) == ("<p>It stopped.</p>", "Ferries &lt; bridges")
    assert one.published == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
    assert one.updated == datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    assert (one.image_url, one.categories) == ("https://cdn.example.org/ferry.jpg", ("Transport", "Harbour"))
    assert (two.key, two.url, two.author) == ("2", "https://other.example/2", "The Editors")
    assert two.content == "1 &lt; 2 &amp; so on"
    assert two.title == "1 < 2 & so on"


def test_version_1_with_its_single_author() -> None:
    old = {**FEED, "version": "https://jsonfeed.org/version/1", "authors": None, "author": {"name": "Old"}}
    parsed = read(old)
    assert (parsed.version, parsed.entries[1].author) == ("json1", "Old")


@pytest.mark.parametrize("feed", [{}, [], {"items": []}, {"version": VERSION}, {"version": VERSION, "items": {}}, [1]])
def test_other_json_is_no_feed(feed: object) -> None:
    assert "no JSON Feed" in read(feed).problem


@pytest.mark.parametrize("body", [b"{", b'{"version": ', b"[" * 100_000, b'{"a":' + b"1" * 10_000 + b"}"])
def test_broken_json_is_a_problem_in_one_short_line(body: bytes) -> None:
    problem = parse(body, "", URL).problem
    assert "broken JSON" in problem
    assert len(problem) < 120


def test_items_that_are_none_are_left_out_and_the_rest_is_read() -> None:
    parsed = read({**FEED, "items": [1, None, "x", *FEED["items"]]})
    assert len(parsed.entries) == 2
    assert "3 of 5" in parsed.problem


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(FEED["items"][0])), inner, max_size=5)
    ),
    max_leaves=10,
)


@given(
    st.lists(anything, max_size=4),
    st.dictionaries(st.sampled_from(["title", "language", "authors", "author"]), anything),
)
def test_no_types_break_it(items: list[object], facts: dict[str, object]) -> None:
    parsed = read({**facts, "version": VERSION, "items": items})
    assert len(parsed.entries) <= len(items)
    for entry in parsed.entries:
        assert entry.title == one_line(entry.title)


def test_no_part_of_an_entry_holds_what_has_no_encoding() -> None:
    half = "https://post.example/\ud83d\0"
    item = dict.fromkeys(("id", "url", "title", "content_text", "summary", "image", "language"), half)
    parsed = read({"version": VERSION, "title": half, "home_page_url": half, "items": [item]})
    assert "\\ud83d" not in repr(parsed)
    assert "\\x00" not in repr(parsed)
