"""`digest schedule`: slots in local time and UTC, skipped slots, and the pause of all sending."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from tests.cli.conftest import Run

SETTINGS = """
[topics.world]
title = "World"
feeds = ["https://example.org/world.rss"]

[newsletters.paris]
title = "Paris"
sender = { name = "Paris", address = "paris@example.org" }
topics = ["world"]
timezone = "Europe/Paris"
send_at = ["02:30", "18:00"]
cut_off = "1h"
skip_dates = [2027-03-30]

[newsletters.apia]
title = "Apia"
sender = { name = "Apia", address = "apia@example.org" }
topics = ["world"]
timezone = "Pacific/Apia"
monthdays = [-1]
send_at = "07:00"
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "settings.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def spring() -> time_machine.travel:
    """The evening before the clocks of Paris go from 02:00 to 03:00."""
    return time_machine.travel(datetime(2027, 3, 27, 18, 0, tzinfo=UTC), tick=False)


@pytest.mark.usefixtures("desk")
class TestNext:
    def test_next_lists_slots_in_order_local_and_utc(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            done = run("schedule", "next", "6", "--json")
        assert done.exit_code == 0, done.stderr
        rows = [(r["newsletter"], r["slot"], r["send_at"], r["closed"]) for r in json.loads(done.stdout)]
        assert rows == [
            ("paris", "2027-03-28T02:30", "2027-03-28T01:00:00+00:00", ""),  # a time that is not: its first instant
            ("paris", "2027-03-28T18:00", "2027-03-28T16:00:00+00:00", ""),  # summer time
            ("paris", "2027-03-29T02:30", "2027-03-29T00:30:00+00:00", ""),
            ("paris", "2027-03-29T18:00", "2027-03-29T16:00:00+00:00", ""),
            ("paris", "2027-03-30T02:30", "2027-03-30T00:30:00+00:00", "holiday"),
            ("paris", "2027-03-30T18:00", "2027-03-30T16:00:00+00:00", "holiday"),
        ]

    def test_next_shows_ten_by_default(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            assert len(json.loads(run("schedule", "next", "--json").stdout)) == 10

    def test_next_handles_month_ends_across_date_line(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            rows = json.loads(run("schedule", "next", "3", "--newsletter", "apia", "--json").stdout)
        assert [(r["slot"], r["send_at"]) for r in rows] == [
            ("2027-03-31T07:00", "2027-03-30T18:00:00+00:00"),
            ("2027-04-30T07:00", "2027-04-29T18:00:00+00:00"),
            ("2027-05-31T07:00", "2027-05-30T18:00:00+00:00"),
        ]

    def test_next_for_people_shows_weekday_times_and_closed_days(
        self, run: Run, spring: time_machine.travel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "160")
        with spring:
            shown = run("schedule", "next", "6").stdout
        line = next(line for line in shown.splitlines() if "2027-03-28 18:00" in line)
        assert "Sun 2027-03-28 18:00" in line
        assert "2027-03-28 16:00" in line
        assert "Europe/Paris" in line
        assert "2027-03-28 15:00" in line, "when the content is frozen"
        assert "no edition: holiday" in shown

    def test_next_names_known_newsletters_for_unknown_one(self, run: Run) -> None:
        done = run("schedule", "next", "--newsletter", "nobody")
        assert done.exit_code == 78
        assert "'nobody'" in done.stderr
        assert "apia, paris" in done.stderr


@pytest.mark.usefixtures("desk")
class TestSkip:
    def test_skipped_slot_is_listed_and_not_composed(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            done = run("schedule", "skip", "paris", "2027-03-28T18:00")
            assert done.exit_code == 0, done.stderr
            [row] = json.loads(run("schedule", "list", "--json").stdout)
        assert (row["newsletter"], row["slot"], row["outcome"], row["reason"]) == (
            "paris",
            "2027-03-28T18:00",
            "skipped",
            "skipped by hand",
        )

    def test_next_shows_skipped_slots(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            assert run("schedule", "skip", "paris", "2027-03-28T18:00").exit_code == 0
            rows = json.loads(run("schedule", "next", "3", "--newsletter", "paris", "--json").stdout)
        assert [row["closed"] for row in rows] == ["", "skipped by hand", ""]

    @pytest.mark.parametrize(
        ("slot", "why"),
        [("2027-03-27T02:30", "is over"), ("1980-03-27T18:00", "is over"), ("2027-03-30T18:00", "holiday")],
    )
    def test_skip_refuses_past_and_closed_slots(
        self, run: Run, spring: time_machine.travel, slot: str, why: str
    ) -> None:
        with spring:
            done = run("schedule", "skip", "paris", slot)
            assert json.loads(run("schedule", "list", "--json").stdout) == []
        assert done.exit_code == 1
        assert why in done.stderr

    @pytest.mark.parametrize(
        "text", ["tomorrow", "2027-03-28T18:00+02:00", "2027-13-01T07:00", "0001-01-01T18:00", "9999-12-31T18:00"]
    )
    def test_skip_refuses_invalid_local_time(self, run: Run, text: str) -> None:
        done = run("schedule", "skip", "paris", text)
        assert done.exit_code == 2
        assert text in done.stderr

    def test_skip_names_slot_outside_calendar(self, run: Run, spring: time_machine.travel) -> None:
        with spring:
            done = run("schedule", "skip", "paris", "2027-03-28T18:01")
        assert done.exit_code == 1
        assert "digest schedule next" in done.stderr


@pytest.mark.usefixtures("desk")
def test_list_refuses_unknown_newsletter(run: Run) -> None:
    done = run("schedule", "list", "--newsletter", "nobody", "--json")
    assert (done.exit_code, done.stdout) == (78, "")
    assert "apia, paris" in done.stderr


@pytest.mark.usefixtures("desk")
def test_pause_holds_until_resumed(run: Run) -> None:
    assert run("schedule", "pause").exit_code == 0
    assert "all sending is paused" in run("check").stdout
    assert run("schedule", "pause", "--resume").exit_code == 0
    assert "all sending is paused" not in run("check").stdout
