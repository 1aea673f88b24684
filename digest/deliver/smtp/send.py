"""SMTP: many messages over few connections, each recorded before it leaves and after it was answered.

One thread serves all connections. Between any two steps on the wire stands `record`, the caller's one durable commit of
both the results so far and the intents of the messages to be sent next. So if the process dies, at most the sum over
all relays of `connections * pipeline` deliveries are in doubt. A server that offers PIPELINING and CHUNKING gets all
recorded messages of a connection at once (`bdat`); others get one content at a time (`data`). With a pipeline of 1 a
connection waits for a commit between any two messages; a longer one means fewer commits and round trips, and more
deliveries in doubt after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from digest.deliver.mime.message import Message
from digest.deliver.result import Interrupted, Record, Report
from digest.deliver.smtp.connect import Relay
from digest.deliver.smtp.loop import Loop

__all__ = ["Interrupted", "Relay", "Report", "send"]


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

    `messages` is read lazily, a few at a time, so that the caller can build them on the way; its subscriber ids are
    unique. An exception that it raises is raised here once everything in flight is answered and recorded.
    `record(results, intents)` is called before the DATA of any message, with that message among `intents`, and blocks
    the run meanwhile: it commits the results and marks the intents as handed over, durably, and returns the subscriber
    ids among the intents that must not be mailed after all (suppressed or unsubscribed since; it has recorded that
    itself). It renews the claim's lease of `lease` seconds. When it raises (lease lost, disk full), nothing more is
    sent and Interrupted is raised with the results that were still answered.
    A message whose intent is recorded gets exactly one result: accepted, deferred, refused, unknown, or planned (no
    server got it, and the run could not go on).
    `patience` is how many seconds to go on while no server can be reached. When `should_stop()` is true, the messages
    in flight are finished and no more are taken.
    """
    return Loop(messages, relays, record, lease, patience, should_stop, clock).run()
