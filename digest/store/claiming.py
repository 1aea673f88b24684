"""Claiming: who may send what. A sender has one claim on an edition, with a lease; its number is the epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from digest.deliver.delivery import Delivery
from digest.store.claims import Claim, Hand, listed, numbers
from digest.store.database import Area, Database, Run
from digest.store.records import Released
from digest.store.tables import claims

PAUSED_KEY = "sending paused"
END_CLAIM = "DELETE FROM claims WHERE id = ?"

_GOING = """
SELECT reached, send_at FROM editions
WHERE id = ? AND state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
"""
_CLAIMS = "SELECT id, owner, lease_until, held, under_way, step FROM claims"
_ROW = "SELECT id, subscriber_id, address, variant, reason, attempts, not_before FROM deliveries WHERE edition_id = ?"
_DUE = f"""
{_ROW} AND due_at <= ? AND state IN ('planned', 'deferred') AND NOT id {{any_of}} ORDER BY due_at, id LIMIT ?
"""
_LINE = f"{_ROW} AND subscriber_id > ? AND state = 'planned' AND due_at IS NULL ORDER BY subscriber_id LIMIT ?"
_REACHED = "UPDATE editions SET reached = ? WHERE id = ?"
#: Who was in line when somebody claimed and was not sent to stands behind it from then on.
_STEP_OUT = "UPDATE deliveries SET due_at = ? WHERE id {any_of} AND state = 'planned' AND due_at IS NULL"
_TAKE = "INSERT INTO claims (edition_id, owner, lease_until, held, under_way) VALUES (?, ?, ?, ?, '[]') RETURNING id"
_HOLD = "UPDATE claims SET lease_until = ?, held = ?, step = step + 1 WHERE id = ?"
_HELD = "SELECT held, under_way FROM claims WHERE id = ?"
_OPEN = "SELECT id FROM deliveries WHERE id {any_of} AND state IN ('planned', 'deferred')"
_LOST = """
UPDATE deliveries SET state = 'unknown', reason = 'the sender stopped before the server''s answer was recorded',
  due_at = NULL, attempts = attempts + 1, updated_at = ?
WHERE id {any_of} AND state IN ('planned', 'deferred')
"""
#: By all that is written here there is none: but a row that is in no line, no index and no hand would be lost for ever.
_STRAYS = """
UPDATE deliveries SET due_at = ? WHERE edition_id = ? AND subscriber_id <= ? AND state IN ('planned', 'deferred')
  AND due_at IS NULL AND NOT id {any_of}
"""


class Claiming(Area):
    """Take deliveries, hold on to them, and end claims that are over."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._hand: Hand | None = None  # what the last turn or claim knew, so that the next need not read it

    def claim(self, edition_id: str, owner: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
        """Take up to `limit` deliveries that are due; for `lease` nobody else gets them, nor what `owner` held before.

        Only from an edition that is `sending`, and nothing while sending is paused: so pausing stops every sender at
        its next claim. The claim's number is the `epoch` of each.
        """
        at, until = self._database.moment(now), self._database.moment(now + lease)
        with self._database.quick() as run:
            # On a server the lock on the edition's row keeps those apart who claim at one moment.
            going = run(_GOING + self._locking("NO KEY UPDATE"), (edition_id, PAUSED_KEY)).fetchall()
            if not going:
                return []
            others, mine = self._others(run, edition_id, owner, now)
            ((reached, begins),) = going
            held = self._database.many(others.union(mine.held if mine else ()))
            rows = self._put_off(run, edition_id, at, held, limit)
            if len(rows) < limit and begins <= at:
                rows += self._line(run, edition_id, reached, limit - len(rows))
            if not rows:
                run(_STRAYS.format(any_of=self._database.any_of), (at, edition_id, reached, held))
                rows = self._put_off(run, edition_id, at, held, limit)
            if not rows:
                return []
            fresh = [row[0] for row in rows]
            if mine:
                hand = self._at_hand(run, mine.id, mine.step)
                run(_HOLD, (until, listed(hand.left.union(fresh)), mine.id))
                hand.step += 1
            else:
                ((epoch,),) = run(_TAKE, (edition_id, owner, until, listed(fresh))).fetchall()
                hand = Hand(epoch)
        hand.left.update(fresh)
        self._hand = hand
        return self._claimed(rows, edition_id, owner, hand.epoch, (now, now + lease))

    def _put_off(self, run: Run, edition_id: str, at: Any, held: Any, limit: int) -> list[Any]:
        """Who was put off, until now at the latest."""
        rows: list[Any] = run(_DUE.format(any_of=self._database.any_of), (edition_id, at, held, limit)).fetchall()
        return rows

    def _line(self, run: Run, edition_id: str, reached: int, limit: int) -> list[Any]:
        """Who stands in line, which moves up."""
        rows: list[Any] = run(_LINE, (edition_id, reached, limit)).fetchall()
        if rows:
            run(_REACHED, (rows[-1][1], edition_id))
        return rows

    def _claimed(
        self, rows: Sequence[Any], edition_id: str, owner: str, epoch: int, span: tuple[datetime, datetime]
    ) -> Sequence[Delivery]:
        now, until = span
        moments = {begins: self._database.instant(begins) for begins in {row[-1] for row in rows}}  # few, of many rows
        return [
            Delivery(
                edition_id,
                person,
                to,
                variant,
                "claimed",
                said,
                tries,
                epoch,
                owner,
                until,
                moments[start],
                None,
                now,
                row,
            )
            for row, person, to, variant, said, tries, start in rows
        ]

    def _others(self, run: Run, edition_id: str, owner: str, now: datetime) -> tuple[frozenset[int], Claim | None]:
        """What other senders hold of an edition, and the owner's own claim; one whose lease is over is ended."""
        mine = None
        for claim in self._claims(run, "edition_id = ? AND owner = ?" + self._locking("UPDATE"), (edition_id, owner)):
            if claim.lease_until > now:
                mine = claim
            else:
                self._release(run, claim, now)
        others = self._claims(run, "edition_id = ? AND owner <> ?", (edition_id, owner))
        return frozenset[int]().union(*(claim.held for claim in others)), mine

    def _at_hand(self, run: Run, epoch: int, step: int) -> Hand:
        """What the sender of a claim has; known from its last step, unless another was committed since.

        Forgotten until this step is committed too: then the next reads what was.
        """
        hand, self._hand = self._hand, None
        if hand is not None and (hand.epoch, hand.step) == (epoch, step):
            return hand
        ((held, under_way),) = run(_HELD, (epoch,)).fetchall()
        return Hand(epoch, step, self._open(run, numbers(held)), set(numbers(under_way)))

    def _open(self, run: Run, held: Iterable[int]) -> set[int]:
        """Those of what a claim holds that have no result yet."""
        found = run(_OPEN.format(any_of=self._database.any_of), (self._database.many(held),)).fetchall()
        return {number for (number,) in found}

    def renew(self, epoch: int, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Hold on to a claim for another `lease`; False when it is no longer ours, or its lease is over."""
        c = claims.c
        with self._database.write() as connection:
            mine = update(claims).where(c.id == epoch, c.owner == owner, c.lease_until > now)
            return connection.execute(mine.values(lease_until=now + lease)).rowcount == 1

    def release_expired(self, *, now: datetime, owner: str | None = None) -> Released:
        """End the claims whose lease is over, or all of `owner`'s when named (our own, left by a crash).

        What was only claimed is free again; of a hand-over nobody will ever know the answer: unknown.
        """
        planned = unknown = 0
        condition, value = ("lease_until <= ?", self._database.moment(now)) if owner is None else ("owner = ?", owner)
        with self._database.quick() as run:
            for claim in self._claims(run, f"{condition} ORDER BY id" + self._locking("UPDATE"), (value,)):
                ended = self._release(run, claim, now)
                planned, unknown = planned + ended.planned, unknown + ended.unknown
        return Released(planned, unknown)

    def _release(self, run: Run, claim: Claim, now: datetime) -> Released:
        """End a claim, which is locked."""
        run(END_CLAIM, (claim.id,))
        at, any_of, many = self._database.moment(now), self._database.any_of, self._database.many
        free = self._open(run, claim.held) - claim.under_way
        run(_STEP_OUT.format(any_of=any_of), (at, many(free)))
        lost = run(_LOST.format(any_of=any_of), (at, many(claim.under_way))).rowcount if claim.under_way else 0
        return Released(len(free), lost)

    def _claims(self, run: Run, condition: str, values: tuple[Any, ...]) -> list[Claim]:
        claimed = []
        for number, owner, until, held, under_way, step in run(f"{_CLAIMS} WHERE {condition}", values).fetchall():
            lease_until = self._database.instant(until)
            assert lease_until is not None
            claimed.append(Claim(number, owner, lease_until, numbers(held), numbers(under_way), step))
        return claimed

    def _locking(self, how: str) -> str:
        """Keep other transactions off the rows that are read; SQLite has one writer at a time anyway."""
        return "" if self._database.is_sqlite else f" FOR {how}"

    def holders(self) -> set[str]:
        """The owners of everything that is claimed or handed over at this moment."""
        with self._database.read() as connection:
            return set(connection.scalars(select(claims.c.owner).distinct()))
