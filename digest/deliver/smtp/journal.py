"""Journal: the results that are not recorded yet, and the commit that records them together with the next intents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome
from digest.deliver.result import Record, Result
from digest.failpoint import fault_point

_FLUSH = 1.0  # seconds after which a result is recorded even if no connection needs a commit
_NEVER = float("inf")


class RecordFailed(Exception):
    """`record` raised; its exception is the cause."""


class Journal:
    """Buffers results between commits and keeps the lease.

    `send_until` is the time after which nothing may be sent without another commit; `commit_time` is a moving average
    in seconds.
    """

    def __init__(self, record: Record, lease: float, margin: float, clock: Callable[[], float]) -> None:
        self._record, self._clock = record, clock
        self._send_for = lease - margin
        self.send_until = clock() + self._send_for
        self.commit_time = 0.0
        self.results: list[Result] = []
        self._oldest = 0.0

    @property
    def flush_at(self) -> float:
        """When the oldest result has to be recorded."""
        return self._oldest + _FLUSH if self.results else _NEVER

    def start_batch(self, now: float) -> None:
        """Note the time of the first result after a commit. Call before appending to `results`."""
        if not self.results:
            self._oldest = now

    def add(self, message: Message, outcome: Outcome, relay: str, now: float) -> None:
        """Buffer one result."""
        self.start_batch(now)
        self.results.append(Result(message, outcome, relay))

    def commit(self, intents: Sequence[Message]) -> frozenset[int]:
        """Record durably and renew the lease. Returns the subscriber ids not to be mailed. Raises RecordFailed."""
        started = self._clock()
        fault_point("smtp.before_record")
        try:
            denied = frozenset(self._record(self.results, intents))
        except Exception as error:
            raise RecordFailed from error
        fault_point("smtp.after_record")
        self.commit_time += (self._clock() - started - self.commit_time) / 4
        self.send_until = started + self._send_for
        self.results = []
        return denied
