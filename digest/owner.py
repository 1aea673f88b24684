"""Owner: the name of a sending process, and whether the process of such a name is certainly gone.

A crashed sender's claims would block its messages until the lease ends. On the same machine one can look: a name holds
the host, the process namespace, the process id and its start time (Linux), so neither a container with the same host
name nor a process id used again is mistaken for the one that died.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path


def myself() -> str:
    """The name of this process as a sender."""
    return f"{_home()}/{os.getpid()}/{_started(os.getpid())}"


def is_gone(owner: str) -> bool:
    """True only when it is certain that the process of this name has ended."""
    home, pid, started = ["", "", "", *owner.rsplit("/", 2)][-3:]
    if home != _home() or not pid.isdigit() or not started.isdigit():
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
