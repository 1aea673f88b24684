"""One sender's claim on an edition: take deliveries, mark them as handed over, record their results.

A claim has a lease, and its id is the epoch: every write names the claim that holds the delivery, so a sender that
slept past its lease and was replaced changes nothing. A delivery itself is written once a message, with its result.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import update

from digest.deliver.delivery import Delivery
from digest.store.claim_results import DeliveryResult, find_suppressed, find_unwanted, write_results
from digest.store.claim_rows import (
    WAITING,
    ClaimRow,
    Released,
    decode_dates,
    decode_ids,
    encode_dates,
    encode_ids,
    end_claim,
    find_claims,
    open_ids,
    release_claim,
    row_lock,
)
from digest.store.database import Database, Run
from digest.store.tables import claims

PAUSED_KEY = "sending paused"

_SENDING = """
SELECT reached, send_at FROM editions
WHERE id = ? AND state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
"""
_ROW = """
SELECT id, subscriber_id, address, variant, reason, attempts, sent_at, not_before FROM deliveries WHERE edition_id = ?
"""
_DUE = f"""
{_ROW} AND due_at <= ? AND state IN ('planned', 'deferred') AND NOT id {{any_of}} ORDER BY due_at, id LIMIT ?
"""
_QUEUE = f"{_ROW} AND subscriber_id > ? AND state = 'planned' AND due_at IS NULL ORDER BY subscriber_id LIMIT ?"
_REACHED = "UPDATE editions SET reached = ? WHERE id = ?"
_INSERT = "INSERT INTO claims (edition_id, owner, lease_until, held, under_way) VALUES (?, ?, ?, ?, '[]') RETURNING id"
_EXTEND = "UPDATE claims SET lease_until = ?, held = ?, step = step + 1 WHERE id = ?"
_CONTENT = "SELECT held, under_way, dates FROM claims WHERE id = ?"
#: Safety net: requeue any waiting row that is neither due, queued nor claimed. None should exist.
_REQUEUE_LOST = """
UPDATE deliveries SET due_at = ? WHERE edition_id = ? AND subscriber_id <= ? AND state IN ('planned', 'deferred')
  AND due_at IS NULL AND NOT id {any_of}
"""
_STATUS = """
SELECT c.lease_until, c.step, e.newsletter,
  e.state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
FROM claims c JOIN editions e ON e.id = c.edition_id WHERE c.id = ? AND c.owner = ?
"""
_MARK = "UPDATE claims SET under_way = ?, dates = ?, step = step + 1 WHERE id = ?"
_SHRINK = "UPDATE claims SET held = ? WHERE id = ?"


@dataclass(slots=True)
class ClaimState:
    """The state of a claim as of `step`: the deliveries without a result, and those in flight."""

    epoch: int
    step: int = 0
    open: set[int] = field(default_factory=set)
    in_flight: set[int] = field(default_factory=set)
    dates: dict[int, int] = field(default_factory=dict)  # of the messages in flight that had none before


class ProgressResult(NamedTuple):
    """The answer to `record_progress`, with ids of deliveries.

    `written` counts results; `to_send` may leave now; `unwanted` must not, since their readers left or were suppressed.
    `halted`: the edition, or all sending, was paused or cancelled; what is not in `to_send` is to be given back.
    """

    written: int = 0
    to_send: frozenset[int] = frozenset()
    unwanted: frozenset[int] = frozenset()
    halted: bool = False


class Claim:
    """The claim of one sender on one edition, for one thread at a time. Get one by `Claims.acquire`.

    `deliveries` are those that were claimed last; `epoch` is 0 until something was claimed.
    """

    def __init__(self, database: Database, edition_id: str, owner: str, lease: timedelta, epoch: int = 0) -> None:
        self._database = database
        self.edition_id, self.owner, self.lease, self.epoch = edition_id, owner, lease, epoch
        self.deliveries: Sequence[Delivery] = []
        self._state: ClaimState | None = None  # as of the last committed step, so that the next need not read it

    def extend(self, limit: int, *, now: datetime) -> Sequence[Delivery]:
        """Claim up to `limit` more due deliveries, and hold all for another lease. Returns them.

        Where the claim came to its end meanwhile, a new one begins, with another epoch.
        """
        database, edition_id = self._database, self.edition_id
        at, until = database.moment(now), database.moment(now + self.lease)
        self.deliveries = []
        with database.quick() as run:
            # On a server the lock on the edition's row keeps senders apart that claim at one moment.
            sending = run(_SENDING + row_lock(database, "NO KEY UPDATE"), (edition_id, PAUSED_KEY)).fetchall()
            if not sending:
                return []
            taken, own = self._current_claims(run, now)
            ((reached, send_at),) = sending
            claimed_ids = database.many(taken.union(own.delivery_ids if own else ()))
            rows = self._due(run, at, claimed_ids, limit)
            if len(rows) < limit and send_at <= at:
                rows += self._queued(run, reached, limit - len(rows))
            if not rows:
                run(_REQUEUE_LOST.format(any_of=database.any_of), (at, edition_id, reached, claimed_ids))
                rows = self._due(run, at, claimed_ids, limit)
            if not rows:
                return []
            new_ids = [row[0] for row in rows]
            if own:
                state = self._load_state(run, own.id, own.step)
                run(_EXTEND, (until, encode_ids(state.open.union(new_ids)), own.id))
                state.step += 1
            else:
                ((epoch,),) = run(_INSERT, (edition_id, self.owner, until, encode_ids(new_ids))).fetchall()
                state = ClaimState(epoch)
        state.open.update(new_ids)
        self._state, self.epoch = state, state.epoch
        self.deliveries = self._claimed(rows, now)
        return self.deliveries

    def _due(self, run: Run, at: Any, claimed_ids: Any, limit: int) -> list[Any]:
        """Unclaimed deliveries whose own time, as that of a further attempt, has come."""
        sql = _DUE.format(any_of=self._database.any_of)
        rows: list[Any] = run(sql, (self.edition_id, at, claimed_ids, limit)).fetchall()
        return rows

    def _queued(self, run: Run, reached: int, limit: int) -> list[Any]:
        """The next deliveries of the queue, in the order of subscribers; the edition notes how far it came."""
        rows: list[Any] = run(_QUEUE, (self.edition_id, reached, limit)).fetchall()
        if rows:
            run(_REACHED, (rows[-1][1], self.edition_id))
        return rows

    def _claimed(self, rows: Sequence[Any], now: datetime) -> Sequence[Delivery]:
        decode = self._database.instant
        times = {not_before: decode(not_before) for not_before in {row[-1] for row in rows}}  # few, of many rows
        edition_id, epoch, owner, lease_until = self.edition_id, self.epoch, self.owner, now + self.lease
        return [
            Delivery(
                edition_id,
                subscriber_id,
                address,
                variant,
                "claimed",
                reason,
                attempts,
                epoch,
                owner,
                lease_until,
                times[not_before],
                None,
                now,
                delivery_id,
                sent_at or 0,
            )
            for delivery_id, subscriber_id, address, variant, reason, attempts, sent_at, not_before in rows
        ]

    def _current_claims(self, run: Run, now: datetime) -> tuple[frozenset[int], ClaimRow | None]:
        """The deliveries of the edition that other senders hold, and our own claim; an expired one of ours is ended."""
        database, own = self._database, None
        condition, values = "edition_id = ? AND owner = ?" + row_lock(database, "UPDATE"), (self.edition_id, self.owner)
        for claim in find_claims(database, run, condition, values):
            if claim.lease_until > now:
                own = claim
            else:
                release_claim(database, run, claim, now)
        others = find_claims(database, run, "edition_id = ? AND owner <> ?", (self.edition_id, self.owner))
        return frozenset[int]().union(*(claim.delivery_ids for claim in others)), own

    def _load_state(self, run: Run, epoch: int, step: int) -> ClaimState:
        """The state of the claim: as known since its last step, or read where another step was committed since.

        It is forgotten until this step is committed too, so that after a failure the next step reads it.
        """
        state, self._state = self._state, None
        if state is not None and (state.epoch, state.step) == (epoch, step):
            return state
        ((delivery_ids, in_flight, dates),) = run(_CONTENT, (epoch,)).fetchall()
        still_open = open_ids(self._database, run, decode_ids(delivery_ids))
        return ClaimState(epoch, step, still_open, set(decode_ids(in_flight)), decode_dates(dates))

    def record_progress(
        self,
        results: Sequence[DeliveryResult] = (),
        intents: Collection[Delivery] = (),
        *,
        now: datetime,
        dates: Mapping[int, int] = MappingProxyType({}),
    ) -> ProgressResult:
        """Write results of claimed deliveries and mark others as handed over, in one durable commit.

        Send exactly the intents in `to_send`. The result `planned` gives a delivery back unsent; `deferred` needs
        `next_attempt`. Intents whose readers left or were suppressed by now are `unwanted` and not marked. What this
        claim does not hold, or no longer, is left alone. Repeated after a commit whose answer was lost, the call
        changes nothing. `dates` has the Date (seconds since 1970) of intents that had none before, by delivery: should
        the sender die, its deliveries in doubt keep them.
        """
        database, epoch = self._database, self.epoch
        with database.quick() as run:
            status = run(_STATUS + row_lock(database, "UPDATE OF c"), (PAUSED_KEY, epoch, self.owner)).fetchall()
            if not status:
                return ProgressResult()
            ((lease_until, step, newsletter, sending),) = status
            state = self._load_state(run, epoch, step)
            known = [result for result in results if result.id in state.open]
            write_results(database, run, known, now)
            settled = {result.id for result in known}
            by_subscriber, unwanted = {}, frozenset[int]()
            if sending and lease_until > database.moment(now):
                open_now = state.open - settled
                by_subscriber = {delivery.subscriber_id: delivery.id for delivery in intents if delivery.id in open_now}
                unwanted = find_unwanted(database, run, by_subscriber, newsletter)
                if len(by_subscriber) < len(intents):
                    gone = [delivery.id for delivery in intents if delivery.id not in open_now]
                    unwanted |= find_suppressed(database, run, gone)
            to_send = frozenset(by_subscriber.values()) - unwanted
            state.in_flight = (state.in_flight - settled) | to_send
            if dates or state.dates:
                current = {**state.dates, **{delivery_id: dates[delivery_id] for delivery_id in to_send & dates.keys()}}
                state.dates = {key: sent_at for key, sent_at in current.items() if key in state.in_flight}
            if settled == state.open:
                end_claim(run, epoch)
            else:
                run(_MARK, (encode_ids(state.in_flight), encode_dates(state.dates), epoch))
                state.step += 1
                if any(result.state in WAITING for result in known):  # any sender may claim those again
                    run(_SHRINK, (encode_ids(state.open - settled), epoch))
        state.open -= settled
        self._state = state
        return ProgressResult(len(known), to_send, unwanted, not sending and bool(intents))

    def renew(self, *, now: datetime) -> bool:
        """Hold the claim for another lease from `now`; False when it was ended or its lease is over."""
        c = claims.c
        with self._database.write() as connection:
            own = update(claims).where(c.id == self.epoch, c.owner == self.owner, c.lease_until > now)
            return connection.execute(own.values(lease_until=now + self.lease)).rowcount == 1

    def release(self, *, now: datetime) -> Released:
        """End the claim, whatever its epoch is by now: unsent deliveries are due again, hand-overs are `unknown`."""
        planned = unknown = 0
        condition = "edition_id = ? AND owner = ?" + row_lock(self._database, "UPDATE")
        with self._database.quick() as run:
            for claim in find_claims(self._database, run, condition, (self.edition_id, self.owner)):
                released = release_claim(self._database, run, claim, now)
                planned, unknown = planned + released.planned, unknown + released.unknown
        return Released(planned, unknown)
