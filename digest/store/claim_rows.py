"""Rows of claims: who holds which deliveries of an edition, until when, and which of them may be on the wire.

The row of a delivery holds its lasting state: planned, deferred, accepted. What a sender holds for a minute is one row
of its own, so that claiming a delivery and marking it as handed over write nothing to the delivery itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from digest.deliver.delivery import DeliveryState
from digest.store.database import Database, Run, chunks
from digest.store.tables import claims, deliveries, editions

WAITING = ("planned", "deferred")
CLAIMED = ("claimed", "handed_over")

_CLAIMS = "SELECT id, owner, lease_until, held, under_way, step FROM claims"
_OPEN = "SELECT id FROM deliveries WHERE id {any_of} AND state IN ('planned', 'deferred')"
_END = "DELETE FROM claims WHERE id = ?"
_DATES = "SELECT dates FROM claims WHERE id = ?"
_KEEP_DATE = "UPDATE deliveries SET sent_at = ? WHERE id = ? AND sent_at IS NULL"
#: Deliveries that an ended claim did not send go to the end of the queue.
_REQUEUE = "UPDATE deliveries SET due_at = ? WHERE id {any_of} AND state = 'planned' AND due_at IS NULL"
_LOST = """
UPDATE deliveries SET state = 'unknown', reason = 'the sender stopped before the server''s answer was recorded',
  due_at = NULL, attempts = attempts + 1, updated_at = ?
WHERE id {any_of} AND state IN ('planned', 'deferred')
"""


class ClaimRow(NamedTuple):
    """One sender's claim on deliveries of one edition, by their ids; `in_flight` is a part of `delivery_ids`.

    A delivery that has its result stays in `delivery_ids` until the sender claims again, and is nobody's: `claims_of`
    leaves it out.
    """

    id: int
    owner: str
    lease_until: datetime
    delivery_ids: frozenset[int]
    in_flight: frozenset[int]
    step: int

    def state_of(self, delivery_id: int) -> DeliveryState:
        """The state of a delivery that this claim holds."""
        return "handed_over" if delivery_id in self.in_flight else "claimed"


class Released(NamedTuple):
    """Deliveries of ended claims: those that may be claimed again, and hand-overs whose answer is lost."""

    planned: int
    unknown: int


def decode_ids(text: str) -> frozenset[int]:
    """The ids in a JSON list."""
    return frozenset(json.loads(text))


_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def encode_ids(ids: Iterable[int]) -> str:
    """Ids as a JSON list, the same for the same ids."""
    return _ENCODE(sorted(ids))


def decode_dates(text: str) -> dict[int, int]:
    """The Date of each delivery in a JSON object, in seconds since 1970."""
    return {int(delivery_id): sent_at for delivery_id, sent_at in json.loads(text).items()}


def encode_dates(dates: Mapping[int, int]) -> str:
    """Dates by delivery as a JSON object."""
    return _ENCODE(dates)


# --- in the transactions of senders (`Database.quick`) --------------------------------------------------------


def row_lock(database: Database, strength: str) -> str:
    """SQL that keeps other transactions off the rows that are read; SQLite has one writer at a time anyway."""
    return "" if database.is_sqlite else f" FOR {strength}"


def find_claims(database: Database, run: Run, condition: str, values: tuple[Any, ...]) -> list[ClaimRow]:
    """The claims that meet an SQL condition."""
    rows = []
    for claim_id, owner, until, delivery_ids, in_flight, step in run(f"{_CLAIMS} WHERE {condition}", values).fetchall():
        lease_until = database.instant(until)
        assert lease_until is not None
        rows.append(ClaimRow(claim_id, owner, lease_until, decode_ids(delivery_ids), decode_ids(in_flight), step))
    return rows


def open_ids(database: Database, run: Run, delivery_ids: Iterable[int]) -> set[int]:
    """Those of the deliveries that have no result yet."""
    rows = run(_OPEN.format(any_of=database.any_of), (database.many(delivery_ids),)).fetchall()
    return {delivery_id for (delivery_id,) in rows}


def end_claim(run: Run, claim_id: int) -> None:
    """Delete the row of a claim of which nothing is open."""
    run(_END, (claim_id,))


def release_claim(database: Database, run: Run, claim: ClaimRow, now: datetime) -> Released:
    """End a claim, whose row is locked: what was only claimed may be claimed again, what was handed over is unknown."""
    dates = decode_dates(run(_DATES, (claim.id,)).fetchall()[0][0]) if claim.in_flight else {}
    end_claim(run, claim.id)
    if dates:
        run(_KEEP_DATE, [(sent_at, delivery_id) for delivery_id, sent_at in dates.items()])
    at, any_of, many = database.moment(now), database.any_of, database.many
    unsent = open_ids(database, run, claim.delivery_ids) - claim.in_flight
    run(_REQUEUE.format(any_of=any_of), (at, many(unsent)))
    lost = run(_LOST.format(any_of=any_of), (at, many(claim.in_flight))).rowcount if claim.in_flight else 0
    return Released(len(unsent), lost)


# --- in transactions of everybody else ------------------------------------------------------------------------


def claims_of(connection: Connection, edition_id: str) -> Sequence[ClaimRow]:
    """The claims on an edition, each with those of its deliveries that are still open."""
    c, d = claims.c, deliveries.c
    query = select(c.id, c.owner, c.lease_until, c.held, c.under_way, c.step).where(c.edition_id == edition_id)
    rows = [
        ClaimRow(*row[:3], decode_ids(row.held), decode_ids(row.under_way), row.step)
        for row in connection.execute(query)
    ]
    still_open: set[int] = set()
    for part in chunks(delivery_id for claim in rows for delivery_id in claim.delivery_ids):
        still_open.update(connection.scalars(select(d.id).where(d.id.in_(part), d.state.in_(WAITING))))
    return [claim._replace(delivery_ids=claim.delivery_ids & still_open) for claim in rows]


def drop_settled(connection: Connection, edition_id: str) -> None:
    """Take deliveries that have a result out of the claims, so that any sender may claim them once planned again."""
    c = claims.c
    of_edition = select(c.id).where(c.edition_id == edition_id).order_by(c.id)
    connection.execute(of_edition.with_for_update())  # no results meanwhile
    for claim in claims_of(connection, edition_id):
        change = update(claims).where(c.id == claim.id)
        connection.execute(change.values(held=encode_ids(claim.delivery_ids), step=c.step + 1))


def claims_by_delivery(connection: Connection, edition_id: str) -> dict[int, ClaimRow]:
    """The claim that holds it, for each claimed delivery of an edition."""
    return {delivery_id: claim for claim in claims_of(connection, edition_id) for delivery_id in claim.delivery_ids}


def is_unclaimed(connection: Connection, edition_id: str) -> Any:
    """The condition for deliveries of an edition that no claim holds."""
    return deliveries.c.id.not_in(list(claims_by_delivery(connection, edition_id)))


def block_new_claims(connection: Connection, edition_id: str) -> None:
    """Keep senders from claiming until the transaction ends; SQLite has one writer at a time anyway."""
    connection.execute(select(editions.c.id).where(editions.c.id == edition_id).with_for_update(key_share=True))


def first_due(connection: Connection, edition_id: str) -> datetime | None:
    """The next moment at which an edition needs a sender: an unclaimed delivery is due, or a lease ends."""
    d, of_edition = deliveries.c, deliveries.c.edition_id == edition_id
    unclaimed = (of_edition, d.due_at.is_not(None), is_unclaimed(connection, edition_id))
    due = connection.scalar(select(d.due_at).where(*unclaimed).order_by(d.due_at).limit(1))
    edition = select(editions.c.reached, editions.c.send_at).where(editions.c.id == edition_id)
    reached, send_at = connection.execute(edition).one()
    queued = (of_edition, d.subscriber_id > reached, d.state == "planned", d.due_at.is_(None))
    has_queue = connection.scalar(select(d.id).where(*queued).order_by(d.subscriber_id).limit(1)) is not None
    lease_end = connection.scalar(select(func.min(claims.c.lease_until)).where(claims.c.edition_id == edition_id))
    return min(filter(None, (due, send_at if has_queue else None, lease_end)), default=None)
