"""Deliver an edition: each message is recorded before it is sent and after the server answered.

The counts always add up: planned = accepted + refused + suppressed + skipped + unknown + those that still wait.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from digest.compose.edition import Edition
from digest.deliver.mime.message import MessageFactory
from digest.errors import AlreadySent, DigestError, EditionError, NotApproved, StoreError
from digest.services.context import Progress, silent
from digest.services.deliver.delivery_run import DeliveryRun
from digest.services.deliver.send_options import Delivered, LeaseLost, SendOptions, Transport

if TYPE_CHECKING:
    from digest.store import Store


def start(store: Store, edition: Edition, now: datetime) -> Edition:
    """Move an approved edition to `sending`. Raises NotApproved, AlreadySent or EditionError with the remedy."""
    if edition.state in ("sent", "cancelled", "skipped"):
        raise AlreadySent(f"edition {edition.id} is {edition.state}: there is nothing left to send")
    if edition.state == "paused":
        raise EditionError(
            f"edition {edition.id} is paused ({edition.reason})", f"'digest deliver {edition.id} --resume'"
        )
    if edition.state in ("draft", "in_review") or edition.approved_hash != edition.content_hash:
        raise NotApproved(
            f"edition {edition.id} waits for review",
            f"'digest preview {edition.id}', then 'digest approve {edition.id}'",
        )
    if edition.state == "approved":
        store.editions.set_state(edition.id, ["approved"], "sending", now=now, author="deliver")
    stored = store.editions.get(edition.id)
    assert stored is not None  # editions are never deleted
    return stored


def deliver(
    store: Store,
    edition: Edition,
    factories: Callable[[str], MessageFactory],
    transport: Transport,
    options: SendOptions,
    *,
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> Delivered:
    """Hand over every due delivery of an edition; return when nothing is due any more or the run had to stop.

    `factories` returns the message factory of a variant. A run may be interrupted at any point and started again.
    """
    edition = start(store, edition, clock())
    run = DeliveryRun(store, edition, factories, options, clock, progress)
    run.recover()
    stopped, fault = "", None
    try:
        with contextlib.closing(run.messages()) as messages:
            stopped, fault = transport(messages, run.record, lambda: run.must_stop or options.should_stop())
    except LeaseLost:
        raise
    except DigestError:
        with contextlib.suppress(StoreError):  # its claim ends with its lease then
            run.release()
        raise
    run.release()
    if run.wave.broke:
        stopped = f"{run.wave.count} times in a row: {run.wave.reason}"
        run.pause(stopped)
    elif fault is not None and fault.stops:
        run.pause(stopped)
    for subscriber_id, outcome in () if run.wave.broke else run.bounces:  # a wave says nothing about single mailboxes
        options.bounced(subscriber_id, outcome)
    return run.finish(stopped)
