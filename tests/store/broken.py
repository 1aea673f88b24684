"""Steps that break off at a chosen place, without a part of ours being another than it is."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def broken_off(called: str, inside: str, error: BaseException) -> Iterator[None]:
    """Raise `error` where a function `inside` first comes back from one `called` that, written in C."""

    def look(frame: FrameType, event: str, function: Any) -> None:
        if event == "c_return" and frame.f_code.co_name == inside and function.__name__ == called:
            sys.setprofile(None)
            raise error

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


@contextmanager
def lost_answer() -> Iterator[None]:
    """SQLite's next commit is done, and whoever asked for it is told that it failed."""
    with broken_off("commit", "quick", sqlite3.OperationalError("disk I/O error")):
        yield
