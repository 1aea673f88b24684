"""Slots: who makes the edition of a slot, decided by one unique row, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, select, update

from digest.store.database import Area
from digest.store.records import IsGone, Slot, SlotOutcome, nobody_is_gone
from digest.store.tables import slots

#: How long a claimed slot may stay without an edition before another scheduler takes it over.
SLOT_LEASE = timedelta(minutes=15)


class Slots(Area):
    """The slots of every newsletter that anybody took."""

    def claim_slot(
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
        """True for exactly one of all who ask for this slot (local time as in `Edition.slot`).

        A claim whose owner died leaves no outcome; after `lease` the next one to ask takes it over, and at once when
        `is_gone` knows that the owner has ended, or was that very `owner` (who would not ask, were the work going on):
        a program that is started again minutes before its sending time must not wait for a lease. The edition's id is
        unique too, so even an owner who wakes up again cannot make a second edition. `then` gets the driver's own
        connection and runs in the transaction of the claim: a job it puts there is there exactly if we won.
        """
        row = {"newsletter": newsletter, "slot": slot, "claimed_at": now, "outcome": "", "reason": owner}
        open_ = and_(slots.c.newsletter == newsletter, slots.c.slot == slot, slots.c.outcome == "")
        with self._database.write() as connection:
            insert = self._database.insert_ignore(slots, ["newsletter", "slot"])
            won = connection.execute(insert, {**row, "edition_id": ""}).rowcount == 1
            holder = None if won else connection.scalar(select(slots.c.reason).where(open_).with_for_update())
            if holder is not None:
                gone = bool(holder) and (holder == owner or is_gone(holder))
                stale = open_ if gone else and_(open_, slots.c.claimed_at <= now - lease)
                taken = update(slots).where(stale).values(claimed_at=now, reason=owner)
                won = connection.execute(taken).rowcount == 1
            if won and then is not None:
                then(connection.connection.driver_connection)
            return won

    def decide_slot(
        self, newsletter: str, slot: str, outcome: SlotOutcome, reason: str = "", *, now: datetime, edition_id: str = ""
    ) -> None:
        """Write down what became of a slot, whether anybody claimed it before or not (downtime skips whole slots).

        `create` does this by itself for its edition.
        """
        with self._database.write() as connection:
            row = {"newsletter": newsletter, "slot": slot, "outcome": outcome, "reason": reason}
            self._decide(connection, {**row, "edition_id": edition_id}, now)

    def _decide(self, connection: Connection, row: dict[str, Any], now: datetime) -> None:
        upsert = self._database.upsert(
            slots,
            ["newsletter", "slot"],
            lambda new: {name: new[name] for name in ("outcome", "reason", "edition_id", "decided_at")},
        )
        connection.execute(upsert, {**row, "claimed_at": now, "decided_at": now})

    def slots(self, newsletter: str, since: str = "") -> Sequence[Slot]:
        """The slots of a newsletter that anybody took, from local time `since` on, in order."""
        query = select(slots).where(slots.c.newsletter == newsletter, slots.c.slot >= since).order_by(slots.c.slot)
        with self._database.read() as connection:
            return [Slot(*row) for row in connection.execute(query)]
