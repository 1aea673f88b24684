"""The name of one run of a process, and whether that run has certainly ended.

The claims of a crashed sender would block its messages until their lease ends. On the same machine its end can be seen:
a name holds the host, the process namespace, the process id and its start time (Linux), so that neither a container
with the same host name nor a reused process id is mistaken for the process that died. It also holds the number of the
run within its process, so that a run which gave up (the store was away for too long) does not block the next one.
"""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_numbers = itertools.count(1)
_running: set[str] = set()


@contextmanager
def run() -> Iterator[str]:
    """Yield the name of a run of this process; when the block ends, the run must have closed its connections."""
    name = f"{_host()}/{os.getpid()}/{_started(os.getpid())}/{next(_numbers)}"
    _running.add(name)
    try:
        yield name
    finally:
        _running.discard(name)


def is_gone(owner: str) -> bool:
    """Whether the run of this name has certainly ended."""
    host, pid, started, number = ["", "", "", "", *owner.rsplit("/", 3)][-4:]
    if host != _host() or not (pid.isdigit() and started.isdigit() and number.isdigit()):
        return False
    if int(pid) == os.getpid() and _started(int(pid)) == started:
        return owner not in _running
    if not _started(1):  # processes of others are hidden here (hidepid), so one that is not seen may run
        return False
    return _started(int(pid)) != started


def _host() -> str:
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        namespace = boot = "?"
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _started(pid: int) -> str:
    """Return when a process started, in kernel ticks since boot; "" when there is none, or no way to know.

    A zombie, whose parent never waited for it (a container without an init), counts as none.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = line.rpartition(")")[2].split()  # the name in brackets may hold anything
    return "" if state in ("Z", "X") else fields[18]  # fields 3 and 22
