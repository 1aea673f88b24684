"""The package: a built wheel, unpacked anywhere, brings its templates, words, settings and demo."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.paths import PROJECT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(PROJECT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return built


def run(code: str, home: Path, cwd: Path) -> str:
    """Run code with the unpacked wheel in front of everything else."""
    environ = {**os.environ, "PYTHONPATH": str(home)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_wheel_finds_templates_and_settings(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home)
    code = (
        "from digest import resources; from digest.text.catalogue import available\n"
        "from digest.demo.site import build\n"
        "from datetime import date; from importlib.resources import files\n"
        "from digest.deliver.check.client_support import table\n"
        "print(resources.templates(), resources.example_settings().is_file(), 'fr' in available(), "
        "len(build('http://127.0.0.1:1', date(2026, 11, 24))) > 40, len(table().features) > 300, "
        "files('digest.deliver.check').joinpath('data/caniemail.LICENSE').is_file())"
    )
    assert run(code, home, tmp_path) == f"{home / 'digest' / '_bundled' / 'templates'} True True True True True"


def test_wheel_starts_project(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "elsewhere"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home)
    run("import sys; sys.argv = ['digest', 'init', 'news']; from digest.cli import main; main()", home, tmp_path)
    assert (tmp_path / "news" / "settings.toml").is_file()


def test_editable_install_finds_same_files() -> None:
    from digest import resources

    assert (resources.templates() / "email" / "classic").is_dir()
    assert (resources.templates() / "web" / "unsubscribe.html.j2").is_file()
    assert resources.example_settings().is_file()


def test_wheel_holds_no_development_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if name.startswith(("tests/", "artefacts/")) or name.endswith((".db", ".eml"))]
    assert "digest/py.typed" in names
