"""Deliveries: one row per edition and reader, from plan to end, so that nobody is skipped or mailed twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, null, or_, select, update

from digest.deliver.delivery import SETTLED, Delivery, DeliveryState
from digest.errors import EditionError
from digest.store.database import chunks
from digest.store.reader_rows import deliveries_of
from digest.store.records import Settlement
from digest.store.sending import HELD, WAITING, Sending
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
    _D.epoch,
    _D.owner,
    _D.not_before,
    _D.due_at,
    _D.updated_at,
)

#: Readers planned in one commit. Each commit waits for the disk, which on a busy machine is nearly all the time that
#: planning takes; and the write lock is held for a twentieth of a second.
_PLANNED_AT_ONCE = 5000

_PLAN = """
INSERT INTO deliveries
  (edition_id, subscriber_id, address, variant, state, reason, not_before, due_at, updated_at, attempts, epoch, owner)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, '')
ON CONFLICT (edition_id, subscriber_id) DO NOTHING
"""
_PLANNED = "UPDATE editions SET planned = planned + ? WHERE id = ?"

_REVISE = """
UPDATE deliveries SET variant = ?, state = 'planned', reason = '', not_before = ?, due_at = ?, updated_at = ?
WHERE edition_id = ? AND subscriber_id = ? AND attempts = 0 AND state IN ('planned', 'skipped')
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
            values = self._plan_rows(edition_id, part, now)
            with self._database.quick() as run:
                if not run(_PLANNED, (0, edition_id)).rowcount:  # which also keeps other planners waiting
                    raise EditionError(f"there is no edition '{edition_id}'")
                number = run(_PLAN, values).rowcount
                run(_PLANNED, (number, edition_id))
            added += number
        return added

    def revise(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Plan rows otherwise that are neither claimed nor tried yet; returns how many that were."""
        at, moment = self._database.moment(now), self._database.moment
        changed = 0
        for part in chunks(rows):
            values = []
            for row in part:
                begins = row.not_before and moment(row.not_before)
                values.append((row.variant, begins, begins or at, at, edition_id, row.subscriber_id))
            with self._database.quick() as run:
                changed += int(run(_REVISE, values).rowcount)
        return changed

    def _plan_rows(self, edition_id: str, part: list[Delivery], now: datetime) -> list[tuple[Any, ...]]:
        at, moment = self._database.moment(now), self._database.moment
        return [
            (
                edition_id,
                delivery.subscriber_id,
                delivery.address,
                delivery.variant,
                delivery.state,
                delivery.reason,
                delivery.not_before and moment(delivery.not_before),
                (moment(delivery.next_attempt or delivery.not_before) or at) if delivery.state in WAITING else None,
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
        waiting = (_D.edition_id == edition_id, _D.due_at.is_not(None), _D.state.in_(WAITING))
        change = update(deliveries).where(*waiting)
        if meant_by is not None:
            change = change.where(or_(_D.not_before.is_(None), _D.not_before <= meant_by))
        with self._database.write() as connection:
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
        return None if row is None else _delivery(row)

    def editions_of(self, subscriber_id: int) -> Sequence[str]:
        """The editions that a reader has a delivery of, the latest first."""
        query = select(_D.edition_id).where(deliveries_of(subscriber_id)).order_by(_D.id.desc()).limit(1000)
        with self._database.read() as connection:
            return connection.scalars(query).all()

    def variants(self, edition_id: str) -> set[str]:
        """Every variant of an edition that somebody was planned for."""
        query = select(_D.variant).where(_D.edition_id == edition_id).distinct()
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def summary(self, edition_id: str) -> Counter[str]:
        """How many deliveries of an edition are in each state."""
        query = select(_D.state, func.count()).where(_D.edition_id == edition_id).group_by(_D.state)
        with self._database.read() as connection:
            return Counter(dict(connection.execute(query).all()))

    def listing(self, edition_id: str, state: DeliveryState | None = None) -> Iterator[Delivery]:
        """Every delivery of an edition, by subscriber, in constant memory."""
        last = 0
        query = select(*_COLUMNS).where(_D.edition_id == edition_id).order_by(_D.subscriber_id).limit(1000)
        if state is not None:
            query = query.where(_D.state == state)
        while True:
            with self._database.read() as connection:
                page = [_delivery(row) for row in connection.execute(query.where(_D.subscriber_id > last))]
            if not page:
                return
            yield from page
            last = page[-1].subscriber_id

    def due(self, now: datetime) -> Sequence[str]:
        """The editions in `sending` with something to do now (also a lease that is over), the longest waiting first."""
        query = select(_D.edition_id, func.min(_D.due_at).label("first")).group_by(_D.edition_id)
        query = query.where(_D.due_at <= now, _sending_editions())
        with self._database.read() as connection:
            return [row.edition_id for row in connection.execute(query.order_by("first", _D.edition_id))]

    def next_work(self, edition_id: str | None = None) -> datetime | None:
        """When the next delivery of a `sending` edition is due or a lease ends; None: there is nothing to wait for."""
        query = select(func.min(_D.due_at)).where(_D.due_at.is_not(None), _sending_editions())
        if edition_id is not None:
            query = query.where(_D.edition_id == edition_id)
        with self._database.read() as connection:
            first: datetime | None = connection.scalar(query)
        return first


def _sending_editions() -> Any:
    return _D.edition_id.in_(select(editions.c.id).where(editions.c.state == "sending"))


def _delivery(row: Any) -> Delivery:
    edition_id, number, address, variant, state, reason, attempts, epoch, owner, not_before, due_at, updated_at = row
    return Delivery(
        edition_id,
        number,
        address,
        variant,
        state,
        reason,
        attempts,
        epoch,
        owner,
        lease_until=due_at if state in HELD else None,
        not_before=not_before,
        next_attempt=due_at if state == "deferred" else None,
        updated_at=updated_at,
    )
