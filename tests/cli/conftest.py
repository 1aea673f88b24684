"""The demo's outlets on loopback, and settings that name them, for the tests of commands."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result

from digest.cli import cli
from digest.demo.server import serve
from digest.demo.site import settings_text, subscribers_csv, whole_day

DAY = date(2026, 11, 24)

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def newsstand() -> Iterator[str]:
    with serve(DAY, now=lambda: whole_day(DAY)) as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path, newsstand: str) -> Path:
    """A folder with settings.toml for the newsstand."""
    (tmp_path / "settings.toml").write_text(settings_text(newsstand, "https://news.example.org"), encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory, newsstand: str) -> Path:
    """A folder whose store holds the day's articles, to copy from: collecting is the slow part."""
    folder = tmp_path_factory.mktemp("collected")
    (folder / "settings.toml").write_text(settings_text(newsstand, "https://news.example.org"), encoding="utf-8")
    (folder / "people.csv").write_text(subscribers_csv(), encoding="utf-8")
    with time_machine.travel(whole_day(DAY), tick=True):
        for command in (["subscribers", "import", str(folder / "people.csv")], ["collect"]):
            done = CliRunner().invoke(cli, ["--settings", str(folder / "settings.toml"), *command])
            assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def full_desk(tmp_path: Path, collected: Path) -> Path:
    """A desk of your own with the day's articles and readers."""
    shutil.copytree(collected, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("compose", "morning")` is `digest --settings … compose morning`."""

    def invoke(*arguments: str, settings: Path | None = None, stdin: str | None = None) -> Result:
        path = settings or tmp_path / "settings.toml"
        return CliRunner().invoke(cli, ["--settings", str(path), *arguments], input=stdin)

    return invoke
