"""Unhealthy feeds are reported by `digest feeds list` and `digest check`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.settings import load
from digest.store import open_store
from tests.cli.conftest import Run

NOW = datetime.now(UTC)


def fall_silent(desk: Path) -> str:
    """Let one feed be silent for nine hours, and another half without dates; the silent one's address."""
    settings = load(desk / "settings.toml", {})
    first, second, *_ = [feed.url for topic in settings.topics.values() for feed in topic.feeds]
    with open_store(settings.store.url) as store:
        feeds = store.feeds.get([first, second])
        since = {"last_checked": NOW, "last_new": NOW - timedelta(hours=9, minutes=1)}
        silent = replace(feeds[first], cadence=1200.0, longest_gap=3600.0, failures=0, **since)  # type: ignore[arg-type]
        store.feeds.save(silent, (), now=NOW)
        store.feeds.save(replace(feeds[second], last_checked=NOW, undated=0.8), (), now=NOW)
    return first


def test_feeds_list_reports_silent_feed(full_desk: Path, run: Run) -> None:
    url = fall_silent(full_desk)
    rows = {row["url"]: row for row in json.loads(run("feeds", "list", "--json").stdout)}
    assert rows[url]["problems"] == ["silent for 9 h, usually 20 min"]
    assert rows[url]["silent"]["usual"] == 1200.0
    assert sum(row["problems"] == ["80% of its entries have no date"] for row in rows.values()) == 1
    assert "usually 20 min" in " ".join(run("feeds", "list").stdout.split())


def test_check_reports_silent_feed_with_remedy(full_desk: Path, run: Run) -> None:
    url = fall_silent(full_desk)
    found = {f["problem"]: f for f in json.loads(run("check", "--json").stdout) if f["where"] == "feeds"}
    silent = found[f"{url}: silent for 9 h, usually 20 min"]
    assert (silent["severity"], silent["remedy"]) == ("warning", "look whether the site still publishes")
    assert url not in found, "a feed is well or told of, never both"


def test_check_warns_of_review_without_editors(desk: Path, run: Run) -> None:
    def warned() -> bool:
        return any("nobody is told" in f["problem"] for f in json.loads(run("check", "--json").stdout))

    text = (desk / "settings.toml").read_text(encoding="utf-8")
    assert warned() == ('review = "auto"' not in text)
    run("editors", "add", "ada", "ada@example.org")
    assert not warned()
