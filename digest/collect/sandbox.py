"""Sandbox: child processes with limits for work on foreign bytes, so that no feed or page stops the others (Pebble).

feedparser and trafilatura have inputs of 20 to 100 kB that hold a process for a minute inside one C call, where neither
a thread nor a signal handler runs, and others that take gigabytes. The kernel's limits end those.
"""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Generic, Literal, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

Item = TypeVar("Item")
Result = TypeVar("Result")

_WALL_TIMES: Final = 6  # wall seconds per CPU second: a busy machine is slow, and this limit only ends tasks that sleep
_WINDOW: Final = 4  # tasks queued per worker: enough to keep it busy, with few bodies in memory
_GLANCE: Final = 0.3  # seconds between two polls of `should_stop`
_TRIES: Final = 2  # attempts of a task whose worker was killed from outside
_TASKS: Final = 1000  # tasks until a worker is replaced, which bounds leaks
_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """A task without a result: the kind of failure, and one line for a person."""

    kind: Literal["time", "memory", "crash", "error"]
    reason: str


@dataclass(slots=True)
class _Task(Generic[Item]):
    item: Item
    tries: int = 0


class Sandbox:
    """A pool of child processes that run a function on one item after another, each within its limits.

    The limits of one task are `seconds` of CPU and `megabytes` beyond a worker's memory at start; `workers` 0 means one
    per core. `preload` names modules that the process imports from which all workers are forked: the first Sandbox of a
    program decides. A worker that dies is replaced. Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        workers: int = 0,
        seconds: float = 5,
        megabytes: int = 500,
        preload: Sequence[str] = (),
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._workers = workers or max(1, min(8, os.cpu_count() or 1))
        self._seconds, self._bytes = seconds, megabytes * 1_000_000
        self._should_stop = should_stop
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, *preload])
        self._pool: ProcessPool | None = None

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result | Failure]]:
        """Yield `function` of every item as each is done; an error is a `Failure`, never an exception.

        The function must be at the top of a module, items and results picklable. Items are read as there is room.
        When the program should stop, it ends without the missing results.
        """
        running: dict[Future[bytes], _Task[Item]] = {}
        source, more = iter(items), True
        try:
            while (more or running) and not self._should_stop():
                if more and len(running) < self._workers * _WINDOW:
                    try:
                        task = _Task(next(source))
                    except StopIteration:
                        more = False
                    else:
                        running[self._submit(function, task)] = task
                    done = {future for future in running if future.done()}
                else:
                    done = self._wait(set(running))
                for future in done:
                    task = running.pop(future)
                    result = _result(future, self._seconds)
                    if result is None and task.tries < _TRIES:
                        running[self._submit(function, task)] = task
                    else:
                        yield task.item, _opened(result)
        finally:
            for future in running:
                future.cancel()

    def run(self, function: Callable[[Item], Result], item: Item) -> Result | Failure:
        """Return the result for a single item."""
        return next(self.map(function, [item]))[1]

    def close(self) -> None:
        """Kill the workers."""
        if self._pool:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, function: Callable[[Item], Result], task: _Task[Item]) -> Future[bytes]:
        task.tries += 1
        arguments = (function, task.item, self._seconds)
        for attempt in (1, 2):
            if self._pool is None:
                self._pool = ProcessPool(
                    self._workers, max_tasks=_TASKS, context=self._context, initializer=_limit, initargs=(self._bytes,)
                )
            try:
                future: Future[bytes] = self._pool.schedule(
                    _within_limits, args=arguments, timeout=self._seconds * _WALL_TIMES
                )
            except RuntimeError:  # an idle worker was killed, and Pebble closed the pool
                self.close()
                if attempt == 2:
                    raise
            else:
                return future
        raise AssertionError("unreachable")

    def _wait(self, futures: set[Future[bytes]]) -> set[Future[bytes]]:
        """Return finished tasks. If the pool loses a task, close the pool; its pending tasks fail."""
        longest = self._seconds * _WALL_TIMES * (_WINDOW + 1) + 30
        deadline = time.monotonic() + longest
        done: set[Future[bytes]] = set()
        while not done and time.monotonic() < deadline and not self._should_stop():
            done, _ = wait(futures, timeout=_GLANCE, return_when=FIRST_COMPLETED)
        if not done and not self._should_stop():
            self.close()
            for future in futures:
                if not future.done():
                    future.set_exception(BrokenProcessPool("lost"))
            return futures
        return done


def _result(future: Future[bytes], seconds: float) -> bytes | Failure | None:
    """Return the pickled result of a task; None when its worker died for a reason that may be another's."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, TimeoutError):
        return Failure("time", f"took longer than {seconds * _WALL_TIMES:g} s")
    if isinstance(error, ProcessExpired):
        return _death(-(error.exitcode or 0), seconds)
    if isinstance(error, BrokenProcessPool | RuntimeError):
        return None
    return Failure("error", _line(error))


def _opened(result: bytes | Failure | None) -> Any:
    if result is None:
        return Failure("crash", "the process reading it was killed, twice")
    return result if isinstance(result, Failure) else pickle.loads(result)  # noqa: S301 - from our own child


def _death(number: int, seconds: float) -> Failure | None:
    if number == signal.SIGXCPU:
        return Failure("time", f"took more than {seconds:g} s of processor time")
    if number in (signal.SIGKILL, signal.SIGTERM):
        return None
    name = signal.Signals(number).name if number in set(signal.Signals) else f"exit code {-number}"
    return Failure("crash", f"the process reading it died ({name})")


def _limit(most: int) -> None:
    """Set up a new worker: it dies with its parent, leaves no core file, and grows by at most `most` bytes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PDEATHSIG, signal.SIGKILL)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _within_limits(function: Callable[[Item], Result], item: Item, seconds: float) -> bytes:
    """Run one task in a worker. Only bytes are returned, because an exception or a result may not be picklable."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))
    try:
        return pickle.dumps(function(item))
    except MemoryError:
        failure = Failure("memory", "took more memory than it may have")
    except RecursionError:
        failure = Failure("error", "nested too deeply to be read")
    except Exception as error:
        failure = Failure("error", _line(error))
    return pickle.dumps(failure)


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
