"""Bad input: one line that names the problem and the remedy, the right exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from digest.demo.site import whole_day
from tests.cli.conftest import DAY, Run


def one_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


def test_missing_settings_say_what_to_do(run: Run, tmp_path: Path) -> None:
    done = run("collect")
    assert done.exit_code == 78
    assert "digest init" in one_line(done.stderr)


def test_invalid_settings_are_all_reported_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[site]\nbase_ur = "x"\n[collect]\nevery = "soon"\n', encoding="utf-8")
    done = run("collect")
    assert done.exit_code == 78
    assert "base_url" in done.stderr
    assert "every" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 2


def test_init_writes_valid_settings_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert run("init", str(home)).exit_code == 0
    settings = home / "settings.toml"
    before = settings.read_bytes()
    assert run("schedule", "next", "3", "--json", settings=settings).exit_code == 0
    again = run("init", str(home))
    assert again.exit_code == 1
    assert "left as it is" in one_line(again.stderr)
    assert settings.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere, so this can only be shown to others")
def test_unwritable_folder_is_named(run: Run, desk: Path) -> None:
    desk.chmod(0o500)
    try:
        done = run("subscribers", "list")
    finally:
        desk.chmod(0o700)
    assert done.exit_code != 0
    assert str(desk) in one_line(done.stderr)


def test_folder_that_is_a_file_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("init", str(tmp_path / "file" / "below"))
    assert done.exit_code == 1
    assert "choose a folder" in one_line(done.stderr)


def test_file_that_is_no_database_is_refused_and_kept(run: Run, desk: Path) -> None:
    (desk / "digest.db").write_bytes(b"these are my notes, not a database\n" * 100)
    done = run("subscribers", "list")
    assert done.exit_code == 1
    assert "digest.db" in one_line(done.stderr)
    assert (desk / "digest.db").read_bytes().startswith(b"these are my notes")


def test_newer_database_is_refused(run: Run, desk: Path) -> None:
    assert run("db", "upgrade").exit_code == 0
    with sqlite3.connect(desk / "digest.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    done = run("subscribers", "list")
    assert done.exit_code == 1
    assert "newer" in one_line(done.stderr)
    checked = run("db", "check", "--json")
    [finding] = json.loads(checked.stdout)
    assert (checked.exit_code, finding["severity"]) == (4, "error")
    assert "newer" in finding["problem"]
    assert "restore" in finding["remedy"]


@pytest.mark.parametrize("content", [b"", b"these are my notes", None])
def test_db_check_reports_foreign_file(run: Run, desk: Path, content: bytes | None) -> None:
    if content is not None:
        (desk / "digest.db").write_bytes(content)
    done = run("db", "check")
    assert (done.exit_code, done.stdout.startswith("error")) == (4, True)
    assert (desk / "digest.db").exists() == (content is not None)


def test_import_lists_bad_rows_and_takes_good_ones(run: Run, desk: Path) -> None:
    rows = [
        "email;name;newsletter;topics",
        "ada@example.org;Ada;morning;world",
        "not an address;Bob;morning;",
        "eve@example.org> ORCPT=x;Eve;morning;",
        "cy@example.org;Cy;evening;",
        "dee@example.org;Dee;morning;wrld",
        'dan@example.org;"Dan; the man";matin;',
        "",
        "ADA@example.org;Ada again;morning;",
    ]
    (desk / "people.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    done = run("subscribers", "import", str(desk / "people.csv"), "--json")
    assert done.exit_code == 5
    report = json.loads(done.stdout)
    assert report["added"] == 2
    assert [bad["line"] for bad in report["bad"]] == [3, 4, 5, 6]
    assert "line 5: no newsletter 'evening'" in done.stderr
    assert "Dan; the man" in run("subscribers", "list").stdout


@pytest.mark.parametrize("content", ["", "name,city\nAda,Paris\n", "\x00\x01\x02"])
def test_import_without_addresses_is_refused(run: Run, desk: Path, content: str) -> None:
    (desk / "people.csv").write_text(content, encoding="utf-8")
    done = run("subscribers", "import", str(desk / "people.csv"))
    assert done.exit_code in (1, 3)
    assert "Traceback" not in done.stderr
    if content:
        assert "'address' or 'email'" in done.stderr


def test_import_in_other_encoding_says_how_to_save(run: Run, desk: Path) -> None:
    (desk / "people.csv").write_bytes("email,name\nrené@example.org,René\n".encode("latin-1"))
    done = run("subscribers", "import", str(desk / "people.csv"))
    assert done.exit_code == 1
    assert "CSV UTF-8" in one_line(done.stderr)


def test_unknown_names_list_known_ones(run: Run, desk: Path) -> None:
    assert "morning" in one_line(run("compose", "mornin").stderr)
    assert "there is no edition" in one_line(run("preview", "morning-2020-01-01-0700").stderr)
    assert "no edition yet" in one_line(run("preview", "morning").stderr)


def test_import_never_resubscribes(run: Run, desk: Path) -> None:
    (desk / "people.csv").write_text("email,newsletter\nada@example.org,matin\n", encoding="utf-8")
    run("subscribers", "import", str(desk / "people.csv"))
    (desk / "left.csv").write_text("email,newsletter,state\nada@example.org,matin,unsubscribed\n", encoding="utf-8")
    exported = run("subscribers", "export").stdout
    assert "ada@example.org" in exported
    run("subscribers", "erase", "--yes", "ada@example.org")
    assert "ada@example.org" not in run("subscribers", "export").stdout
    assert run("subscribers", "why", "ada@example.org").exit_code in (0, 3)


def test_mistyped_command_names_nearest(run: Run) -> None:
    done = run("colect")
    assert done.exit_code == 2
    assert "'collect'" in done.stderr


def test_unwritable_file_is_one_line(full_desk: Path, run: Run) -> None:
    (full_desk / "taken").write_text("a file, no folder", encoding="utf-8")
    with time_machine.travel(whole_day(DAY) + timedelta(minutes=3)):
        assert run("compose", "morning").exit_code == 0
        for option in (
            ["preview", "morning", "--html", str(full_desk / "nowhere" / "a.html")],
            ["preview", "morning", "--text", str(full_desk / "nowhere" / "a.txt")],
            ["deliver", "morning", "--dry-run", str(full_desk / "taken" / "below")],
        ):
            done = run(*option)
            assert done.exit_code == 1
            assert str(full_desk) in one_line(done.stderr)


def test_json_times_are_iso_8601(run: Run, desk: Path) -> None:
    assert run("subscribers", "add", "ada@example.org", "morning").exit_code == 0
    [row] = map(json.loads, run("subscribers", "list", "--json").stdout.splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", row["created_at"])


def test_check_reports_unusable_store(run: Run, desk: Path) -> None:
    (desk / "digest.db").write_bytes(b"no database" * 1000)
    done = run("check", "--json")
    assert done.exit_code == 4
    [*_, found] = json.loads(done.stdout)
    assert (found["where"], found["severity"]) == ("store", "error")
    assert "not a database" in found["problem"]
    assert "[store] url" in found["remedy"]


def test_release_of_nothing_or_unknown_feed_says_so(run: Run, desk: Path) -> None:
    ours = next(iter(json.loads(run("feeds", "list", "--json").stdout)))["url"]
    done = run("feeds", "release", ours)
    assert (done.exit_code, "nothing that is held" in one_line(done.stderr)) == (3, True)
    done = run("feeds", "release", ours + "x")
    assert (done.exit_code, "did you mean" in one_line(done.stderr)) == (1, True)


@pytest.mark.parametrize("command", ["list", "export"])
def test_list_of_unknown_newsletter_is_refused(desk: Path, run: Run, command: str) -> None:
    done = run("subscribers", command, "--newsletter", "mornign")
    assert (done.exit_code, done.stdout) == (78, "")
    assert "'mornign'" in done.stderr
    assert run("subscribers", command, "--newsletter", "morning").exit_code == 0


def test_add_refuses_unknown_language_and_newsletter(desk: Path, run: Run) -> None:
    done = run("subscribers", "add", "ada@example.org", "morning", "--language", "french")
    assert (done.exit_code, "did you mean 'fr'?" in done.stderr) == (2, True)
    (desk / "people.csv").write_text("email,newsletter\nada@example.org,matin\n", encoding="utf-8")
    done = run("subscribers", "import", str(desk / "people.csv"), "--newsletter", "mornign")
    assert (done.exit_code, "'mornign'" in one_line(done.stderr)) == (78, True)
    assert len(run("subscribers", "list").stdout.splitlines()) == 1
    assert run("subscribers", "add", "ada@example.org", "morning", "--language", "pt_BR").exit_code == 0
    [event, *_] = run("subscribers", "why", "ada@example.org").stdout.split("\n\nWhat happened")[1].splitlines()[2:]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d  added", event), event


def test_import_names_file_that_is_no_opml(desk: Path, run: Run) -> None:
    (desk / "people.csv").write_text("email\n", encoding="utf-8")
    done = run("feeds", "import", str(desk / "people.csv"))
    assert (done.exit_code, str(desk / "people.csv") in one_line(done.stderr)) == (1, True)


def test_why_of_unknown_address_is_nothing_to_do(desk: Path, run: Run) -> None:
    done = run("subscribers", "why", "stranger@readers.example", "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["subscriber"] is None
