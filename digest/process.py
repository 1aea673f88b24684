"""Owner: the name of one run of a sending process, and whether that run is certainly over.

A crashed sender's claims would block its messages until the lease ends. On the same machine one can look: a name holds
the host, the process namespace, the process id and its start time (Linux), so neither a container with the same host
name nor a process id used again is mistaken for the one that died. And the number of the run in its process, which
knows what it runs: where a run had to give up (the store was away for too long), the next one goes on at once.
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
    """The name of a run of this process that sends; at the end it must have let go of every connection."""
    name = f"{_home()}/{os.getpid()}/{_started(os.getpid())}/{next(_numbers)}"
    _running.add(name)
    try:
        yield name
    finally:
        _running.discard(name)


def is_gone(owner: str) -> bool:
    """True only when it is certain that the run of this name is over."""
    home, pid, started, number = ["", "", "", "", *owner.rsplit("/", 3)][-4:]
    if home != _home() or not (pid.isdigit() and started.isdigit() and number.isdigit()):
        return False
    if int(pid) == os.getpid() and _started(int(pid)) == started:
        return owner not in _running
    if not _started(1):  # processes of others are hidden here (hidepid): not to be seen is not to be gone
        return False
    return _started(int(pid)) != started


def _home() -> str:
    try:
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        namespace = boot = "?"
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _started(pid: int) -> str:
    """When a process was started, in the kernel's ticks since boot; "" when there is none (or no way to know).

    One that has ended and whose parent never asked after it (in a container without an init) is none either.
    """
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *fields = line.rpartition(")")[2].split()  # the name in brackets may hold anything
    return "" if state in ("Z", "X") else fields[18]  # fields 3 and 22
