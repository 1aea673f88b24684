"""82 real feeds, served on loopback: every entry is there, and the second time nothing is new."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.collect.entry import Entry
from digest.collect.feed import Feed, ParsedFeed, after_fetch, after_parse, is_unchanged, status
from digest.collect.http.fetch import HttpConfig, fetch_feeds
from digest.collect.parse.feedparser import PRELOAD, parse_feeds
from digest.collect.sandbox import Sandbox
from digest.collect.triage import triage
from tests.collect.site import Asked, Reply, Site
from tests.paths import SHARED

FEEDS = SHARED / "data" / "feeds"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CONFIG = HttpConfig(allow_private=True)

pytestmark = pytest.mark.skipif(not FEEDS.is_dir(), reason="the real feeds are not there (shared/data/feeds)")


@pytest.fixture(scope="module")
def index() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FEEDS / "index.json").read_text())
    return found


@pytest.fixture(scope="module")
def site(index: list[dict[str, Any]]) -> Iterator[Site]:
    """Every other feed has validators; the others send the same body again."""
    with Site() as site:
        for number, row in enumerate(index):
            body = (FEEDS / row["file"]).read_bytes()
            site.routes[f"/{row['file']}"] = served(body, number % 2 == 0)
        yield site


def served(body: bytes, conditional: bool) -> Any:
    etag = f'"{hashlib.md5(body).hexdigest()}"'

    def answer(asked: Asked) -> Reply:
        if conditional and asked.headers.get("if-none-match") == etag:
            return Reply(304)
        return Reply(200, body, {"Content-Type": "application/xml", **({"ETag": etag} if conditional else {})})

    return answer


@pytest.fixture(scope="module")
def first(site: Site) -> dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]]:
    """The first pass over all feeds: the record after it, what was parsed, and what is stored as known."""
    records: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]] = {}
    with Sandbox(2, seconds=10, preload=PRELOAD) as sandbox:
        outcomes = fetch_feeds([Feed(site.url(path)) for path in site.routes], CONFIG)
        for outcome, parsed in parse_feeds(outcomes, sandbox):
            before = Feed(outcome.url)
            found = triage(before, parsed.entries, {}, (), now=NOW, day_start=NOW.replace(hour=0))
            after = after_parse(after_fetch(before, outcome, NOW), parsed, len(found.new), NOW)
            assert status(before, after, outcome) == "ok", (outcome.url, after.last_error)
            records[outcome.url] = after, parsed, (*found.new, *(e for e, _ in found.skipped))
    return records


def test_every_feed_is_read_and_well_formed_ones_give_all_their_entries(
    site: Site, index: list[dict[str, Any]], first: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]]
) -> None:
    assert len(first) == len(index) == 82
    for row in index:
        _, parsed, _ = first[site.url(f"/{row['file']}")]
        if row["well_formed"]:
            facts = (len(parsed.entries), parsed.version, parsed.language)
            assert facts == (row["entries"], row["version"], row["language"]), row["file"]
            assert parsed.problem == "", row["file"]
        else:
            assert len(parsed.entries) >= row["entries"], row["file"]


def test_the_first_pass_takes_the_day_and_never_the_archive(
    first: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]],
) -> None:
    for url, (_, parsed, _) in first.items():
        found = triage(Feed(url), parsed.entries, {}, (), now=NOW, day_start=NOW.replace(hour=0))
        assert all(e.published is None or e.published >= NOW.replace(hour=0) for e in found.new), url
        assert len(found.new) <= 10


def test_entries_are_clean_and_have_their_own_keys(
    first: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]],
) -> None:
    for url, (_, parsed, _) in first.items():
        keys = [e.key for e in parsed.entries]
        assert all(keys), url
        assert len(set(keys)) >= len(keys) - 1, url  # two feeds list one entry twice
        for entry in parsed.entries:
            assert entry.title, url
            assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in entry.title), url
            assert not entry.url or entry.url.startswith(("http://", "https://")), url


def test_the_second_pass_finds_nothing_new(
    site: Site, first: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]]
) -> None:
    outcomes = list(fetch_feeds([feed for feed, _, _ in first.values()], CONFIG))
    assert len(outcomes) == 82
    assert {outcome.status for outcome in outcomes} == {"ok", "not_modified"}
    for outcome in outcomes:
        feed = first[outcome.url][0]
        assert is_unchanged(feed, outcome), outcome.url
        assert status(feed, after_fetch(feed, outcome, NOW), outcome) == "not_modified"


def test_a_body_that_changed_in_one_byte_brings_nothing_new_either(
    first: dict[str, tuple[Feed, ParsedFeed, tuple[Entry, ...]]],
) -> None:
    later = NOW + timedelta(hours=1)
    for url, (feed, parsed, stored) in first.items():
        hashes = {e.key: e.content_hash for e in stored}
        urls = {e.canonical_url for e in stored if e.canonical_url}
        found = triage(feed, parsed.entries, hashes, urls, now=later, day_start=NOW.replace(hour=0))
        assert (found.new, found.quarantined, found.skipped) == ((), (), ()), url
