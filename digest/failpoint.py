"""Named points where a test may kill, stop or starve the process; without the environment variable nothing happens.

`FAULT_POINT=NAME[:COUNT[:ACTION]]` (several with commas) acts the COUNTth time that NAME is passed, 1 by default.
ACTION is `kill` (SIGKILL, the default), `stop` (SIGSTOP, as a laptop lid or a paused container does) or `full` (an
OSError ENOSPC, as a full disk gives).
"""

from __future__ import annotations

import errno
import os
import signal
from typing import Final

#: All points, in the order in which one message passes them. A test visits each.
NAMES: Final = (
    "deliver.planned",
    "deliver.claimed",
    "smtp.before_record",
    "smtp.after_record",
    "smtp.before_write",
    "smtp.after_write",
    "smtp.after_read",
    "deliver.recovering",
    "deliver.recovered",
    "deliver.finishing",
    "outbox.written",
    "outbox.named",
)

_VARIABLE: Final = "FAULT_POINT"


def _parse(text: str) -> dict[str, tuple[int, str]]:
    armed: dict[str, tuple[int, str]] = {}
    for item in filter(None, text.split(",")):
        name, _, rest = item.partition(":")
        count, _, action = rest.partition(":")
        if name not in NAMES or action not in {"", "kill", "stop", "full"} or not (count or "1").isdecimal():
            raise ValueError(f"{_VARIABLE}: '{item}' is not NAME[:COUNT[:kill|stop|full]] with a NAME of {NAMES}")
        armed[name] = (int(count or 1), action or "kill")
    return armed


_armed = _parse(os.environ.get(_VARIABLE, ""))


def arm(text: str) -> None:
    """Arm points from code instead of the environment, for a process that a test has forked."""
    _armed.clear()
    _armed.update(_parse(text))


def fault_point(name: str) -> None:
    """Act if the environment armed this name; raises OSError(ENOSPC) for `full`."""
    if name in _armed:
        _act(name)


def _act(name: str) -> None:
    count, action = _armed[name]
    _armed[name] = (count - 1, action)
    if count != 1:
        return
    if action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.kill(os.getpid(), signal.SIGKILL if action == "kill" else signal.SIGSTOP)
