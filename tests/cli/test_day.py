"""A day at the command line: collect, compose, preview, approve, deliver; repeating it does nothing."""

from __future__ import annotations

import json
import re
import shutil
import webbrowser
from datetime import timedelta
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import time_machine

from digest.demo.site import whole_day
from tests.cli.conftest import DAY, Run

MORNING = "morning-2026-11-24-0700"
MATIN = "matin-2026-11-24-0700"


@pytest.fixture
def morning() -> time_machine.travel:
    """The clock on the day of the news, between collecting and the cut-off."""
    return time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True)


def test_collect_reports_each_feed_and_finds_articles(desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        collected = run("collect", "--json")
    assert collected.exit_code == 0, collected.stderr
    report = json.loads(collected.stdout)
    assert report["articles"]["new"] >= 40
    assert {feed["status"] for feed in report["feeds"]} == {"ok"}
    assert set(report["feeds"][0]) == {"url", "status", "entries", "new", "error"}


def test_day_by_hand_from_compose_to_deliver(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    desk = full_desk
    with morning as clock:
        composed = run("compose", "morning")
        assert composed.exit_code == 0, composed.stderr
        assert "also in" in composed.stdout
        again = run("compose", "morning")
        assert (again.exit_code, "has its edition already" in again.stderr) == (3, True)

        preview = run("preview", "morning", "--html", str(desk / "mail.html"))
        assert preview.exit_code == 0, preview.stderr
        assert (desk / "mail.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")

        early = run("deliver", MORNING)
        assert early.exit_code == 1
        assert "waits for review" in early.stderr
        assert run("approve", MORNING).exit_code == 0
        not_yet = run("deliver", MORNING)
        assert (not_yet.exit_code, "--now sends at once" in not_yet.stderr) == (75, True)

        clock.shift(60 * 60)
        done = run("deliver", MORNING, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["counts"] == {"accepted": 6}
        assert len(list((desk / "outbox" / MORNING).glob("*.eml"))) == 6
        before = {path: path.read_bytes() for path in desk.rglob("*.eml")}
        nothing = run("deliver", MORNING)
        assert (nothing.exit_code, "nothing left to send" in nothing.stderr) == (3, True)
        data = json.loads(run("deliver", MORNING, "--json").stdout)
        assert (data["state"], data["sent"], data["counts"], data["open"]) == ("sent", 0, {"accepted": 6}, 0)
        assert {path: path.read_bytes() for path in desk.rglob("*.eml")} == before

        listed = run("deliveries", "morning", "--json").stdout.splitlines()
        assert {json.loads(line)["state"] for line in listed} == {"accepted"}


def test_preview_shows_pictures_before_site_is_up(
    full_desk: Path, run: Run, morning: time_machine.travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with morning:
        run("compose", "morning")
        assert run("preview", "morning", "--open").exit_code == 0
        run("preview", "morning", "--html", str(full_desk / "sent.html"))
    shown = Path(unquote(urlsplit(opened[0]).path)).read_text(encoding="utf-8")
    pictures = re.findall(r'src="(file://[^"]+)"', shown)
    assert len(pictures) > 10
    assert all(Path(unquote(urlsplit(picture).path)).is_file() for picture in pictures)
    written = (full_desk / "sent.html").read_text(encoding="utf-8")
    assert set(re.findall(r'src="(file://[^"]+)"', written)) == set(pictures)


def test_why_explains_every_candidate(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        why = json.loads(run("why", "morning", "--json").stdout)
        assert {c["decision"] for c in why["candidates"]} <= {"in", "out"}
        assert len(why["candidates"]) > 20
        assert all(c["reason"] for c in why["candidates"])
        brief = run("why", "morning").stdout
        assert all(c["title"] in brief for c in why["candidates"])
        placed = [c for c in why["candidates"] if c["place"] == 1 and c["leads"] and c["decision"] == "in"]
        assert all(f"  1  {c['score']:.2f}  {c['title']}" in brief for c in placed)
        full = run("why", "morning", "bank")
        assert "coverage" in full.stdout
        assert run("why", "morning", "no such article").exit_code == 1


def test_dry_run_writes_files_and_touches_no_delivery(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "matin")
        dry = run("deliver", "matin", "--dry-run", str(full_desk / "look"), "--json")
        assert (dry.exit_code, json.loads(dry.stdout)["written"]) == (0, 3)
        assert len(list((full_desk / "look").rglob("*.eml"))) == 3
        assert run("deliveries", "matin", "--json").stdout == ""
        sent = run("deliver", "matin", "--test", "me@example.org", "--json")
        assert json.loads(sent.stdout) == {"edition_id": MATIN, "test": "me@example.org", "problems": []}
        assert run("deliver", "matin", "--test", "").exit_code == 1  # a script's empty variable sends no edition
        [test] = (full_desk / "outbox").rglob("*.eml")
        assert str(BytesParser(policy=default).parsebytes(test.read_bytes())["Subject"]).startswith("[TEST]")


def test_blocked_mail_can_be_tested_but_not_sent(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    template = full_desk / "templates" / "email" / "classic" / "mail.mjml.j2"
    template.parent.mkdir(parents=True)
    template.write_text('{% extends "builtin/classic/mail.mjml.j2" %}{% block footer %}{% endblock %}')
    with morning:
        run("compose", "morning")
        tried = run("deliver", "morning", "--test", "me@example.org", "--json")
        assert {p["where"] for p in json.loads(tried.stdout)["problems"]} == {"unsubscribe", "postal-address"}
        assert "Readers will not get it as it is: no unsubscribe link in the HTML part" in tried.stderr
        run("approve", "morning")
        done = run("deliver", "morning", "--now")
        assert done.exit_code == 1
        assert "no unsubscribe link in the HTML part; print mail.links.unsubscribe in it" in done.stderr
        assert not (full_desk / "outbox" / MORNING).exists()
        template.unlink()
        assert run("deliver", "morning", "--now").exit_code == 0


@pytest.mark.parametrize(
    "ways", [("--pause", "--cancel"), ("--test", "me@example.org", "--now"), ("--dry-run", "x", "--resume")]
)
def test_deliver_refuses_conflicting_options(desk: Path, run: Run, ways: tuple[str, ...]) -> None:
    done = run("deliver", "morning", *ways)
    assert (done.exit_code, "do not go together" in done.stderr) == (2, True)


def test_cancel_prints_state_as_json(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        done = run("deliver", "morning", "--cancel", "--json")
        assert json.loads(done.stdout) == {"edition_id": MORNING, "state": "cancelled"}
        assert run("deliver", MORNING).exit_code == 3


def test_compose_outside_calendar_says_so(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        usual = run("compose", "morning", "--slot", "2026-11-24T07:00")
        assert (usual.exit_code, usual.stderr) == (0, "")
        extra = run("compose", "morning", "--slot", "2026-11-24T07:01")
        assert "has no slot at 2026-11-24T07:01: this edition comes on top" in extra.stderr


def test_compose_with_too_few_stories_skips_and_says_so(desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        skipped = run("compose", "morning")
        assert (skipped.exit_code, "0 of at least 3 stories" in skipped.stderr) == (3, True)
        assert "compose again" in skipped.stderr  # before the cut-off nothing is stored that 'why' could explain


def test_second_collect_finds_nothing_and_due_polls_nothing(
    full_desk: Path, run: Run, morning: time_machine.travel
) -> None:
    with morning:
        idle = json.loads(run("collect", "--due", "--json").stdout)
        assert {feed["status"] for feed in idle["feeds"]} == {"skipped"}
        forced = json.loads(run("collect", "--json").stdout)
        assert {feed["status"] for feed in forced["feeds"]} == {"not_modified"}
        assert forced["articles"] == {"new": 0, "changed": 0, "failed": 0}


def test_copied_store_sends_nothing_until_resumed(
    full_desk: Path, tmp_path_factory: pytest.TempPathFactory, run: Run, morning: time_machine.travel
) -> None:
    with morning:
        run("compose", "morning")
        run("approve", "morning")
        assert run("deliver", "morning").exit_code == 75  # not due yet: but this is the store's home now
        clone = tmp_path_factory.mktemp("clone")
        shutil.copytree(full_desk, clone, dirs_exist_ok=True)
        refused = run("deliver", "morning", "--now", settings=clone / "settings.toml")
        assert refused.exit_code == 1
        assert "make sure that it no longer sends" in refused.stderr
        assert not list(clone.rglob("*.eml"))
        assert run("schedule", "pause", "--resume", settings=clone / "settings.toml").exit_code == 0
        assert run("deliver", "morning", "--now", settings=clone / "settings.toml").exit_code == 0
        assert len(list(clone.rglob("*.eml"))) == 6
