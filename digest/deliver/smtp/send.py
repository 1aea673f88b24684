"""SMTP: many messages over few connections, each written down before it leaves and after it was answered.

One thread serves all connections. Between any two steps on the wire stands `record`, the caller's one durable commit of
both the results so far and the intents of what goes next. So if the process dies, at most the sum over all relays of
`connections * pipeline` deliveries are in doubt. To a server that offers PIPELINING and CHUNKING all that a connection
has on record goes out at once (`smtp_window`); to others one content at a time (`smtp_line`). A pipeline of 1 waits for
a commit between any two messages of a connection; more means fewer commits and round trips, and more in doubt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from digest.deliver.mime.message import Message
from digest.deliver.reply import Outcome
from digest.deliver.result import Record, Result
from digest.deliver.smtp.connect import Relay

__all__ = ["Interrupted", "Relay", "Report", "send"]


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended. `stopped` is "" when every message was tried, else why the run broke off (a whole sentence)."""

    stopped: str = ""
    fault: Outcome | None = None  # the outcome behind `stopped`, if a server's word was


class Interrupted(Exception):
    """`record` failed, so nothing more was sent. `results` are the answers that could not be written down.

    The cause is what `record` raised. Messages without a result here and with their intent on record are in doubt.
    """

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__(f"sending stopped: {len(results)} results could not be recorded")
        self.results = tuple(results)


def send(
    messages: Iterable[Message],
    relays: Sequence[Relay],
    record: Record,
    *,
    lease: float = 900.0,
    patience: float = 300.0,
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Send all messages of one edition; returns when each was answered, or the run had to stop.

    `messages` is read lazily, a few at a time, so it may build them on the way; subscriber ids are unique in it. What
    it raises comes out when everything under way is answered and on record.
    `record(results, intents)` is called before any message's DATA with it among `intents`, and holds up everything
    meanwhile: it commits the results and marks the intents as handed over, durably, and returns the subscriber ids
    among the intents that must not be mailed after all (suppressed or unsubscribed since; it has recorded that itself).
    It renews the claim's lease of `lease` seconds; when it raises (lease lost, disk full), nothing more is sent and
    Interrupted comes out, with the results of what was still answered.
    A message whose intent is recorded gets exactly one result: accepted, deferred, refused, unknown, or planned (no
    server had it, and the run could not go on).
    `patience` is how long to go on when no server can be reached. `should_stop()` true finishes what is under way and
    takes no more.
    """
    from digest.deliver.smtp.loop import Loop

    return Loop(messages, relays, record, lease, patience, should_stop, clock).run()
