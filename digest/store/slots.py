"""Slots: who composes the edition of a slot, decided by one unique row, and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, and_, select, update

from digest.store.database import Area, Database
from digest.store.leases import SLOT_LEASE, IsGone, nobody_is_gone
from digest.store.tables import slots

SlotOutcome = Literal["", "composed", "skipped"]


class SlotRecord(NamedTuple):
    """A claimed or decided slot; `slot` is local time as in `Edition.slot`.

    `outcome` is "" while somebody works on it, and then `reason` names the owner of that work.
    """

    newsletter: str
    slot: str
    claimed_at: datetime
    outcome: str
    reason: str
    edition_id: str
    decided_at: datetime | None


class Slots(Area):
    """The slots of every newsletter that were claimed or decided."""

    def claim(
        self,
        newsletter: str,
        slot: str,
        now: datetime,
        *,
        lease: timedelta = SLOT_LEASE,
        owner: str = "",
        is_gone: IsGone = nobody_is_gone,
        then: Callable[[Any], None] | None = None,
    ) -> bool:
        """True for exactly one of all callers that claim this slot (local time as in `Edition.slot`).

        A claim whose owner died leaves no outcome. The next caller takes it over after `lease`, or at once when
        `is_gone` knows that the owner has ended or the caller is that very `owner`, who would not call if its work went
        on: a program that is restarted minutes before its sending time must not wait for a lease. The edition's id is
        unique too, so even an owner that wakes up again cannot create a second edition. `then` gets the driver's own
        connection and runs in the transaction of the claim: a job it puts there is there exactly if we won.
        """
        row = {"newsletter": newsletter, "slot": slot, "claimed_at": now, "outcome": "", "reason": owner}
        undecided = and_(slots.c.newsletter == newsletter, slots.c.slot == slot, slots.c.outcome == "")
        with self._database.write() as connection:
            insert = self._database.insert_ignore(slots, ["newsletter", "slot"])
            won = connection.execute(insert, {**row, "edition_id": ""}).rowcount == 1
            holder = None if won else connection.scalar(select(slots.c.reason).where(undecided).with_for_update())
            if holder is not None:
                gone = bool(holder) and (holder == owner or is_gone(holder))
                stale = undecided if gone else and_(undecided, slots.c.claimed_at <= now - lease)
                takeover = update(slots).where(stale).values(claimed_at=now, reason=owner)
                won = connection.execute(takeover).rowcount == 1
            if won and then is not None:
                then(connection.connection.driver_connection)
            return won

    def decide(
        self, newsletter: str, slot: str, outcome: SlotOutcome, reason: str = "", *, now: datetime, edition_id: str = ""
    ) -> None:
        """Store the outcome of a slot, whether it was claimed before or not (downtime skips whole slots).

        `Editions.create` does this by itself for its edition.
        """
        with self._database.write() as connection:
            row = {"newsletter": newsletter, "slot": slot, "outcome": outcome, "reason": reason}
            decide_slot(self._database, connection, {**row, "edition_id": edition_id}, now)

    def of(self, newsletter: str, since: str = "") -> Sequence[SlotRecord]:
        """The claimed or decided slots of a newsletter from local time `since` on, in order."""
        query = select(slots).where(slots.c.newsletter == newsletter, slots.c.slot >= since).order_by(slots.c.slot)
        with self._database.read() as connection:
            return [SlotRecord(*row) for row in connection.execute(query)]


def decide_slot(database: Database, connection: Connection, row: dict[str, Any], now: datetime) -> None:
    """Store the outcome of a slot in a transaction under way."""
    upsert = database.upsert(
        slots,
        ["newsletter", "slot"],
        lambda new: {name: new[name] for name in ("outcome", "reason", "edition_id", "decided_at")},
    )
    connection.execute(upsert, {**row, "claimed_at": now, "decided_at": now})
