"""Tasks for the sandbox's workers in tests: functions at the top of a module, as the sandbox requires."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path


def double(number: int) -> int:
    return number * 2


def fail(text: str) -> str:
    raise ValueError(f"no\n{text}")


class Stubborn(Exception):
    """An exception that cannot be unpickled, for it takes two arguments and passes on one."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(one)


def fail_stubbornly(number: int) -> int:
    raise Stubborn(number, number)


def backtrack(length: int) -> bool:
    """Hours inside one call of C, which no signal handler of Python's interrupts."""
    return re.match(r"(a+)+\Z", "a" * length + "b") is None


def wait_for_ever(number: int) -> int:
    threading.Event().wait()
    return number


def hoard(megabytes: int) -> int:
    return len("x" * megabytes * 1_000_000)


def nest(depth: int) -> int:
    return nest(depth + 1)


def die(number: int) -> int:
    os.kill(os.getpid(), number)
    return number


def die_once(mark: str) -> str:
    """Killed from outside at the first try, as the system does when memory runs out."""
    path = Path(mark)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def unsendable(number: int) -> Callable[[], int]:
    return lambda: number


def worker_id(number: int) -> int:
    return os.getpid()
