"""One run of a sender over an edition: it claims deliveries, builds their messages and records their results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from digest.compose.edition import Edition
from digest.deliver.delivery import MAX_RESENDS, Delivery, DeliveryState, settle
from digest.deliver.mime.message import Message, MessageFactory, Recipient
from digest.deliver.outcome import Outcome
from digest.deliver.result import Result
from digest.deliver.wave import Wave
from digest.errors import DigestError, StoreError
from digest.failpoint import fault_point
from digest.services.context import Progress
from digest.services.deliver.send_options import Delivered, LeaseLost, SendOptions
from digest.store.claim import Claim, ProgressResult
from digest.store.claim_results import DeliveryResult

if TYPE_CHECKING:
    from digest.store import Store

T = TypeVar("T")

#: Deliveries that are claimed at a time; a crash leaves at most these to be claimed again.
BATCH: Final = 500
#: Seconds between tries to write to the store, five minutes in all: less than what remains of a lease.
PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 60.0, 51.3)
IN_DOUBT: Final = "sending stopped before the server's answer came"
UNWANTED: Final = "unsubscribed or suppressed since it was planned"


class DeliveryRun:
    """One sender's pass over an edition: its claim, the deliveries in it, and the results to be written."""

    def __init__(
        self,
        store: Store,
        edition: Edition,
        factories: Callable[[str], MessageFactory],
        options: SendOptions,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.store, self.edition, self.factories = store, edition, factories
        self.options, self.clock, self.progress = options, clock, progress
        self.claimed: dict[int, Delivery] = {}  # without a result, by subscriber id
        self.dates: dict[int, int] = {}  # Date of each claimed message that has none in the store, by delivery
        self.claim: Claim | None = None
        self.bounces: list[tuple[int, Outcome]] = []
        self.patience = options.last_moment - edition.send_at
        self.renewed = clock()
        self.results: list[DeliveryResult] = []  # to be written with the next commit
        self.halted = False
        self.requeued = False  # whether deliveries in doubt were planned again
        self.unsure = False  # whether a claim failed, and may have been stored all the same
        self.in_flight: set[int] = set()  # those of `claimed` that are marked as handed over
        self.wave = Wave(options.pause_after)
        self.sent = 0
        counts = store.deliveries.summary(edition.id)
        self.total = sum(counts.get(state, 0) for state in ("planned", "deferred", "claimed", "unknown"))
        self.done = 0

    @property
    def must_stop(self) -> bool:
        """Whether the edition was halted, or too many refusals came in a row."""
        return self.halted or self.wave.broke

    def recover(self) -> None:
        """Release the claims of dead senders (their messages in flight are in doubt); close what is too late."""
        now = self.clock()
        fault_point("deliver.recovering")
        self.store.claims.release_expired(now=now)
        for owner in self.store.claims.owners():
            if self.options.is_gone(owner):
                self.store.claims.release_owner(owner, now=now)
        late = now - self.patience if now > self.options.last_moment else None
        if late is not None:
            hours = f"{self.patience / timedelta(hours=1):.3g} hours"
            reason = f"too late (more than {hours} after its time)"
            self.store.deliveries.close_open(self.edition.id, "skipped", reason, now=now, due_by=late)
        fault_point("deliver.recovered")

    def messages(self) -> Generator[Message]:
        """Claim a batch at a time and yield its messages as they are built."""
        while not self.must_stop:
            epoch = self.claim.epoch if self.claim else 0
            batch = self._retried(self._acquire) or self._retried(self._acquire_doubtful)
            if not batch:
                return
            fault_point("deliver.claimed")
            if self.claim and self.claimed and self.claim.epoch != epoch:
                self.claim.release(now=self.clock())
                raise self._lost()
            self.claimed.update((delivery.subscriber_id, delivery) for delivery in batch)
            for delivery in batch:
                factory = self.factories(delivery.variant)
                try:
                    sent_at = delivery.sent_at or int(self.clock().timestamp())
                    message = factory.fill(Recipient(delivery.subscriber_id, delivery.address), sent_at)
                except DigestError as error:  # an invalid address must not stop the others
                    self.results.append(self._row(delivery.subscriber_id, "skipped", str(error)))
                else:
                    if not delivery.sent_at:
                        self.dates[delivery.id] = sent_at
                    yield message

    def _acquire(self) -> Sequence[Delivery]:
        now, options = self.clock(), self.options
        try:
            if self.claim is not None:
                return self.claim.extend(BATCH, now=now)
            acquire = self.store.claims.acquire
            self.claim = acquire(self.edition.id, options.owner, now=now, lease=options.lease, limit=BATCH)
            return self.claim.deliveries
        except StoreError:
            self.unsure = True
            raise

    def _acquire_doubtful(self) -> Sequence[Delivery]:
        """Claim deliveries in doubt, once all others were sent: then a crash loop sends few copies twice."""
        if self.options.in_doubt != "resend" or self.requeued:
            return ()
        now = self.clock()
        late = now - self.patience if now > self.options.last_moment else None
        self.store.deliveries.requeue(self.edition.id, ["unknown"], now=now, tried_below=MAX_RESENDS, due_after=late)
        self.requeued = True
        return self._acquire()

    def _retried(self, work: Callable[[], T]) -> T:
        """Run `work`, again after a pause while the store is unreachable, locked or full.

        Nothing is sent meanwhile, so nobody gets two copies and no message is in doubt.
        """
        for pause in PAUSES:
            try:
                return work()
            except StoreError:
                if self.options.should_stop():
                    raise
                self.options.wait(pause)
        return work()

    def record(self, results: Sequence[Result], intents: Sequence[Message]) -> Collection[int]:
        """Commit the results of earlier messages and the intent to send these, in one transaction.

        Returns the subscriber ids that must not be mailed after all; they get their result with the next commit.
        """
        now = self.clock()
        self._add_results(results, now)
        rows = self.results
        intended = [self.claimed[message.subscriber_id] for message in intents]
        if now - self.renewed > self.options.lease / 4 or not (rows or intended):
            self._retried(self._renew)
        if not rows and not intended:
            return ()
        progress = self._retried(lambda: self._record_progress(rows, intended))
        self.results = []
        if rows:
            self.progress("messages", self.done, max(self.total, self.done))
        if len(progress.to_send) == len(intended):
            self.in_flight.update([delivery.subscriber_id for delivery in intended])
            return ()
        return self._left_out(progress, intended)

    def _record_progress(self, rows: Sequence[DeliveryResult], intended: Sequence[Delivery] = ()) -> ProgressResult:
        if not self.claim:
            return ProgressResult()
        dates = {delivery.id: self.dates[delivery.id] for delivery in intended if delivery.id in self.dates}
        return self.claim.record_progress(rows, intended, now=self.clock(), dates=dates)

    def _add_results(self, results: Sequence[Result], now: datetime) -> None:
        """Turn the results of messages into rows. Accepted ones, the common case, cost no call each."""
        claimed, rows, before = self.claimed, self.results, len(self.claimed)
        for result in results:
            subscriber_id, outcome = result[0].subscriber_id, result[1]
            if subscriber_id not in claimed:  # it has its row already
                continue
            if outcome.state != "accepted" or self.wave.active:
                rows.append(self._settled(subscriber_id, outcome, now))
            else:  # the same as `_settled` would do
                delivery_id = claimed.pop(subscriber_id).id
                self.dates.pop(delivery_id, None)
                rows.append(DeliveryResult(delivery_id, "accepted", outcome.reason))
                self.sent += 1
                self.done += 1
        if len(claimed) < before:
            self.in_flight &= claimed.keys()

    def _left_out(self, progress: ProgressResult, intended: Sequence[Delivery]) -> Collection[int]:
        """Return the subscriber ids not to be mailed now. Raises LeaseLost when another sender has the claim."""
        unwanted = {delivery.subscriber_id for delivery in intended if delivery.id in progress.unwanted}
        to_send = {delivery.subscriber_id for delivery in intended if delivery.id in progress.to_send}
        self.in_flight |= to_send
        self.results = [self._row(subscriber_id, "suppressed", UNWANTED) for subscriber_id in sorted(unwanted)]
        if progress.halted:  # paused or cancelled: what is not marked is released with the claim
            self.halted = True
            return {delivery.subscriber_id for delivery in intended} - to_send
        if len(to_send) + len(unwanted) != len(intended):
            raise self._lost()
        return unwanted

    def _renew(self) -> None:
        """Renew the claim. Raises LeaseLost for a sender that slept past its lease."""
        now = self.clock()
        if self.claim and self.claimed and not self.claim.renew(now=now):
            raise self._lost()
        self.renewed = now

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"edition {self.edition.id}: another sender took over; this one stops")

    def _settled(self, subscriber_id: int, outcome: Outcome, now: datetime) -> DeliveryResult:
        self.wave = self.wave.after(subscriber_id, outcome, self.claimed[subscriber_id].address.rpartition("@")[2])
        if outcome.state == "accepted":
            self.sent += 1
            return self._row(subscriber_id, "accepted", outcome.reason)
        delivery = self.claimed[subscriber_id]
        if outcome.bounce:
            self.bounces.append((subscriber_id, outcome))
        handed_over = delivery._replace(state="handed_over", attempts=delivery.attempts + 1)
        own = self.options.last_moment if delivery.not_before is None else delivery.not_before + self.patience
        after = settle(handed_over, outcome, now, max(own, self.options.last_moment), self.options.in_doubt)
        return self._row(subscriber_id, after.state, after.reason, after.next_attempt)

    def _row(
        self, subscriber_id: int, state: DeliveryState, reason: str, next_attempt: datetime | None = None
    ) -> DeliveryResult:
        delivery = self.claimed.pop(subscriber_id)
        self.in_flight.discard(subscriber_id)
        if state != "planned":
            self.done += 1
        return DeliveryResult(delivery.id, state, reason, next_attempt, self.dates.pop(delivery.id, 0))

    def release(self) -> None:
        """Free deliveries that were not handed over for the next run; those without an answer are in doubt.

        A claim whose own reply was lost is released as well.
        """
        for subscriber_id in sorted(self.claimed):
            doubt = subscriber_id in self.in_flight
            self.results.append(self._row(subscriber_id, "unknown" if doubt else "planned", IN_DOUBT if doubt else ""))
        if self.results:
            self._record_progress(self.results)
            self.results = []
        if self.unsure:
            self.store.claims.release_owner(self.options.owner, now=self.clock())

    def pause(self, reason: str) -> None:
        """Pause the edition until a person resumes it. The refusals of a wave are planned again."""
        now = self.clock()
        self.store.editions.set_state(self.edition.id, ["sending"], "paused", reason, now=now, author="deliver")
        if self.wave.broke and self.wave.refused:
            self.store.deliveries.requeue(self.edition.id, ["refused"], now=now, subscriber_ids=self.wave.refused)

    def finish(self, stopped: str) -> Delivered:
        """Move the edition to `sent` when nothing is open any more; return the result of the run."""
        fault_point("deliver.finishing")
        cancelled = self.halted and self._cancelled()
        settlement = self.store.deliveries.settle(self.edition.id, now=self.clock())
        counts = self.store.deliveries.summary(self.edition.id) if settlement.open else settlement.states
        if not settlement.open and not cancelled:
            self.store.editions.set_state(self.edition.id, ["sending"], "sent", now=self.clock(), author="deliver")
        edition = self.store.editions.get(self.edition.id)
        assert edition is not None  # editions are never deleted
        return Delivered(self.edition.id, edition.state, self.sent, dict(counts), stopped)

    def _cancelled(self) -> bool:
        """Close the released deliveries of an edition that was cancelled during the run; nobody else will."""
        edition = self.store.editions.get(self.edition.id)
        if edition is None or edition.state != "cancelled":
            return False
        self.store.deliveries.close_open(self.edition.id, "skipped", "the edition was cancelled", now=self.clock())
        return True
