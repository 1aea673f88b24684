"""Deliveries: one row per edition and reader, from plan to end, so that nobody is skipped or mailed twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, null, or_, select, update

from digest.deliver.delivery import SETTLED, Delivery, DeliveryState
from digest.errors import EditionError
from digest.store.claims import HELD, WAITING, Claim, first_due, holders_of, no_new_claims, nobodys, tidy
from digest.store.database import chunks
from digest.store.outgoing import Sending
from digest.store.records import Settlement
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

#: Readers planned in one commit. Each commit waits for the disk, which on a busy machine is nearly all the time that
#: planning takes; and the write lock is held for a twentieth of a second.
_PLANNED_AT_ONCE = 5000

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


class Deliveries(Sending):
    """The deliveries of every edition: planning and looking at them here, the sender's steps in `Sending`."""

    def plan(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Freeze the recipients: one row for each that has none yet; returns how many that were.

        Committed in batches; planning again after a crash adds what is missing and changes nothing else.
        A row may come `suppressed` or `skipped` with its reason: then it is in the books and never sent. Raises
        EditionError when there is no such edition.
        """
        added = 0
        for part in chunks(rows, _PLANNED_AT_ONCE):
            with self._database.quick() as run:
                if not run(_PLANNED, (0, edition_id)).rowcount:  # which also keeps other planners and senders waiting
                    raise EditionError(f"there is no edition '{edition_id}'")
                (line,) = run("SELECT reached, send_at FROM editions WHERE id = ?", (edition_id,)).fetchall()
                number = run(_PLAN, self._plan_rows(edition_id, part, now, line)).rowcount
                run(_PLANNED, (number, edition_id))
            added += number
        return added

    def revise(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Plan rows otherwise that are neither claimed nor tried yet; returns how many that were."""
        at, moment = self._database.moment(now), self._database.moment
        sql, changed = _REVISE.format(any_of=self._database.any_of), 0
        for part in chunks(rows):
            with self._database.write() as connection:
                no_new_claims(connection, edition_id)
                tidy(connection, edition_id)
                held = self._database.many(holders_of(connection, edition_id))
                values = []
                for row in part:
                    begins = row.not_before and moment(row.not_before)
                    values.append((row.variant, begins, begins or at, at, edition_id, row.subscriber_id, held))
                changed += int(self._database.by_hand(connection.connection)(sql, values).rowcount)
        return changed

    def _plan_rows(
        self, edition_id: str, part: list[Delivery], now: datetime, line: tuple[int, Any]
    ) -> list[tuple[Any, ...]]:
        at, moment = self._database.moment(now), self._database.moment
        reached, begins = line

        def due(row: Delivery) -> Any:
            if row.state not in WAITING:
                return None
            at_first = moment(row.next_attempt or row.not_before) or at
            in_line = row.subscriber_id > reached and (at_first == begins or begins <= at_first <= at)
            return None if in_line else at_first

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
        self, edition_id: str, state: DeliveryState, reason: str, *, now: datetime, meant_by: datetime | None = None
    ) -> int:
        """Put everything that still waits to be sent at an end: `skipped` when it is too late, or cancelled.

        `meant_by`: only what was to be sent by then at the latest.
        """
        said = case((_D.reason == "", reason), else_=f"{reason}; the server's last word: " + _D.reason)
        waiting = (_D.edition_id == edition_id, _D.state.in_(WAITING))
        change = update(deliveries).where(*waiting)
        if meant_by is not None:
            change = change.where(or_(_D.not_before.is_(None), _D.not_before <= meant_by))
        with self._database.write() as connection:
            no_new_claims(connection, edition_id)
            change = change.where(nobodys(connection, edition_id))
            return connection.execute(change.values(state=state, reason=said, due_at=null(), updated_at=now)).rowcount

    def requeue(
        self,
        edition_id: str,
        states: Collection[DeliveryState],
        *,
        now: datetime,
        subscriber_ids: Collection[int] | None = None,
        tried_below: int | None = None,
        meant_after: datetime | None = None,
    ) -> int:
        """Plan again what came to one of these states (`unknown` under `in_doubt = "resend"`), all of it or some:
        `tried_below` leaves out what was handed over that often, `meant_after` what was to be sent by then.
        """
        wanted = [state for state in states if state not in HELD]
        mine = and_(_D.edition_id == edition_id, _D.state.in_(wanted))
        if tried_below is not None:
            mine = and_(mine, _D.attempts < tried_below)
        if meant_after is not None:
            mine = and_(mine, _D.not_before > meant_after)
        change = update(deliveries).values(state="planned", due_at=now, updated_at=now)
        with self._database.write() as connection:
            no_new_claims(connection, edition_id)
            tidy(connection, edition_id)
            mine = and_(mine, nobodys(connection, edition_id))
            if subscriber_ids is None:
                return connection.execute(change.where(mine)).rowcount
            return sum(
                connection.execute(change.where(mine, _D.subscriber_id.in_(part))).rowcount
                for part in chunks(subscriber_ids)
            )

    def bounced(self, edition_id: str, subscriber_id: int, reason: str, *, now: datetime) -> bool:
        """Note that an accepted (or unknown) message came back."""
        mine = (_D.edition_id == edition_id, _D.subscriber_id == subscriber_id, _D.state.in_(("accepted", "unknown")))
        change = update(deliveries).where(*mine).values(state="bounced", reason=reason, updated_at=now)
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def settle(self, edition_id: str, *, now: datetime) -> Settlement:
        """Compare the plan with what became of it, and keep the result with the edition once nothing is open.

        Raises EditionError when there is no such edition.
        """
        with self._database.write() as connection:
            no_new_claims(connection, edition_id)  # nor anybody planned meanwhile
            planned = connection.scalar(select(editions.c.planned).where(editions.c.id == edition_id))
            if planned is None:
                raise EditionError(f"there is no edition '{edition_id}'")
            by_state = select(_D.state, func.count()).where(_D.edition_id == edition_id).group_by(_D.state)
            states: dict[str, int] = dict(connection.execute(by_state).all())
            unsettled = sum(number for state, number in states.items() if state not in SETTLED)
            books = Settlement(planned, states, unsettled, planned - sum(states.values()))
            if not unsettled:
                kept = json.dumps({**books._asdict(), "at": now.isoformat()})
                connection.execute(update(editions).where(editions.c.id == edition_id).values(settled=kept))
        return books

    # --- looking at them -------------------------------------------------------------------------------------

    def get(self, edition_id: str, subscriber_id: int) -> Delivery | None:
        """One delivery."""
        query = select(*_COLUMNS).where(_D.edition_id == edition_id, _D.subscriber_id == subscriber_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else _delivery(row, holders_of(connection, edition_id))

    def editions_of(self, subscriber_id: int) -> Sequence[str]:
        """The editions that a reader has a delivery of, the latest first."""
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
        """Every variant of an edition that somebody was planned for."""
        query = select(_D.variant).where(_D.edition_id == edition_id).distinct()
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def summary(self, edition_id: str) -> Counter[str]:
        """How many deliveries of an edition are in each state."""
        query = select(_D.state, func.count()).where(_D.edition_id == edition_id).group_by(_D.state)
        with self._database.read() as connection:
            counts: Counter[str] = Counter(dict(connection.execute(query).all()))
            holders = holders_of(connection, edition_id)
            for part in chunks(holders):
                counts.subtract(dict(connection.execute(query.where(_D.id.in_(part))).all()))
        counts.update(claim.state_of(number) for number, claim in holders.items())
        return +counts

    def listing(self, edition_id: str, state: DeliveryState | None = None) -> Iterator[Delivery]:
        """Every delivery of an edition, by subscriber, in constant memory."""
        last = 0
        query = select(*_COLUMNS).where(_D.edition_id == edition_id).order_by(_D.subscriber_id).limit(1000)
        if state is not None:  # what is held says in its row how it stood before
            query = query.where(_D.state.in_(WAITING if state in HELD else (state,)))
        while True:
            with self._database.read() as connection:
                rows = connection.execute(query.where(_D.subscriber_id > last)).all()
                holders = holders_of(connection, edition_id)
            if not rows:
                return
            page = [_delivery(row, holders) for row in rows]
            yield from (delivery for delivery in page if state in (None, delivery.state))
            last = page[-1].subscriber_id

    def due(self, now: datetime) -> Sequence[str]:
        """The editions in `sending` with something to do now (also a lease that is over), the longest waiting first."""
        with self._database.read() as connection:
            firsts = [(first_due(connection, edition_id), edition_id) for edition_id in _sending(connection)]
        return [edition_id for first, edition_id in sorted((f, e) for f, e in firsts if f is not None and f <= now)]

    def next_work(self, edition_id: str | None = None) -> datetime | None:
        """When the next delivery of a `sending` edition is due or a lease ends; None: there is nothing to wait for."""
        with self._database.read() as connection:
            chosen = [one for one in _sending(connection) if edition_id in (None, one)]
            return min(filter(None, (first_due(connection, one) for one in chosen)), default=None)


def _sending(connection: Connection) -> Sequence[str]:
    return connection.scalars(select(editions.c.id).where(editions.c.state == "sending")).all()


def _delivery(row: Any, holders: Mapping[int, Claim]) -> Delivery:
    edition_id, subscriber_id, address, variant, state, reason, attempts, not_before, due_at, updated_at, number = row
    claim = holders.get(number)
    return Delivery(
        edition_id,
        subscriber_id,
        address,
        variant,
        claim.state_of(number) if claim else state,
        reason,
        attempts,
        claim.id if claim else 0,
        claim.owner if claim else "",
        lease_until=claim.lease_until if claim else None,
        not_before=not_before,
        next_attempt=due_at if state == "deferred" and not claim else None,
        updated_at=updated_at,
        id=number,
    )
