"""CompilerProcess: the template compiler as a child process, with limits on time and memory."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final

from digest import resources
from digest.errors import RenderError

#: Seconds for one request; a large mail takes 0.05 s.
TIME_LIMIT: Final = 20.0
#: Bytes of memory; a large mail takes 80 MB.
MEMORY: Final = 1 << 30


class CompilerProcess:
    """Starts the compiler on first use, stops it at a timeout, restarts it when it died.

    Safe to share between threads; a forked process starts a compiler of its own.
    """

    def __init__(self, folders: Sequence[Path] = (), time_limit: float = TIME_LIMIT, memory: int = MEMORY) -> None:
        self.folders = tuple(folders)
        self._limit, self._memory = time_limit, memory
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = Lock()

    def call(self, do: str, *values: Any) -> Any:
        """Return the answer to one request.

        Raises RenderError with file, line and remedy when a template is wrong, too slow or too large.
        """
        request = {
            "do": do,
            "with": values,
            "builtin": str(resources.templates() / "email"),
            "folders": [str(folder / "email") for folder in self.folders],
        }
        with self._lock:
            try:
                answer = json.loads(self._exchange(json.dumps(request).encode()))
            except RenderError as error:
                raise RenderError(f"{self._request_name(do, values)}: {error}") from None
        if "failed" in answer:
            message, name, line = answer["failed"]
            where = f"{name or self._request_name(do, values)}{f', line {line}' if line else ''}"
            remedy = "look at the newsletter's 'subject' in settings.toml" if do == "subject" else ""
            raise RenderError(f"{where}: {message}", remedy)
        return answer["ok"]

    def _request_name(self, do: str, values: Sequence[Any]) -> str:
        """Return what was being rendered for an error: the user's own file, where there is one."""
        if do == "subject":
            return "subject"
        name = f"{values[0]}/{'story' if do == 'fragments' else 'mail'}.mjml.j2"
        own = (folder / "email" / name for folder in self.folders)
        return f"{next((str(file) for file in own if file.is_file()), name)}, or what it includes"

    def close(self) -> None:
        """End the process; the next request starts another."""
        with self._lock:
            self._stop()

    def _exchange(self, body: bytes) -> bytes:
        process = self._running()
        deadline = time.monotonic() + self._limit
        try:
            _write(process, len(body).to_bytes(4, "big") + body, deadline)
            return _read(process, int.from_bytes(_read(process, 4, deadline), "big"), deadline)
        except TimeoutError:
            self._stop()
            raise RenderError(
                f"the templates ran longer than {self._limit:g} s and were stopped", "look for a loop that does not end"
            ) from None
        except (BrokenPipeError, EOFError):
            self._stop()
            raise RenderError(
                f"the templates ended the compiler (nested too deep, or more than {self._memory >> 20} MB)",
                "make them simpler",
            ) from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "digest.deliver.render.compiler", str(self._memory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PATH": os.defpath, "LANG": "C.UTF-8"},
                bufsize=0,
            )
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process, self._owner)
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            _end(self._process, self._owner)
            self._process = None


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if owner != os.getpid():
        return
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            assert pipe is not None
            pipe.close()
    process.kill()
    process.wait()


def _write(process: subprocess.Popen[bytes], data: bytes, deadline: float) -> None:
    assert process.stdin is not None
    view = memoryview(data)
    while view:
        _, ready, _ = select.select([], [process.stdin], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        view = view[os.write(process.stdin.fileno(), view[:4096]) :]


def _read(process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
    assert process.stdout is not None
    parts: list[bytes] = []
    while size:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(process.stdout.fileno(), min(size, 1 << 16))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
