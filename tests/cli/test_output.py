"""Output for programs and people: closed pipes, full disks, other locales, whole rows."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from digest.cli.common import progress, table
from digest.settings import load


def program(*arguments: str, **environment: str) -> list[str]:
    """The command line of the program itself, with these variables alone beside PATH and HOME."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = [f"{name}={value}" for name, value in (kept | environment).items()]
    return ["env", "-i", *told, sys.executable, "-m", "digest", *arguments]


def test_closed_pipe_is_no_error(desk: Path) -> None:
    rows = "\n".join(f"r{n}@example.org,Reader" for n in range(5000))
    (desk / "people.csv").write_text(f"email,name\n{rows}\n", encoding="utf-8")
    settings = ("--settings", str(desk / "settings.toml"))
    newsletter = ("--newsletter", "morning")
    subprocess.run(program(*settings, "subscribers", "import", str(desk / "people.csv"), *newsletter), check=True)
    for command in (("subscribers", "export"), ("subscribers", "list"), ("subscribers", "list", "--json")):
        process = subprocess.Popen(program(*settings, *command), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(60), process.stderr.read()) == (0, b""), command
        process.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_is_one_line(desk: Path) -> None:
    settings = ("--settings", str(desk / "settings.toml"))
    for command in (("subscribers", "export"), ("feeds", "list", "--json"), ("feeds", "list")):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                program(*settings, *command), stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), (command, done.stderr)
        assert "No space left" in done.stderr


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_output_is_utf_8_in_any_locale(desk: Path, locale: dict[str, str]) -> None:
    settings = ("--settings", str(desk / "settings.toml"))
    environment = locale | {"PYTHONCOERCECLOCALE": "0"}
    subprocess.run(
        program(*settings, "subscribers", "add", "zoe@example.org", "matin", "--name", "Zoé Ångström"), check=True
    )
    for command in (("subscribers", "export"), ("subscribers", "list"), ("subscribers", "list", "--json")):
        done = subprocess.run(program(*settings, *command, **environment), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        assert "Zoé Ångström" in done.stdout.decode("utf-8")


def test_completion_offers_names_from_settings(desk: Path) -> None:
    def completed(words: str) -> list[str]:
        asked = {"_DIGEST_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = program(**asked, DIGEST_SETTINGS=str(desk / "settings.toml"))
        command[-2:] = ["-c", "from digest.cli import main; main()"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [line.removeprefix("plain,") for line in done.stdout.splitlines()]

    assert completed("digest comp") == ["compose"]
    assert completed("digest compose m") == ["morning", "matin"]
    assert completed("digest deliver ma") == ["matin"]
    assert "science" in completed("digest feeds add --topic ")
    assert completed(f"digest --settings {desk / 'none.toml'} compose ") == [""], "no name, and no error"


def test_table_row_is_one_line_without_terminal(desk: Path) -> None:
    settings = ("--settings", str(desk / "settings.toml"))
    done = subprocess.run(program(*settings, "feeds", "list"), capture_output=True, text=True, check=True)
    _, *rows = done.stdout.splitlines()
    addresses = {feed.url for topic in load(desk / "settings.toml", {}).topics.values() for feed in topic.feeds}
    assert {row.split()[0] for row in rows} == addresses
    assert len(rows) == len(addresses)


def test_table_cell_controls_are_replaced(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["日本", "a\x1b[2Jb"], ["x", "two\nlines"], *[["y", "z"]] * 3000]
    table("Readers", ["name", "what"], rows)
    title, head, first, second, *rest = capsys.readouterr().out.splitlines()
    assert (title, head, first, second) == ("Readers", "name  what", "日本  a [2Jb", "x     two lines")
    assert len(rest) == 3000
    monkeypatch.setenv("COLUMNS", "40")
    table("", ["name", "what"], rows[:2])
    assert "\x1b[2J" not in capsys.readouterr().out


def test_progress_on_terminal_shows_rate_and_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    clock = itertools.count(0.0, 0.5)
    monkeypatch.setattr("rich.console.monotonic", lambda: next(clock))
    with progress({"messages": "Handing over"}) as show:
        for done in range(0, 5001, 1000):
            show("messages", done, 10_000)
    told = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", capsys.readouterr().err)
    assert re.search(r"Handing over +\S+ +5000/10000 [\d,]+/s 0:00:\d\d", told), told


def test_progress_without_terminal_is_one_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with progress({"messages": "Handing over"}) as show:
        for done in (0, 5, 10):
            show("messages", done, 10)
    assert capsys.readouterr().err == "Handing over: 10\n"
