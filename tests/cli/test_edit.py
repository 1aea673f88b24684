"""`digest edit` and `digest editors`: an editor's session at the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from digest.demo.site import whole_day
from tests.cli.conftest import DAY, Run

MORNING = "morning-2026-11-24-0700"


@pytest.fixture
def morning() -> time_machine.travel:
    return time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True)


def titles(run: Run) -> list[str]:
    lines = run("edit", "morning").stdout.splitlines()
    return [line.split(maxsplit=1)[1].rpartition(" — ")[0] for line in lines if line[:3].strip().isdigit()]


def test_edit_session_from_listing_to_approval(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        assert run("compose", "morning").exit_code == 0
        before = titles(run)
        assert run("approve", "morning").exit_code == 0

        done = run("edit", "--author", "ada", "morning", "drop", "1")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(f"dropped: {before[0]}")
        assert "version 2, in_review" in done.stderr
        assert run("edit", "morning", "retitle", "1", "A better title").exit_code == 0
        assert titles(run) == ["A better title", *before[2:]]
        assert run("edit", "morning", "pin", "3").exit_code == 0
        assert titles(run)[0] == before[3]
        assert run("edit", "morning", "rewrite", "1", "Shorter.").exit_code == 0
        assert run("edit", "morning", "note", "Good morning.").exit_code == 0
        assert run("edit", "morning", "subject", "All of it").exit_code == 0
        for _ in range(6):
            assert run("edit", "morning", "undo").exit_code == 0
        assert titles(run) == before
        assert run("edit", "morning", "diff").exit_code == 3
        assert "no edit is left to undo" in run("edit", "morning", "undo").stderr

        stale = run("edit", "--version", "1", "morning", "drop", "1")
        assert (stale.exit_code, "not 1; nothing was changed" in stale.stderr) == (1, True)
        lines = json.loads(run("edit", "morning", "history", "--json").stdout)
        assert [line["what"] for line in lines][:4] == ["create", "approve", "drop", "retitle"]
        assert lines[2]["author"] == "ada"
        assert before[0].split()[0] in run("edit", "morning", "history").stdout


def test_edit_prints_edition_and_changes_as_json(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        composed = json.loads(run("compose", "morning", "--json").stdout)
        listed = run("edit", "morning", "--json")
        assert (listed.exit_code, listed.stderr) == (0, "")
        assert json.loads(listed.stdout) == composed, "an edition has one shape, whoever prints it"
        stories = [story for section in composed["sections"] for story in section["stories"]]
        done = json.loads(run("edit", "morning", "drop", stories[1]["key"], "--json").stdout)
        assert (done["edition_id"], done["version"], done["state"]) == (MORNING, 2, "in_review")
        assert [(change["kind"], change["title"]) for change in done["changes"]] == [("dropped", stories[1]["title"])]
        approved = json.loads(run("approve", "morning", "--hash", done["content_hash"], "--json").stdout)
        assert approved == {"edition_id": MORNING, "content_hash": done["content_hash"], "planned": 6}
        undone = json.loads(run("edit", "--json", "morning", "undo").stdout)
        assert (undone["version"], undone["content_hash"]) == (3, composed["content_hash"])
        assert json.loads(run("edit", "morning", "--json", "diff").stdout) == []


def test_edit_without_change_is_nothing_to_do(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        run("approve", "morning")
        for nothing in (["subject", ""], ["note", " "], ["pin", "1"]):
            done = run("edit", "morning", *nothing)
            assert (done.exit_code, done.stdout) == (3, "Nothing changed.\n")
            assert "version 1, approved" in done.stderr
        assert run("edit", "morning", "drop", "1").exit_code == 0


def test_edit_takes_options_after_edition(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        done = run("edit", "morning", "--author", "ada", "--version", "1", "drop", "1")
        assert done.exit_code == 0, done.stderr
        assert json.loads(run("edit", "morning", "history", "--json").stdout)[-1]["author"] == "ada"
        stale = run("edit", "morning", "--version", "1", "drop", "1")
        assert (stale.exit_code, "not 1; nothing was changed" in stale.stderr) == (1, True)
        assert "--author" in run("edit", "morning", "--help").stdout
        wrong = run("edit", "morning", "--late", "drop", "1")
        assert (wrong.exit_code, "'--late'" in wrong.stderr) == (2, True)


def test_edit_add_inserts_article_and_once_late(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        run("compose", "matin")  # whose articles the other newsletter does not have
        shown = {c["url"]: c for c in json.loads(run("why", "matin", "--json").stdout)["candidates"]}
        first, second, third = [url for url, c in shown.items() if c["language"] == "fr"][:3]
        done = run("edit", "morning", "add", first, "--topic", "science", "--position", "2")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(f"added: {shown[first]['title']}")
        again = run("edit", "morning", "add", first)
        assert (again.exit_code, "already has" in again.stderr) == (1, True)
        early = run("edit", "morning", "add", second, "--late")
        assert (early.exit_code, "add the story as an ordinary edit" in early.stderr) == (1, True)
        run("approve", "morning")
        late = run("edit", "morning", "add", second, "--late")
        assert late.exit_code == 0, late.stderr
        assert "approved" in late.stderr
        twice = run("edit", "morning", "add", third, "--late")
        assert (twice.exit_code, "had its late insert" in twice.stderr) == (1, True)
        missing = run("edit", "morning", "add", first.rsplit("/", 1)[0] + "/nothing-here")
        assert missing.exit_code == 1
        assert "nothing-here" in missing.stderr


def test_edit_names_unknown_story(full_desk: Path, run: Run, morning: time_machine.travel) -> None:
    with morning:
        run("compose", "morning")
        done = run("edit", "morning", "drop", "99")
        assert (done.exit_code, f"'digest edit {MORNING}' lists them" in done.stderr) == (1, True)
        topic = run("edit", "morning", "add", "https://example.org/x", "--topic", "sports")
        assert (topic.exit_code, "'sports'" in topic.stderr) == (78, True)


def test_editors_are_listed_added_and_removed(desk: Path, run: Run) -> None:
    assert run("editors", "add", "ada", "Ada@Example.org").exit_code == 0
    [ada] = json.loads(run("editors", "list", "--json").stdout)
    assert (ada["name"], ada["address"], ada["signs_in"]) == ("ada", "Ada@example.org", False)
    again = run("editors", "add", "ada", "other@example.org")
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    assert run("editors", "add", "bob", "no address").exit_code != 0
    for name in ("", " ", "a\nb"):
        assert run("editors", "add", name, "bob@example.org").exit_code == 2
    assert run("editors", "add", "cyd", "cyd@example.org", "--password", stdin="secret\nsecret\n").exit_code == 0
    assert [e["signs_in"] for e in json.loads(run("editors", "list", "--json").stdout)] == [False, True]
    assert run("editors", "remove", "ada").exit_code == 0
    assert run("editors", "remove", "ada").exit_code == 1
