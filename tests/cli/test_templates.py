"""`digest templates` on a real folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest import resources
from digest.cli import cli


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(resources.example_settings().read_text(encoding="utf-8"), encoding="utf-8")
    return path


def _run(settings: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--settings", str(settings), "templates", *words])


def test_a_block_is_ejected_listed_as_own_and_shown_as_a_difference(settings: Path) -> None:
    assert _run(settings, "diff").exit_code == 3
    ejected = _run(settings, "eject", "classic/mail.mjml.j2", "--block", "footer")
    assert ejected.exit_code == 0, ejected.output
    assert (settings.parent / "templates/email/classic/mail.mjml.j2").is_file()
    listed = {row["name"]: row for row in json.loads(_run(settings, "list", "--json").output)}
    assert listed["classic/mail.mjml.j2"]["origin"] == "own, instead of the built-in"
    assert listed["magazine/story.mjml.j2"]["origin"] == "built-in"
    assert '+{% extends "builtin/classic/mail.mjml.j2" %}' in _run(settings, "diff").output


def test_what_is_there_is_not_overwritten(settings: Path) -> None:
    assert _run(settings, "eject", "compact").exit_code == 0
    again = _run(settings, "eject", "compact")
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_the_list_for_people_names_the_blocks(settings: Path) -> None:
    shown = _run(settings, "list")
    assert shown.exit_code == 0
    assert "classic/story.mjml.j2" in shown.output
