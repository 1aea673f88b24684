"""Claims: who holds which deliveries of an edition, until when, and which of them may be on the wire.

A delivery's own row says how it stands in the long run: planned, deferred, accepted. What a sender has in hand for a
minute is one row of its own, so that taking a delivery and being about to send it cost nothing on the delivery itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from digest.deliver.delivery import DeliveryState
from digest.store.database import chunks
from digest.store.tables import claims, deliveries, editions

WAITING = ("planned", "deferred")
HELD = ("claimed", "handed_over")


class Claim(NamedTuple):
    """One sender's hold on deliveries of one edition, by their ids; `under_way` is a part of `held`.

    What came to its end stays in `held` until the sender claims again, and is nobody's: `claims_of` leaves it out.
    """

    id: int
    owner: str
    lease_until: datetime
    held: frozenset[int]
    under_way: frozenset[int]
    step: int

    def state_of(self, delivery_id: int) -> DeliveryState:
        """How a delivery that is held stands."""
        return "handed_over" if delivery_id in self.under_way else "claimed"


@dataclass(slots=True)
class Hand:
    """What a sender knows of its own claim as of `step`: what has no result yet, and what of that is under way."""

    epoch: int
    step: int = 0
    left: set[int] = field(default_factory=set)
    under_way: set[int] = field(default_factory=set)


def numbers(text: str) -> frozenset[int]:
    """The ids in a JSON list."""
    return frozenset(json.loads(text))


_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def listed(ids: Iterable[int]) -> str:
    """Ids as a JSON list, the same for the same ids."""
    return _ENCODE(sorted(ids))


def claims_of(connection: Connection, edition_id: str) -> Sequence[Claim]:
    """Everybody who holds something of an edition, with what is still open of it."""
    c, d = claims.c, deliveries.c
    query = select(c.id, c.owner, c.lease_until, c.held, c.under_way, c.step).where(c.edition_id == edition_id)
    found = [Claim(*row[:3], numbers(row.held), numbers(row.under_way), row.step) for row in connection.execute(query)]
    still_open: set[int] = set()
    for part in chunks(number for claim in found for number in claim.held):
        still_open.update(connection.scalars(select(d.id).where(d.id.in_(part), d.state.in_(WAITING))))
    return [claim._replace(held=claim.held & still_open) for claim in found]


def tidy(connection: Connection, edition_id: str) -> None:
    """Take out of the claims what came to its end, before any of it is planned once more: then it is anybody's."""
    c = claims.c
    mine = select(c.id).where(c.edition_id == edition_id).order_by(c.id)
    connection.execute(mine.with_for_update())  # no results meanwhile
    for claim in claims_of(connection, edition_id):
        change = update(claims).where(c.id == claim.id)
        connection.execute(change.values(held=listed(claim.held), step=c.step + 1))


def holders_of(connection: Connection, edition_id: str) -> dict[int, Claim]:
    """The claim that holds it, for each delivery of an edition that is held."""
    return {number: claim for claim in claims_of(connection, edition_id) for number in claim.held}


def nobodys(connection: Connection, edition_id: str) -> Any:
    """The condition for deliveries of an edition that nobody holds."""
    return deliveries.c.id.not_in(list(holders_of(connection, edition_id)))


def no_new_claims(connection: Connection, edition_id: str) -> None:
    """Keep senders from claiming until the transaction ends; SQLite has one writer at a time anyway."""
    connection.execute(select(editions.c.id).where(editions.c.id == edition_id).with_for_update(key_share=True))


def first_due(connection: Connection, edition_id: str) -> datetime | None:
    """When somebody must look at an edition next: a delivery that nobody holds is due, or a lease is over."""
    d, mine = deliveries.c, deliveries.c.edition_id == edition_id
    free = (mine, d.due_at.is_not(None), nobodys(connection, edition_id))
    due = connection.scalar(select(d.due_at).where(*free).order_by(d.due_at).limit(1))
    edition = select(editions.c.reached, editions.c.send_at).where(editions.c.id == edition_id)
    reached, begins = connection.execute(edition).one()
    line = (mine, d.subscriber_id > reached, d.state == "planned", d.due_at.is_(None))
    waits = connection.scalar(select(d.id).where(*line).order_by(d.subscriber_id).limit(1)) is not None
    over = connection.scalar(select(func.min(claims.c.lease_until)).where(claims.c.edition_id == edition_id))
    return min(filter(None, (due, begins if waits else None, over)), default=None)
