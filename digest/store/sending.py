"""The sender's way through the deliveries: take some, say what is about to happen, say what came of it.

A row is held by one owner at a time. A claim raises its `epoch`; whoever writes a result must still be the owner in
that epoch, so a sender that slept past its lease changes nothing. `due_at` is the only thing the index holds: while a
row waits it is when to send it, while it is held it is the end of its lease, and at an end it is NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from sqlalchemy import and_, null, select, update

from digest.deliver.delivery import Delivery
from digest.store.database import Area, Run, chunks
from digest.store.records import DeliveryResult, Released, Turn
from digest.store.tables import deliveries
from digest.store.types import storable

PAUSED_KEY = "sending paused"
WAITING = ("planned", "deferred")
HELD = ("claimed", "handed_over")
#: A result in one of these says that a server was asked.
_TRIED = ("accepted", "deferred", "refused", "unknown")
_D = deliveries.c

_CLAIM = """
WITH due AS (
  SELECT d.id FROM deliveries d
  WHERE d.state IN ('planned', 'deferred') AND d.due_at <= ? AND {edition}
    AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
  ORDER BY d.due_at, d.id LIMIT ? {lock})
UPDATE deliveries SET state = 'claimed', owner = ?, due_at = ?, epoch = epoch + 1, updated_at = ?
WHERE id IN (SELECT id FROM due)
RETURNING edition_id, subscriber_id, address, variant, reason, attempts, epoch, not_before
"""
_ANY = "d.edition_id IN (SELECT id FROM editions WHERE state = 'sending')"
_ONE = "d.edition_id = ? AND EXISTS (SELECT 1 FROM editions e WHERE e.id = d.edition_id AND e.state = 'sending')"
_RECORD = """
UPDATE deliveries
SET state = ?, reason = ?, due_at = ?, attempts = attempts + ?, updated_at = ?, owner = ''
WHERE edition_id = ? AND subscriber_id = ? AND epoch = ? AND owner = ? AND state IN ('claimed', 'handed_over')
"""
# What is marked already and still ours is marked again: the first commit's answer may have been lost on its way here.
# IS TRUE: else SQLite goes through the index on due_at, past all open rows of the edition, for each handful.
_MARK = """
UPDATE deliveries SET state = 'handed_over', updated_at = ?
WHERE edition_id = ? AND subscriber_id IN ({numbers})
  AND owner = ? AND epoch = ? AND state IN ('claimed', 'handed_over') AND (due_at > ?) IS TRUE
  AND {going} {wanted}
RETURNING subscriber_id
"""
_GOING = """
  EXISTS (SELECT 1 FROM editions e WHERE e.id = ? AND e.state = 'sending')
  AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
"""
_WANTED = """
  AND EXISTS (
    SELECT 1 FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
    WHERE s.subscriber_id = deliveries.subscriber_id AND s.state = 'confirmed'
      AND s.newsletter = (SELECT e.newsletter FROM editions e WHERE e.id = deliveries.edition_id)
      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = p.address_hash))
"""
_STILL = "SELECT subscriber_id FROM deliveries WHERE edition_id = ? AND subscriber_id IN ({numbers}) {wanted}"


class Sending(Area):
    """What a sender asks of the store, many rows at a time: a durable commit costs as much as a thousand of them."""

    def claim(
        self, edition_id: str | None, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Delivery]:
        """Take up to `limit` deliveries that are due, for `lease`; nobody else gets them meanwhile.

        Only from editions that are `sending`, and nothing while sending is paused: so pausing stops every sender at
        its next claim. None claims from any edition. The claim raises each row's epoch.
        """
        # A CTE: PostgreSQL may run a subquery with LIMIT again and again, and then takes more than asked for.
        lock = "" if self._database.is_sqlite else "FOR UPDATE OF d SKIP LOCKED"
        sql = _CLAIM.format(edition=_ANY if edition_id is None else _ONE, lock=lock)
        at, until = self._database.moment(now), now + lease
        mine = () if edition_id is None else (edition_id,)
        with self._database.quick() as run:
            rows = run(sql, (at, *mine, PAUSED_KEY, limit, owner, self._database.moment(until), at)).fetchall()
        moments = {not_before: self._database.instant(not_before) for *_, not_before in rows}
        rows.sort(key=itemgetter(0, 1))
        return [
            Delivery(e, s, address, variant, "claimed", reason, tries, epoch, owner, until, moments[start], None, now)
            for e, s, address, variant, reason, tries, epoch, start in rows
        ]

    def turn(
        self, results: Iterable[DeliveryResult], intents: Iterable[Delivery], owner: str, *, now: datetime
    ) -> Turn:
        """What a sender does between two bursts, in one durable commit: `record` results, then `mark_handed_over`.

        Of the intents, those not wanted any more (see `still_wanted`, asked in the same transaction) are not marked.
        """
        rows, going = list(results), list(intents)
        with self._database.quick() as run:
            written = self._record(run, rows, owner, now)
            ours = self._mark(run, going, now, wanted=True)
            unwanted: set[tuple[str, int]] = set()
            halted = False
            if len(ours) != len(going):
                for edition_id, numbers in _by_edition(going).items():
                    halted |= not run(f"SELECT 1 WHERE {_GOING}", (edition_id, PAUSED_KEY)).fetchall()
                    rest = {number for number in numbers if (edition_id, number) not in ours}
                    unwanted.update((edition_id, number) for number in rest - _still_wanted(run, edition_id, rest))
        return Turn(written, ours, unwanted, halted)

    def mark_handed_over(self, claimed: Iterable[Delivery], *, now: datetime) -> set[tuple[str, int]]:
        """Commit the intent to hand these messages over, just before their DATA.

        Returns the (edition, subscriber) pairs that are still ours in this epoch and lease: send these, no others.
        """
        with self._database.quick() as run:
            return self._mark(run, claimed, now, wanted=False)

    def record(self, results: Iterable[DeliveryResult], owner: str, *, now: datetime) -> int:
        """Write what became of claimed deliveries; returns how many of them were still `owner`'s in that epoch.

        `planned` gives a row back unsent; `deferred` needs `next_attempt`.
        """
        with self._database.quick() as run:
            return self._record(run, results, owner, now)

    def _record(self, run: Run, results: Iterable[DeliveryResult], owner: str, now: datetime) -> int:
        at, moment = self._database.moment(now), self._database.moment
        rows = [
            (
                state,
                reason if reason.isascii() else storable(reason),
                at if state == "planned" else moment(later or now) if state == "deferred" else None,
                1 if state in _TRIED else 0,
                at,
                edition_id,
                number,
                epoch,
                owner,
            )
            for edition_id, number, epoch, state, reason, later in results
        ]
        return int(run(_RECORD, rows).rowcount) if rows else 0

    def _mark(self, run: Run, claimed: Iterable[Delivery], now: datetime, *, wanted: bool) -> set[tuple[str, int]]:
        groups: dict[tuple[str, str, int], list[int]] = {}
        for delivery in claimed:
            key = (delivery.edition_id, delivery.owner, delivery.epoch)
            groups.setdefault(key, []).append(delivery.subscriber_id)
        at = self._database.moment(now)
        ours: set[tuple[str, int]] = set()
        for (edition_id, owner, epoch), numbers in groups.items():
            for part in chunks(numbers):
                numbered = ",".join("?" * len(part))
                sql = _MARK.format(going=_GOING, wanted=_WANTED if wanted else "", numbers=numbered)
                row = (at, edition_id, *part, owner, epoch, at, edition_id, PAUSED_KEY)
                ours.update([(edition_id, found[0]) for found in run(sql, row).fetchall()])
        return ours

    def renew(self, claimed: Iterable[Delivery], owner: str, *, now: datetime, lease: timedelta) -> int:
        """Hold on to deliveries that are still ours for another `lease`; returns how many those are."""
        held = 0
        with self._database.write() as connection:
            for edition_id, numbers in _by_edition(claimed).items():
                for part in chunks(numbers):
                    mine = (_D.edition_id == edition_id, _D.subscriber_id.in_(part), _D.owner == owner)
                    change = update(deliveries).where(*mine, _D.state.in_(HELD), _D.due_at > now)
                    held += connection.execute(change.values(due_at=now + lease)).rowcount
        return held

    def release_expired(self, *, now: datetime, owner: str | None = None) -> Released:
        """End the claims whose lease is over, or all of `owner`'s when named (our own, left by a crash).

        Claimed goes back to planned; of a hand-over nobody will ever know the answer: unknown.
        """
        over = and_(_D.due_at.is_not(None), _D.due_at <= now if owner is None else _D.owner == owner)
        back = update(deliveries).where(over, _D.state == "claimed")
        back = back.values(state="planned", owner="", due_at=now, updated_at=now)
        lost = update(deliveries).where(over, _D.state == "handed_over")
        lost = lost.values(
            state="unknown",
            reason="the sender stopped before the server's answer was recorded",
            attempts=_D.attempts + 1,
            owner="",
            due_at=null(),
            updated_at=now,
        )
        with self._database.write() as connection:
            return Released(connection.execute(back).rowcount, connection.execute(lost).rowcount)

    def holders(self) -> set[str]:
        """The owners of everything that is claimed or handed over at this moment."""
        query = select(_D.owner).distinct().where(_D.due_at.is_not(None), _D.state.in_(HELD))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def still_wanted(self, edition_id: str, subscriber_ids: Iterable[int]) -> set[int]:
        """Those of its readers who, at this moment, are confirmed for the edition's newsletter and not suppressed."""
        with self._database.quick() as run:
            return _still_wanted(run, edition_id, subscriber_ids)


def _still_wanted(run: Run, edition_id: str, subscriber_ids: Iterable[int]) -> set[int]:
    wanted: set[int] = set()
    for part in chunks(subscriber_ids):
        sql = _STILL.format(wanted=_WANTED, numbers=",".join("?" * len(part)))
        wanted.update(number for (number,) in run(sql, (edition_id, *part)).fetchall())
    return wanted


def _by_edition(rows: Iterable[Delivery]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for delivery in rows:
        groups.setdefault(delivery.edition_id, []).append(delivery.subscriber_id)
    return groups
