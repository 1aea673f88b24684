"""The name of a run: others may take over its claims only when it has certainly ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digest import process

TELL = """
import sys
from digest import process
with process.run() as name:
    print(name, flush=True)
    sys.stdin.read()
"""


def another() -> tuple[subprocess.Popen[str], str]:
    """A process that lives until its input ends, and the name of its run."""
    process = subprocess.Popen([sys.executable, "-c", TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_run_is_gone_after_any_end() -> None:
    try:
        with process.run() as name:
            assert not process.is_gone(name)
            raise RuntimeError("the store is away")
    except RuntimeError:
        assert process.is_gone(name)


def test_runs_of_one_process_have_distinct_names() -> None:
    with process.run() as first, process.run() as second:
        assert first != second
        assert not process.is_gone(first)
        assert not process.is_gone(second)


def test_killed_process_is_gone_before_it_is_reaped() -> None:
    child, name = another()
    with child:
        assert not process.is_gone(name)
        child.kill()
        state = Path(f"/proc/{child.pid}/stat")
        for _ in range(1000):
            if state.read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.01)
        assert state.exists(), "a zombie: its parent has not waited for it"
        assert process.is_gone(name)
    assert process.is_gone(name)


def test_run_of_other_host_or_process_is_not_gone() -> None:
    with process.run() as name:
        home, pid, started, number = name.rsplit("/", 3)
    assert process.is_gone(f"{home}/{pid}/{int(started) - 1}/{number}"), "the number was another process's before"
    assert not process.is_gone(f"elsewhere/{pid}/{int(started) - 1}/{number}"), "nobody can look into another machine"


@pytest.mark.parametrize("name", ["", "x", "me", "a/b/c", "a/b/c/d", f"{os.getpid()}", "//", "///", "////"])
def test_malformed_name_is_not_gone(name: str) -> None:
    assert not process.is_gone(name)
