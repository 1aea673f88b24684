"""Deliveries: one row per edition and reader, from plan to end, so that nobody is skipped and nobody is mailed twice.

A row is held by one owner at a time. A claim raises its `epoch`; whoever writes a result must still be the owner in
that epoch, so a sender that slept past its lease changes nothing. The columns are written by short SQL over many rows:
a durable commit costs milliseconds, a row in it microseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, select, text, update

from digest.deliver.delivery import Delivery, DeliveryState
from digest.store.database import Database, chunks
from digest.store.records import DeliveryResult, Released
from digest.store.tables import (
    HELD_SQL,
    OPEN_SQL,
    deliveries,
    editions,
    meta,
    subscribers,
    subscriptions,
    suppressions,
)

PAUSED_KEY = "sending paused"
_D = deliveries.c
_COLUMNS = [
    _D.edition_id,
    _D.subscriber_id,
    _D.address,
    _D.variant,
    _D.state,
    _D.reason,
    _D.attempts,
    _D.epoch,
    _D.owner,
    _D.lease_until,
    _D.not_before,
    _D.next_attempt,
    _D.updated_at,
]
#: A result in one of these says that a server was asked.
_TRIED = ("accepted", "deferred", "refused", "unknown")


class Deliveries:
    """The deliveries of every edition."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- planning --------------------------------------------------------------------------------------------

    def plan(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Freeze the recipients: one row for each that has none yet; returns how many that were.

        Committed in batches of a thousand; planning again after a crash adds what is missing and changes nothing else.
        A row may come `suppressed` or `skipped` with its reason: then it is in the books and never sent.
        """
        statement = self._database.insert_ignore(deliveries, ["edition_id", "subscriber_id"])
        more = update(editions).where(editions.c.id == edition_id)
        added = 0
        for part in chunks(rows):
            values = [_row(edition_id, delivery, now) for delivery in part]
            with self._database.write() as connection:
                number = connection.execute(statement, values).rowcount
                connection.execute(more.values(planned=editions.c.planned + number))
            added += number
        return added

    # --- the sender's way ------------------------------------------------------------------------------------

    def claim(
        self, edition_id: str | None, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` deliveries that are due, for `lease`; nobody else gets them meanwhile.

        Only from editions that are `sending`, and nothing while sending is paused: so pausing stops every sender at
        its next claim. None claims from any edition. The claim raises each row's epoch.
        """
        query = select(_D.id).where(text(f"deliveries.{OPEN_SQL}"), _D.due_at <= now, _sending(), ~_paused())
        if edition_id is not None:
            query = query.where(_D.edition_id == edition_id)
        due = query.order_by(_D.due_at, _D.id).limit(limit).with_for_update(skip_locked=True, of=deliveries).cte("due")
        take = update(deliveries).where(_D.id.in_(select(due.c.id)))
        take = take.values(
            state="claimed", owner=owner, lease_until=now + lease, epoch=_D.epoch + 1, next_attempt=None, updated_at=now
        )
        with self._database.write() as connection:
            rows = connection.execute(take.returning(*_COLUMNS)).all()
        return sorted((Delivery(*row) for row in rows), key=lambda d: (d.edition_id, d.subscriber_id))

    def mark_handed_over(self, claimed: Iterable[Delivery], *, now: datetime) -> set[tuple[str, int]]:
        """Commit the intent to hand these messages over, just before their DATA.

        Returns the (edition, subscriber) pairs that are still ours in this epoch and lease: send these, no others.
        """
        groups: dict[tuple[str, str, int], list[int]] = {}
        for delivery in claimed:
            key = (delivery.edition_id, delivery.owner, delivery.epoch)
            groups.setdefault(key, []).append(delivery.subscriber_id)
        ours: set[tuple[str, int]] = set()
        if not groups:
            return ours
        with self._database.write() as connection:
            for (edition_id, owner, epoch), numbers in groups.items():
                for part in chunks(numbers):
                    mine = and_(
                        _D.edition_id == edition_id,
                        _D.subscriber_id.in_(part),
                        _D.state == "claimed",
                        _D.owner == owner,
                        _D.epoch == epoch,
                        _D.lease_until > now,
                    )
                    mark = update(deliveries).where(mine).values(state="handed_over", updated_at=now)
                    ours.update((edition_id, n) for n in connection.scalars(mark.returning(_D.subscriber_id)))
        return ours

    def record(self, results: Iterable[DeliveryResult], owner: str, *, now: datetime) -> int:
        """Write what became of claimed deliveries; returns how many of them were still `owner`'s in that epoch.

        `planned` gives a row back unsent; `deferred` needs `next_attempt`.
        """
        values = [
            {
                "b_edition": r.edition_id,
                "b_subscriber": r.subscriber_id,
                "b_epoch": r.epoch,
                "b_state": r.state,
                "b_reason": r.reason,
                "b_next": r.next_attempt,
                "b_due": r.next_attempt or now,
                "b_tried": int(r.state in _TRIED),
            }
            for r in results
        ]
        if not values:
            return 0
        change = (
            update(deliveries)
            .where(
                _D.edition_id == bindparam("b_edition"),
                _D.subscriber_id == bindparam("b_subscriber"),
                _D.epoch == bindparam("b_epoch"),
                _D.owner == owner,
                text(f"deliveries.{HELD_SQL}"),
            )
            .values(
                state=bindparam("b_state"),
                reason=bindparam("b_reason"),
                next_attempt=bindparam("b_next"),
                due_at=bindparam("b_due"),
                attempts=_D.attempts + bindparam("b_tried"),
                owner="",
                lease_until=None,
                updated_at=now,
            )
        )
        with self._database.write() as connection:
            return connection.execute(change, values).rowcount

    def renew(self, claimed: Iterable[Delivery], owner: str, *, now: datetime, lease: timedelta) -> int:
        """Hold on to deliveries that are still ours for another `lease`; returns how many those are."""
        held = 0
        with self._database.write() as connection:
            for edition_id, numbers in _by_edition(claimed).items():
                for part in chunks(numbers):
                    mine = (_D.edition_id == edition_id, _D.subscriber_id.in_(part), _D.owner == owner)
                    change = update(deliveries).where(*mine, text(f"deliveries.{HELD_SQL}"), _D.lease_until > now)
                    held += connection.execute(change.values(lease_until=now + lease)).rowcount
        return held

    def release_expired(self, *, now: datetime, owner: str | None = None) -> Released:
        """End the claims whose lease is over, or all of `owner`'s when named (our own, left by a crash).

        Claimed goes back to planned; of a hand-over nobody will ever know the answer: unknown.
        """
        over = _D.lease_until <= now if owner is None else _D.owner == owner
        over = and_(text(f"deliveries.{HELD_SQL}"), over)
        free = {"owner": "", "lease_until": None, "updated_at": now}
        back = update(deliveries).where(over, _D.state == "claimed").values(state="planned", **free)
        lost = update(deliveries).where(over, _D.state == "handed_over")
        lost = lost.values(
            state="unknown",
            reason="the sender ended before the server's answer",
            attempts=_D.attempts + 1,
            **free,
        )
        with self._database.write() as connection:
            return Released(connection.execute(back).rowcount, connection.execute(lost).rowcount)

    def still_wanted(self, edition_id: str, subscriber_ids: Iterable[int]) -> set[int]:
        """Those who, at this moment, are confirmed for the edition's newsletter and not suppressed."""
        query = (
            select(subscriptions.c.subscriber_id)
            .join_from(subscriptions, subscribers)
            .join(editions, editions.c.newsletter == subscriptions.c.newsletter)
            .where(editions.c.id == edition_id, subscriptions.c.state == "confirmed")
            .where(~exists().where(suppressions.c.address_hash == subscribers.c.address_hash))
        )
        wanted: set[int] = set()
        with self._database.read() as connection:
            for part in chunks(subscriber_ids):
                wanted.update(connection.scalars(query.where(subscriptions.c.subscriber_id.in_(part))))
        return wanted

    # --- decisions about many --------------------------------------------------------------------------------

    def close_open(self, edition_id: str, state: DeliveryState, reason: str, *, now: datetime) -> int:
        """Put everything that still waits to be sent at an end: `skipped` when it is too late, or cancelled."""
        waiting = (_D.edition_id == edition_id, text(f"deliveries.{OPEN_SQL}"))
        change = (
            update(deliveries).where(*waiting).values(state=state, reason=reason, next_attempt=None, updated_at=now)
        )
        with self._database.write() as connection:
            return connection.execute(change).rowcount

    def requeue(
        self,
        edition_id: str,
        states: Collection[DeliveryState],
        *,
        now: datetime,
        subscriber_ids: Collection[int] | None = None,
    ) -> int:
        """Plan again what came to one of these states (`unknown` under `in_doubt = "resend"`), all of it or some."""
        mine = and_(_D.edition_id == edition_id, _D.state.in_(states))
        if subscriber_ids is not None:
            mine = and_(mine, _D.subscriber_id.in_(list(subscriber_ids)))
        values = {"state": "planned", "next_attempt": None, "due_at": now, "updated_at": now}
        with self._database.write() as connection:
            return connection.execute(update(deliveries).where(mine).values(**values)).rowcount

    def bounced(self, edition_id: str, subscriber_id: int, reason: str, *, now: datetime) -> bool:
        """Note that an accepted (or unknown) message came back."""
        mine = (_D.edition_id == edition_id, _D.subscriber_id == subscriber_id, _D.state.in_(("accepted", "unknown")))
        change = update(deliveries).where(*mine).values(state="bounced", reason=reason, updated_at=now)
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    # --- looking at them -------------------------------------------------------------------------------------

    def get(self, edition_id: str, subscriber_id: int) -> Delivery | None:
        """One delivery."""
        query = select(*_COLUMNS).where(_D.edition_id == edition_id, _D.subscriber_id == subscriber_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Delivery(*row)

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
                page = [Delivery(*row) for row in connection.execute(query.where(_D.subscriber_id > last))]
            if not page:
                return
            yield from page
            last = page[-1].subscriber_id

    def due(self, now: datetime) -> Sequence[str]:
        """The editions in `sending` with deliveries due now, the longest waiting first."""
        query = select(_D.edition_id, func.min(_D.due_at).label("first"))
        query = query.where(text(f"deliveries.{OPEN_SQL}"), _D.due_at <= now, _sending()).group_by(_D.edition_id)
        with self._database.read() as connection:
            return [row.edition_id for row in connection.execute(query.order_by("first", _D.edition_id))]

    def next_work(self, edition_id: str | None = None) -> datetime | None:
        """When the next delivery of a `sending` edition is due or a lease ends; None: there is nothing to wait for."""
        mine = [_sending()] if edition_id is None else [_D.edition_id == edition_id, _sending()]
        waiting = select(func.min(_D.due_at)).where(text(f"deliveries.{OPEN_SQL}"), *mine)
        held = select(func.min(_D.lease_until)).where(text(f"deliveries.{HELD_SQL}"), *mine)
        with self._database.read() as connection:
            times = [connection.scalar(waiting), connection.scalar(held)]
        return min((moment for moment in times if moment is not None), default=None)


def _sending() -> Any:
    """The row's edition is being sent."""
    return _D.edition_id.in_(select(editions.c.id).where(editions.c.state == "sending"))


def _paused() -> Any:
    return exists().where(meta.c.key == PAUSED_KEY)


def _by_edition(rows: Iterable[Delivery]) -> Mapping[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for delivery in rows:
        groups.setdefault(delivery.edition_id, []).append(delivery.subscriber_id)
    return groups


def _row(edition_id: str, delivery: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "edition_id": edition_id,
        "subscriber_id": delivery.subscriber_id,
        "address": delivery.address,
        "variant": delivery.variant,
        "state": delivery.state,
        "reason": delivery.reason,
        "attempts": 0,
        "epoch": 0,
        "owner": "",
        "lease_until": None,
        "not_before": delivery.not_before,
        "next_attempt": delivery.next_attempt,
        "due_at": delivery.next_attempt or delivery.not_before or now,
        "updated_at": now,
    }
