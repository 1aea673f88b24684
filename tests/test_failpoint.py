"""Fault points: inactive unless armed, and each in the code under its name."""

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


def test_fault_points_match_code() -> None:
    root = Path(digest.__file__).parent
    used = {
        name
        for path in root.rglob("*.py")
        for name in re.findall(r'fault_point\("([a-z_.]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert used == set(failpoint.NAMES)


def test_fault_point_unarmed_does_nothing() -> None:
    assert run("fault_point('smtp.after_record'); print('alive')", "").stdout == "alive\n"


def test_fault_point_kills_at_given_count() -> None:
    done = run("for n in range(5): print(n, flush=True); fault_point('smtp.after_record')", "smtp.after_record:3")
    assert done.returncode == -9
    assert done.stdout.split() == ["0", "1", "2"]


def test_fault_point_raises_full_disk() -> None:
    done = run("fault_point('outbox.written')", "outbox.written:1:full")
    assert "No space left" in done.stderr


@pytest.mark.parametrize("armed", ["nonsense", "smtp.after_record:x", "smtp.after_record:1:explode"])
def test_fault_point_refuses_unknown_name_or_action(armed: str) -> None:
    assert run("print('alive')", armed).returncode == 1
