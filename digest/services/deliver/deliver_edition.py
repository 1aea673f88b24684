"""The third verb: deliver. Each message is written down before it leaves and after it was answered.

The books always close: planned = accepted + refused + suppressed + skipped + unknown (+ what still waits).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

from digest.compose.edition import Edition
from digest.deliver.delivery import MAX_RESENDS, Delivery, DeliveryState, settle
from digest.deliver.mime.message import Message, MessageFactory, Recipient
from digest.deliver.outcome import Outcome
from digest.deliver.result import Record, Result
from digest.deliver.wave import Wave
from digest.errors import AlreadySent, DigestError, EditionError, NotApproved, StoreError
from digest.failpoint import fault_point
from digest.services.context import Progress, silent
from digest.store.claim import Claim, ProgressResult
from digest.store.claim_results import DeliveryResult

if TYPE_CHECKING:
    from digest.store import Store

T = TypeVar("T")

#: Deliveries per claim; after a crash at most these are claimed again.
BATCH: Final = 500
#: A lease is renewed after a quarter of it, so three quarters always remain: more than the longest wait on the
#: wire (600 s after the final dot, RFC 5321 4.5.3.2.6). `smtp.send` sends nothing when less is left than that wait.
LEASE: Final = timedelta(minutes=20)
#: Seconds between tries when the store cannot be written, five minutes in all: less than what is left of a lease.
PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 60.0, 60.0, 51.3)
IN_DOUBT: Final = "sending stopped before the server's answer came"
UNWANTED: Final = "unsubscribed or suppressed since it was planned"


class LeaseLost(EditionError):
    """Another sender has taken over what we held; nothing more is sent by us."""


class Transport(Protocol):
    """Accepts messages: SMTP relays or an outbox folder."""

    def __call__(
        self, messages: Iterable[Message], record: Record, should_stop: Callable[[], bool]
    ) -> tuple[str, Outcome | None]:
        """Hand all messages over; returns why the run broke off ("" when it did not) and the outcome behind it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to deliver one edition. `owner` names this sender; `last_moment` is slot plus `max_late`.

    Who gets it later than at the slot (by their own zone's clock) has as much time after their own moment.
    """

    owner: str
    last_moment: datetime
    in_doubt: Literal["resend", "hold"] = "resend"
    pause_after: int = 20
    should_stop: Callable[[], bool] = lambda: False
    lease: timedelta = LEASE
    is_gone: Callable[[str], bool] = lambda owner: False  # whether a sender of that name has certainly died
    wait: Callable[[float], object] = time.sleep  # for the store to come back
    bounced: Callable[[int, Outcome], None] = lambda subscriber_id, outcome: None  # an address that a server disowned


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a run ended. `counts` are all deliveries of the edition by state; `sent` those accepted in this run."""

    edition_id: str
    state: str
    sent: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    stopped: str = ""

    @property
    def open(self) -> int:
        """How many still wait to be sent."""
        return sum(self.counts.get(state, 0) for state in ("planned", "claimed", "handed_over", "deferred"))


def start(store: Store, edition: Edition, now: datetime) -> Edition:
    """Move an approved edition to `sending`. Raises NotApproved, AlreadySent or EditionError with what to do."""
    if edition.state in ("sent", "cancelled", "skipped"):
        raise AlreadySent(f"edition {edition.id} is {edition.state}: there is nothing left to send")
    if edition.state == "paused":
        raise EditionError(f"edition {edition.id} is paused ({edition.reason}): 'digest deliver {edition.id} --resume'")
    if edition.state in ("draft", "in_review") or edition.approved_hash != edition.content_hash:
        raise NotApproved(
            f"edition {edition.id} waits for review: 'digest preview {edition.id}', then 'digest approve {edition.id}'"
        )
    if edition.state == "approved":
        store.editions.set_state(edition.id, ["approved"], "sending", now=now, author="deliver")
    found = store.editions.get(edition.id)
    assert found is not None
    return found


def deliver(
    store: Store,
    edition: Edition,
    fillers: Callable[[str], MessageFactory],
    transport: Transport,
    terms: Terms,
    *,
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> Delivered:
    """Hand every due delivery of an edition over; returns when nothing is due any more or the run had to stop.

    `fillers` gives the ready bytes of a variant. A run may be broken off at any point and begun again.
    """
    edition = start(store, edition, clock())
    run = _Run(store, edition, fillers, terms, clock, progress)
    run.recover()
    stopped, fault = "", None
    try:
        with contextlib.closing(run.messages()) as messages:
            stopped, fault = transport(messages, run.record, lambda: run.broke or run.halted or terms.should_stop())
    except LeaseLost:
        raise
    except DigestError:
        with contextlib.suppress(StoreError):  # else its claims wait for the end of their lease
            run.give_back()
        raise
    run.give_back()
    if run.wave.broke:
        stopped = f"{run.wave.count} times in a row: {run.wave.reason}"
        run.pause(stopped)
        run.disowned.clear()  # a wave of refusals was no word about anybody
    elif fault is not None and fault.stops:
        run.pause(stopped)
    for subscriber_id, outcome in run.disowned:
        terms.bounced(subscriber_id, outcome)
    return run.finish(stopped)


class _Run:
    """One sender's pass over an edition: what it holds, and the books it keeps."""

    def __init__(
        self,
        store: Store,
        edition: Edition,
        fillers: Callable[[str], MessageFactory],
        terms: Terms,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.store, self.edition, self.fillers = store, edition, fillers
        self.terms, self.clock, self.progress = terms, clock, progress
        self.held: dict[int, Delivery] = {}  # by the reader's number
        self.dates: dict[int, int] = {}  # Date of each held message that has none in the store, by delivery
        self.claim: Claim | None = None
        self.disowned: list[tuple[int, Outcome]] = []
        self.patience = terms.last_moment - edition.send_at
        self.renewed = clock()
        self.left: list[DeliveryResult] = []  # settled, and to be written with the next commit
        self.halted = False
        self.requeued = False  # whether those in doubt were planned again
        self.unsure = False  # whether a claim failed, and so may be on record all the same
        self.intended: set[int] = set()  # those of `held` that are marked as handed over
        self.wave = Wave(terms.pause_after)
        self.sent = 0
        counts = store.deliveries.summary(edition.id)
        self.total = sum(counts.get(state, 0) for state in ("planned", "deferred", "claimed", "unknown"))
        self.done = 0

    @property
    def broke(self) -> bool:
        return self.wave.broke

    def recover(self) -> None:
        """End the claims of dead senders: deliveries under way are in doubt, the others free again."""
        now = self.clock()
        fault_point("deliver.recovering")
        self.store.claims.release_expired(now=now)
        for owner in self.store.claims.owners():
            if self.terms.is_gone(owner):
                self.store.claims.release_owner(owner, now=now)
        late = now - self.patience if now > self.terms.last_moment else None
        if late is not None:
            hours = f"{self.patience / timedelta(hours=1):.3g} hours"
            why = f"too late (more than {hours} after its time)"
            self.store.deliveries.close_open(self.edition.id, "skipped", why, now=now, due_by=late)
        fault_point("deliver.recovered")

    def messages(self) -> Generator[Message]:
        """Claim a batch at a time and build its messages on the way."""
        while not (self.broke or self.halted):
            epoch = self.claim.epoch if self.claim else 0
            batch = self._patiently(self._acquire) or self._patiently(self._acquire_doubtful)
            if not batch:
                return
            fault_point("deliver.claimed")
            if self.claim and self.held and self.claim.epoch != epoch:
                self.claim.release(now=self.clock())
                raise self._lost()
            self.held.update((delivery.subscriber_id, delivery) for delivery in batch)
            for delivery in batch:
                filler = self.fillers(delivery.variant)
                try:
                    sent_at = delivery.sent_at or int(self.clock().timestamp())
                    message = filler.fill(Recipient(delivery.subscriber_id, delivery.address), sent_at)
                except DigestError as error:  # an address that is none is one reader's trouble, not everybody's
                    self.left.append(self._row(delivery.subscriber_id, "skipped", str(error)))
                else:
                    if not delivery.sent_at:
                        self.dates[delivery.id] = sent_at
                    yield message

    def _acquire(self) -> Sequence[Delivery]:
        now, terms = self.clock(), self.terms
        try:
            if self.claim is not None:
                return self.claim.extend(BATCH, now=now)
            acquire = self.store.claims.acquire
            self.claim = acquire(self.edition.id, terms.owner, now=now, lease=terms.lease, limit=BATCH)
            return self.claim.deliveries
        except StoreError:
            self.unsure = True
            raise

    def _acquire_doubtful(self) -> Sequence[Delivery]:
        """Claim those in doubt, once everybody else had their copy: in a crash loop nobody gets several."""
        if self.terms.in_doubt != "resend" or self.requeued:
            return ()
        now = self.clock()
        late = now - self.patience if now > self.terms.last_moment else None
        self.store.deliveries.requeue(self.edition.id, ["unknown"], now=now, tried_below=MAX_RESENDS, due_after=late)
        self.requeued = True
        return self._acquire()

    def _patiently(self, work: Callable[[], T]) -> T:
        """Do it, again and again while the store is away, locked or full. Nothing is sent meanwhile, so that costs
        nobody a copy and leaves nobody in doubt, and when the store is back the run goes on.
        """
        for pause in PAUSES:
            try:
                return work()
            except StoreError:
                if self.terms.should_stop():
                    raise
                self.terms.wait(pause)
        return work()

    def record(self, results: Sequence[Result], intents: Sequence[Message]) -> Collection[int]:
        """Commit what came of earlier messages and the intent to send these, at once; who is not to be mailed after
        all is returned, and settled with the next commit.
        """
        now = self.clock()
        self._take_in(results, now)
        rows = self.left
        going = [self.held[message.subscriber_id] for message in intents]
        if now - self.renewed > self.terms.lease / 4 or not (rows or going):
            self._patiently(self._renew)
        if not rows and not going:
            return ()
        progress = self._patiently(lambda: self._record_progress(rows, going))
        self.left = []
        if rows:
            self.progress("messages", self.done, max(self.total, self.done))
        if len(progress.to_send) == len(going):
            self.intended.update([delivery.subscriber_id for delivery in going])
            return ()
        return self._fewer(progress, going)

    def _record_progress(self, rows: Sequence[DeliveryResult], going: Sequence[Delivery] = ()) -> ProgressResult:
        if not self.claim:
            return ProgressResult()
        dates = {delivery.id: self.dates[delivery.id] for delivery in going if delivery.id in self.dates}
        return self.claim.record_progress(rows, going, now=self.clock(), dates=dates)

    def _take_in(self, results: Sequence[Result], now: datetime) -> None:
        """Note what came of messages. What usually comes of them goes by without a call for each."""
        held, left, before = self.held, self.left, len(self.held)
        for result in results:
            number, outcome = result[0].subscriber_id, result[1]
            if number not in held:  # waits in `left` already
                continue
            if outcome.state != "accepted" or self.wave.active:
                left.append(self._settled(number, outcome, now))
            else:  # as `settle` would have it
                delivery_id = held.pop(number).id
                self.dates.pop(delivery_id, None)
                left.append(DeliveryResult(delivery_id, "accepted", outcome.reason))
                self.sent += 1
                self.done += 1
        if len(held) < before:
            self.intended &= held.keys()

    def _fewer(self, progress: ProgressResult, going: Sequence[Delivery]) -> Collection[int]:
        """Not all that we wanted to send is to be sent: these are not. Raises LeaseLost when that is the reason."""
        unwanted = {delivery.subscriber_id for delivery in going if delivery.id in progress.unwanted}
        ours = {delivery.subscriber_id for delivery in going if delivery.id in progress.to_send}
        self.intended |= ours
        self.left = [self._row(number, "suppressed", UNWANTED) for number in sorted(unwanted)]
        if progress.halted:  # paused or cancelled by somebody: what is not marked stays ours, to be given back
            self.halted = True
            return {delivery.subscriber_id for delivery in going} - ours
        if len(ours) + len(unwanted) != len(going):
            raise self._lost()
        return unwanted

    def _renew(self) -> None:
        """Hold on to what we have. A sender that slept past its lease learns here that it has nothing any more."""
        now = self.clock()
        if self.claim and self.held and not self.claim.renew(now=now):
            raise self._lost()
        self.renewed = now

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"edition {self.edition.id}: another sender took over; this one stops")

    def _settled(self, number: int, outcome: Outcome, now: datetime) -> DeliveryResult:
        self.wave = self.wave.after(number, outcome, self.held[number].address.rpartition("@")[2])
        if outcome.state == "accepted":
            self.sent += 1
            return self._row(number, "accepted", outcome.reason)
        held = self.held[number]
        if outcome.bounce:
            self.disowned.append((number, outcome))
        handed = _handed_over(held)
        own = self.terms.last_moment if held.not_before is None else held.not_before + self.patience
        after = settle(handed, outcome, now, max(own, self.terms.last_moment), self.terms.in_doubt)
        return self._row(number, after.state, after.reason, after.next_attempt)

    def _row(
        self, number: int, state: DeliveryState, reason: str, next_attempt: datetime | None = None
    ) -> DeliveryResult:
        delivery = self.held.pop(number)
        self.intended.discard(number)
        if state != "planned":
            self.done += 1
        return DeliveryResult(delivery.id, state, reason, next_attempt, self.dates.pop(delivery.id, 0))

    def give_back(self) -> None:
        """Release claimed deliveries for the next run; those without an answer are in doubt. What a
        claim took whose answer never came is free as well.
        """
        for number in sorted(self.held):
            doubt = number in self.intended
            self.left.append(self._row(number, "unknown" if doubt else "planned", IN_DOUBT if doubt else ""))
        if self.left:
            self._record_progress(self.left)
            self.left = []
        if self.unsure:
            self.store.claims.release_owner(self.terms.owner, now=self.clock())

    def pause(self, reason: str) -> None:
        """Stop this edition until a person says otherwise; a wave's refusals were not about the readers."""
        now = self.clock()
        self.store.editions.set_state(self.edition.id, ["sending"], "paused", reason, now=now, author="deliver")
        if self.wave.broke and self.wave.refused:
            self.store.deliveries.requeue(self.edition.id, ["refused"], now=now, subscriber_ids=self.wave.refused)

    def finish(self, stopped: str) -> Delivered:
        """Close the books when nothing is open any more."""
        fault_point("deliver.finishing")
        cancelled = self.halted and self._cancelled()
        books = self.store.deliveries.settle(self.edition.id, now=self.clock())
        counts = self.store.deliveries.summary(self.edition.id) if books.open else books.states
        if not books.open and not cancelled:
            self.store.editions.set_state(self.edition.id, ["sending"], "sent", now=self.clock(), author="deliver")
        found = self.store.editions.get(self.edition.id)
        assert found is not None
        return Delivered(self.edition.id, found.state, self.sent, dict(counts), stopped)

    def _cancelled(self) -> bool:
        """Close what was given back of an edition that was cancelled meanwhile: nobody else will."""
        found = self.store.editions.get(self.edition.id)
        if found is None or found.state != "cancelled":
            return False
        self.store.deliveries.close_open(self.edition.id, "skipped", "the edition was cancelled", now=self.clock())
        return True


def _handed_over(delivery: Delivery) -> Delivery:
    return delivery._replace(state="handed_over", attempts=delivery.attempts + 1)
