"""A sender's name tells whether its process has certainly ended, so that nobody waits for the claims of the dead."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from digest import owner

TELL = "import sys; from digest import owner; print(owner.myself(), flush=True); sys.stdin.read()"


def another() -> tuple[subprocess.Popen[str], str]:
    """A process that lives until its input ends, and its name."""
    process = subprocess.Popen([sys.executable, "-c", TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_a_process_is_gone_once_it_was_killed_even_if_nobody_asked_after_it() -> None:
    process, name = another()
    with process:
        assert not owner.is_gone(name)
        process.kill()
        state = Path(f"/proc/{process.pid}/stat")
        for _ in range(1000):
            if state.read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.01)
        assert state.exists(), "a zombie: its parent has not waited for it"
        assert owner.is_gone(name)
    assert owner.is_gone(name)


def test_nobody_else_is_taken_for_the_dead() -> None:
    home, pid, started = owner.myself().rsplit("/", 2)
    assert not owner.is_gone(owner.myself())
    assert owner.is_gone(f"{home}/{pid}/{int(started) - 1}"), "the number was another process's before"
    assert not owner.is_gone(f"elsewhere/{pid}/{int(started) - 1}"), "nobody can look into another machine"


@pytest.mark.parametrize("name", ["", "x", "a/b/c", f"{os.getpid()}", "//", "///"])
def test_what_is_no_name_of_ours_is_not_known_to_be_gone(name: str) -> None:
    assert not owner.is_gone(name)
