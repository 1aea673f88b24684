"""Deliveries: one row per edition and subscriber, from plan to end, so that nobody is skipped or mailed twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, func, null, or_, select, update

from digest.deliver.delivery import SETTLED, Delivery, DeliveryState
from digest.errors import EditionError
from digest.store.claim_rows import (
    CLAIMED,
    WAITING,
    ClaimRow,
    block_new_claims,
    claims_by_delivery,
    drop_settled,
    first_due,
    is_unclaimed,
)
from digest.store.database import Area, chunks
from digest.store.subscriber_rows import deliveries_of
from digest.store.tables import deliveries, editions

_D = deliveries.c
_COLUMNS = (
    _D.edition_id,
    _D.subscriber_id,
    _D.address,
    _D.variant,
    _D.state,
    _D.reason,
    _D.attempts,
    _D.not_before,
    _D.due_at,
    _D.updated_at,
    _D.id,
)

#: Deliveries planned in one commit. Each commit waits for the disk, which takes nearly all the time of planning on a
#: busy machine; the write lock is held for a twentieth of a second.
_PLAN_BATCH = 5000

_PLAN = """
INSERT INTO deliveries
  (edition_id, subscriber_id, address, variant, state, reason, not_before, due_at, updated_at, attempts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
ON CONFLICT (edition_id, subscriber_id) DO NOTHING
"""
_PLANNED = "UPDATE editions SET planned = planned + ? WHERE id = ?"

_REVISE = """
UPDATE deliveries SET variant = ?, state = 'planned', reason = '', not_before = ?, due_at = ?, updated_at = ?
WHERE edition_id = ? AND subscriber_id = ? AND attempts = 0 AND state IN ('planned', 'skipped')
  AND NOT id {any_of}
"""


class Settlement(NamedTuple):
    """The books of an edition. `difference` must be 0; `open` counts deliveries that have no final state yet."""

    planned: int
    states: Mapping[str, int]
    open: int
    difference: int


class Deliveries(Area):
    """The deliveries of every edition. Senders take them by a claim (`Claims`)."""

    def plan(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Freeze the recipients: add a row for each that has none yet, and return how many were added.

        Committed in batches; planning again after a crash adds what is missing and changes nothing else.
        A row may come `suppressed` or `skipped` with its reason: then it counts and is never sent. Raises EditionError
        when there is no such edition.
        """
        added = 0
        for part in chunks(rows, _PLAN_BATCH):
            with self._database.quick() as run:
                if not run(_PLANNED, (0, edition_id)).rowcount:  # other planners and senders wait for this lock
                    raise EditionError(f"there is no edition '{edition_id}'")
                (queue,) = run("SELECT reached, send_at FROM editions WHERE id = ?", (edition_id,)).fetchall()
                count = run(_PLAN, self._plan_rows(edition_id, part, now, queue)).rowcount
                run(_PLANNED, (count, edition_id))
            added += count
        return added

    def revise(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Change the plan of rows that are neither claimed nor tried yet; return how many were changed."""
        at, moment = self._database.moment(now), self._database.moment
        sql, changed = _REVISE.format(any_of=self._database.any_of), 0
        for part in chunks(rows):
            with self._database.write() as connection:
                block_new_claims(connection, edition_id)
                drop_settled(connection, edition_id)
                claimed_ids = self._database.many(claims_by_delivery(connection, edition_id))
                values = []
                for row in part:
                    not_before = row.not_before and moment(row.not_before)
                    values.append(
                        (row.variant, not_before, not_before or at, at, edition_id, row.subscriber_id, claimed_ids)
                    )
                changed += int(self._database.by_hand(connection.connection)(sql, values).rowcount)
        return changed

    def _plan_rows(
        self, edition_id: str, part: list[Delivery], now: datetime, queue: tuple[int, Any]
    ) -> list[tuple[Any, ...]]:
        at, moment = self._database.moment(now), self._database.moment
        reached, send_at = queue

        def due(row: Delivery) -> Any:
            if row.state not in WAITING:
                return None
            due_at = moment(row.next_attempt or row.not_before) or at
            is_queued = row.subscriber_id > reached and (due_at == send_at or send_at <= due_at <= at)
            return None if is_queued else due_at

        return [
            (
                edition_id,
                delivery.subscriber_id,
                delivery.address,
                delivery.variant,
                delivery.state,
                delivery.reason,
                delivery.not_before and moment(delivery.not_before),
                due(delivery),
                at,
            )
            for delivery in part
        ]

    def close_open(
        self, edition_id: str, state: DeliveryState, reason: str, *, now: datetime, due_by: datetime | None = None
    ) -> int:
        """Give every waiting delivery a final state, as `skipped` when it is too late; return how many there were.

        `due_by` leaves out deliveries that were to be sent later than that.
        """
        why = case((_D.reason == "", reason), else_=f"{reason}; the server's last word: " + _D.reason)
        waiting = (_D.edition_id == edition_id, _D.state.in_(WAITING))
        change = update(deliveries).where(*waiting)
        if due_by is not None:
            change = change.where(or_(_D.not_before.is_(None), _D.not_before <= due_by))
        with self._database.write() as connection:
            block_new_claims(connection, edition_id)
            change = change.where(is_unclaimed(connection, edition_id))
            return connection.execute(change.values(state=state, reason=why, due_at=null(), updated_at=now)).rowcount

    def requeue(
        self,
        edition_id: str,
        states: Collection[DeliveryState],
        *,
        now: datetime,
        subscriber_ids: Collection[int] | None = None,
        tried_below: int | None = None,
        due_after: datetime | None = None,
    ) -> int:
        """Plan deliveries in one of these states again, as `unknown` ones under `in_doubt = "resend"`; return how many.

        `tried_below` leaves out those handed over that often, `due_after` those that were to be sent by then.
        """
        unclaimed = [state for state in states if state not in CLAIMED]
        chosen = and_(_D.edition_id == edition_id, _D.state.in_(unclaimed))
        if tried_below is not None:
            chosen = and_(chosen, _D.attempts < tried_below)
        if due_after is not None:
            chosen = and_(chosen, _D.not_before > due_after)
        # Nobody has a copy of what was refused, so its next one gets a new Date.
        kept_date = case((_D.state == "refused", null()), else_=_D.sent_at)
        change = update(deliveries).values(state="planned", due_at=now, updated_at=now, sent_at=kept_date)
        with self._database.write() as connection:
            block_new_claims(connection, edition_id)
            drop_settled(connection, edition_id)
            chosen = and_(chosen, is_unclaimed(connection, edition_id))
            if subscriber_ids is None:
                return connection.execute(change.where(chosen)).rowcount
            return sum(
                connection.execute(change.where(chosen, _D.subscriber_id.in_(part))).rowcount
                for part in chunks(subscriber_ids)
            )

    def mark_bounced(self, edition_id: str, subscriber_id: int, reason: str, *, now: datetime) -> bool:
        """Mark an accepted (or unknown) delivery as bounced; False when there is none."""
        sent = (_D.edition_id == edition_id, _D.subscriber_id == subscriber_id, _D.state.in_(("accepted", "unknown")))
        change = update(deliveries).where(*sent).values(state="bounced", reason=reason, updated_at=now)
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def settle(self, edition_id: str, *, now: datetime) -> Settlement:
        """Compare the plan with the states of its deliveries; store the result with the edition once nothing is open.

        Raises EditionError when there is no such edition.
        """
        with self._database.write() as connection:
            block_new_claims(connection, edition_id)  # and keep planners out
            planned = connection.scalar(select(editions.c.planned).where(editions.c.id == edition_id))
            if planned is None:
                raise EditionError(f"there is no edition '{edition_id}'")
            by_state = select(_D.state, func.count()).where(_D.edition_id == edition_id).group_by(_D.state)
            states: dict[str, int] = dict(connection.execute(by_state).all())
            unsettled = sum(count for state, count in states.items() if state not in SETTLED)
            books = Settlement(planned, states, unsettled, planned - sum(states.values()))
            if not unsettled:
                settled = json.dumps({**books._asdict(), "at": now.isoformat()})
                connection.execute(update(editions).where(editions.c.id == edition_id).values(settled=settled))
        return books

    # --- queries -------------------------------------------------------------------------------------

    def get(self, edition_id: str, subscriber_id: int) -> Delivery | None:
        """One delivery, or None."""
        query = select(*_COLUMNS).where(_D.edition_id == edition_id, _D.subscriber_id == subscriber_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else _delivery(row, claims_by_delivery(connection, edition_id))

    def editions_of(self, subscriber_id: int) -> Sequence[str]:
        """The ids of the editions that a subscriber has a delivery of, the latest first."""
        query = select(_D.edition_id).where(deliveries_of(subscriber_id)).order_by(_D.id.desc()).limit(1000)
        with self._database.read() as connection:
            return connection.scalars(query).all()

    def history_of(self, subscriber_id: int) -> Sequence[tuple[str, bool]]:
        """The editions that a subscriber has a delivery of, the latest first, and whether a server accepted each."""
        query = select(_D.edition_id, _D.state == "accepted").where(deliveries_of(subscriber_id))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_D.id.desc()).limit(1000))
            return [(edition_id, bool(accepted)) for edition_id, accepted in rows]

    def variants(self, edition_id: str) -> set[str]:
        """Every variant of an edition that a delivery was planned with."""
        query = select(_D.variant).where(_D.edition_id == edition_id).distinct()
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def summary(self, edition_id: str) -> Counter[str]:
        """The number of deliveries of an edition in each state."""
        query = select(_D.state, func.count()).where(_D.edition_id == edition_id).group_by(_D.state)
        with self._database.read() as connection:
            counts: Counter[str] = Counter(dict(connection.execute(query).all()))
            by_delivery = claims_by_delivery(connection, edition_id)
            for part in chunks(by_delivery):
                counts.subtract(dict(connection.execute(query.where(_D.id.in_(part))).all()))
        counts.update(claim.state_of(delivery_id) for delivery_id, claim in by_delivery.items())
        return +counts

    def listing(self, edition_id: str, state: DeliveryState | None = None) -> Iterator[Delivery]:
        """Every delivery of an edition, by subscriber, in constant memory."""
        last = 0
        query = select(*_COLUMNS).where(_D.edition_id == edition_id).order_by(_D.subscriber_id).limit(1000)
        if state is not None:  # the row of a claimed delivery holds its state before the claim
            query = query.where(_D.state.in_(WAITING if state in CLAIMED else (state,)))
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_D.subscriber_id > last)).all()
                by_delivery = claims_by_delivery(connection, edition_id)
            if not rows:
                return
            page = [_delivery(row, by_delivery) for row in rows]
            yield from (delivery for delivery in page if state in (None, delivery.state))
            last = page[-1].subscriber_id

    def due(self, now: datetime) -> Sequence[str]:
        """The ids of the editions in `sending` with work due at `now`, or an expired lease; longest waiting first."""
        with self._database.read() as connection:
            moments = [(first_due(connection, edition_id), edition_id) for edition_id in _sending(connection)]
        return [edition_id for at, edition_id in sorted((m, e) for m, e in moments if m is not None and m <= now)]

    def next_work(self, edition_id: str | None = None) -> datetime | None:
        """The moment when the next delivery of a `sending` edition is due or a lease ends; None when there is none."""
        with self._database.read() as connection:
            ids = [each for each in _sending(connection) if edition_id in (None, each)]
            return min(filter(None, (first_due(connection, each) for each in ids)), default=None)


def _sending(connection: Connection) -> Sequence[str]:
    return connection.scalars(select(editions.c.id).where(editions.c.state == "sending")).all()


def _delivery(row: Any, by_delivery: Mapping[int, ClaimRow]) -> Delivery:
    edition_id, subscriber_id, address, variant, state, reason, attempts, not_before, due_at, updated_at, row_id = row
    claim = by_delivery.get(row_id)
    return Delivery(
        edition_id,
        subscriber_id,
        address,
        variant,
        claim.state_of(row_id) if claim else state,
        reason,
        attempts,
        claim.id if claim else 0,
        claim.owner if claim else "",
        lease_until=claim.lease_until if claim else None,
        not_before=not_before,
        next_attempt=due_at if state == "deferred" and not claim else None,
        updated_at=updated_at,
        id=row_id,
    )
