"""Fault points: silent unless asked for, and all of them where they are said to be."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import digest
from digest import failpoint


def run(code: str, armed: str) -> subprocess.CompletedProcess[str]:
    """Python with a fault point armed."""
    environment = os.environ | {"FAULT_POINT": armed}
    command = [sys.executable, "-c", f"from digest.failpoint import fault_point\n{code}"]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=30)


def test_every_named_place_is_in_the_code_and_every_place_in_the_code_is_named() -> None:
    root = Path(digest.__file__).parent
    used = {
        name
        for path in root.rglob("*.py")
        for name in re.findall(r'fault_point\("([a-z_.]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert used == set(failpoint.NAMES)


def test_unarmed_nothing_happens() -> None:
    assert run("fault_point('smtp.after_record'); print('alive')", "").stdout == "alive\n"


def test_it_kills_at_the_count_that_was_asked_for() -> None:
    done = run("for n in range(5): print(n, flush=True); fault_point('smtp.after_record')", "smtp.after_record:3")
    assert done.returncode == -9
    assert done.stdout.split() == ["0", "1", "2"]


def test_a_full_disk_can_be_played() -> None:
    done = run("fault_point('outbox.written')", "outbox.written:1:full")
    assert "No space left" in done.stderr


@pytest.mark.parametrize("armed", ["nonsense", "smtp.after_record:x", "smtp.after_record:1:explode"])
def test_a_name_or_action_that_does_not_exist_is_an_error_and_not_a_test_that_passes(armed: str) -> None:
    assert run("print('alive')", armed).returncode == 1
