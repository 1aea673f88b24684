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


def test_ejected_block_is_listed_as_own_and_diffed(settings: Path) -> None:
    assert _run(settings, "diff").exit_code == 3
    ejected = _run(settings, "eject", "classic/mail.mjml.j2", "--block", "footer")
    assert ejected.exit_code == 0, ejected.output
    assert (settings.parent / "templates/email/classic/mail.mjml.j2").is_file()
    listed = {row["name"]: row for row in json.loads(_run(settings, "list", "--json").output)}
    assert listed["classic/mail.mjml.j2"]["origin"] == "own, instead of the built-in"
    assert listed["magazine/story.mjml.j2"]["origin"] == "built-in"
    assert _run(settings, "diff").exit_code == 3  # ejected and not changed yet
    own = settings.parent / "templates/email/classic/mail.mjml.j2"
    own.write_text(own.read_text(encoding="utf-8") + "{# mine #}\n", encoding="utf-8")
    assert "+{# mine #}" in _run(settings, "diff").output


def test_eject_never_overwrites(settings: Path) -> None:
    assert _run(settings, "eject", "compact").exit_code == 0
    again = _run(settings, "eject", "compact")
    assert again.exit_code == 1
    assert "is there already" in again.output


def test_templates_list_names_blocks(settings: Path) -> None:
    shown = _run(settings, "list")
    assert shown.exit_code == 0
    assert "classic/story.mjml.j2" in shown.output


def test_check_names_template_mistakes_and_unknown_theme(settings: Path) -> None:
    own = settings.parent / "templates" / "email" / "classic" / "story.mjml.j2"
    own.parent.mkdir(parents=True)
    own.write_text("<mj-text>\n{{ story.titel }}</mj-text>", encoding="utf-8")
    text = settings.read_text(encoding="utf-8").replace('theme = "classic"', 'theme = "clasic"')
    settings.write_text(text.replace('language = "en"', 'language = "fi"'), encoding="utf-8")
    checked = CliRunner().invoke(cli, ["--settings", str(settings), "check", "--json"])
    found = {(f["where"], f["severity"]): f for f in json.loads(checked.stdout) if f["where"] == "templates"}
    assert checked.exit_code == 4
    assert "no words in 'fi'" in found["templates", "warning"]["problem"]
    errors = [f["problem"] for f in json.loads(checked.stdout) if (f["where"], f["severity"]) == ("templates", "error")]
    assert any("line 2: 'story' has no 'titel'" in message for message in errors)
    assert any("there is no theme 'clasic'" in message for message in errors)
