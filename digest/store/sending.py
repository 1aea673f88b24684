"""The sender's way through the deliveries: take some, say what is about to happen, say what came of it.

A sender has one claim on an edition (`claims`), with a lease. Its number is the epoch: whoever writes must name the
claim that holds the row, so a sender that slept past its lease and was replaced changes nothing. A delivery itself is
written once a message, with its result.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from digest.deliver.delivery import Delivery
from digest.store.claims import Claim, listed, numbers
from digest.store.database import Area, Database, Run
from digest.store.records import DeliveryResult, Released, Turn
from digest.store.tables import claims
from digest.store.types import storable

PAUSED_KEY = "sending paused"
WAITING = ("planned", "deferred")
HELD = ("claimed", "handed_over")
#: A result in one of these says that a server was asked.
_TRIED = ("accepted", "deferred", "refused", "unknown")

_GOING = """
SELECT reached, send_at FROM editions
WHERE id = ? AND state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
"""
_CLAIMS = "SELECT id, owner, lease_until, held, under_way FROM claims"
_ROW = "SELECT id, subscriber_id, address, variant, reason, attempts, not_before FROM deliveries WHERE edition_id = ?"
_DUE = f"""
{_ROW} AND due_at <= ? AND state IN ('planned', 'deferred') AND NOT id {{any_of}} ORDER BY due_at, id LIMIT ?
"""
_LINE = f"{_ROW} AND subscriber_id > ? AND state = 'planned' AND due_at IS NULL ORDER BY subscriber_id LIMIT ?"
_REACHED = "UPDATE editions SET reached = ? WHERE id = ?"
#: Who was in line when somebody claimed and was not sent to stands behind it from then on.
_STEP_OUT = "UPDATE deliveries SET due_at = ? WHERE id {any_of} AND state = 'planned' AND due_at IS NULL"
_TAKE = "INSERT INTO claims (edition_id, owner, lease_until, held, under_way) VALUES (?, ?, ?, ?, '[]') RETURNING id"
_HOLD = "UPDATE claims SET lease_until = ?, held = ? WHERE id = ?"
_LOOK = """
SELECT c.lease_until, c.held, c.under_way, e.newsletter,
  e.state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
FROM claims c JOIN editions e ON e.id = c.edition_id WHERE c.id = ? AND c.owner = ?
"""
_KEEP = "UPDATE claims SET held = ?, under_way = ? WHERE id = ?"
_END = "DELETE FROM claims WHERE id = ?"
_RECORD = (
    "UPDATE deliveries SET state = ?, reason = ?, due_at = ?, attempts = attempts + ?, updated_at = ? WHERE id = ?"
)
#: What nearly every message comes to, many at once. SQLite takes one JSON object, PostgreSQL two arrays.
_ACCEPTED = """
UPDATE deliveries SET state = 'accepted', reason = said.value, due_at = NULL, attempts = attempts + 1, updated_at = ?
FROM {said} WHERE deliveries.id = CAST(said.key AS BIGINT)
"""
_LOST = """
UPDATE deliveries SET state = 'unknown', reason = 'the sender stopped before the server''s answer was recorded',
  due_at = NULL, attempts = attempts + 1, updated_at = ?
WHERE id {any_of}
"""
_WANTED = """
SELECT s.subscriber_id FROM subscriptions s JOIN subscribers p ON p.id = s.subscriber_id
WHERE s.subscriber_id {any_of} AND s.newsletter = ? AND s.state = 'confirmed'
  AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = p.address_hash)
"""


#: By all that is written here there is none: but a row that is in no line, no index and no hand would be lost for ever.
_STRAYS = """
UPDATE deliveries SET due_at = ? WHERE edition_id = ? AND subscriber_id <= ? AND state IN ('planned', 'deferred')
  AND due_at IS NULL AND NOT id {any_of}
"""


class Sending(Area):
    """What a sender asks of the store, many rows at a time: a durable commit costs as much as a hundred of them."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._written = ("[]", frozenset[int]())  # what a turn wrote last need not be read again by the next

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
            if mine and run(_HOLD, (until, listed([*mine.held, *fresh]), mine.id)).rowcount:
                epoch = mine.id
            else:
                ((epoch,),) = run(_TAKE, (edition_id, owner, until, listed(fresh))).fetchall()
        return self._claimed(rows, edition_id, owner, epoch, (now, now + lease))

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
        taken, mine = frozenset[int](), None
        for claim in self._claims(run, "edition_id = ?", (edition_id,)):
            if claim.owner != owner:
                taken |= claim.held
            elif claim.lease_until > now:
                mine = claim
            else:
                self._release(run, claim, now)
        return taken, mine

    def turn(
        self,
        epoch: int,
        owner: str,
        results: Sequence[DeliveryResult] = (),
        intents: Collection[Delivery] = (),
        *,
        now: datetime,
    ) -> Turn:
        """What a sender does between two bursts, in one durable commit: write what came of deliveries of its claim, and
        mark others as about to be handed over: send those that are `ours` (ids), no others.

        `planned` gives a row back unsent; `deferred` needs `next_attempt`. Readers who left or were suppressed by this
        moment are `unwanted` and not marked. Whatever is not held by this claim, or no longer, is left alone. Said once
        more, after a commit whose answer was lost, it changes nothing.
        """
        with self._database.quick() as run:
            found = run(_LOOK + self._locking("UPDATE OF c"), (PAUSED_KEY, epoch, owner)).fetchall()
            if not found:
                return Turn()
            ((lease_until, held_text, under_way_text, newsletter, going),) = found
            known_text, held = self._written
            if held_text != known_text:
                held = numbers(held_text)
            before = numbers(under_way_text)
            known = [result for result in results if result.id in held]
            self._record(run, known, now)
            answered = {result.id for result in known}
            left = held - answered
            asked = {}
            if lease_until > self._database.moment(now):
                asked = {delivery.subscriber_id: delivery.id for delivery in intents if delivery.id in left}
            wanted = self._wanted(run, asked, newsletter) if going and asked else frozenset[int]()
            if left:
                left_text = listed(left)
                run(_KEEP, (left_text, listed((before - answered) | wanted), epoch))
                self._written = (left_text, left)
            else:
                run(_END, (epoch,))
        unwanted = frozenset(asked.values()) - wanted if going else frozenset[int]()
        return Turn(len(known), wanted, unwanted, not going and bool(intents))

    def _record(self, run: Run, results: Sequence[DeliveryResult], now: datetime) -> None:
        at, moment = self._database.moment(now), self._database.moment
        accepted = {result.id: _clean(result.reason) for result in results if result.state == "accepted"}
        if accepted:
            if self._database.is_sqlite:
                run(_ACCEPTED.format(said="json_each(?) AS said"), (at, json.dumps(accepted)))
            else:
                said = "unnest(?::bigint[], ?::text[]) AS said (key, value)"
                run(_ACCEPTED.format(said=said), (at, list(accepted), list(accepted.values())))
        rows = [
            (
                state,
                _clean(reason),
                at if state == "planned" else moment(later or now) if state == "deferred" else None,
                1 if state in _TRIED else 0,
                at,
                number,
            )
            for number, state, reason, later in results
            if state != "accepted"
        ]
        if rows:
            run(_RECORD, rows)

    def _wanted(self, run: Run, asked: Mapping[int, int], newsletter: str) -> frozenset[int]:
        """The deliveries whose readers, at this moment, are confirmed for the newsletter and not suppressed."""
        sql = _WANTED.format(any_of=self._database.any_of)
        found = run(sql, (self._database.many(asked), newsletter)).fetchall()
        return frozenset([asked[person] for (person,) in found])

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
            for claim in self._claims(run, condition + self._locking("UPDATE"), (value,)):
                self._release(run, claim, now)
                planned += len(claim.held - claim.under_way)
                unknown += len(claim.under_way)
        return Released(planned, unknown)

    def _release(self, run: Run, claim: Claim, now: datetime) -> None:
        """End a claim, unless somebody else just did: then what it held may be in other hands already."""
        if not run(_END, (claim.id,)).rowcount:
            return
        at, any_of, many = self._database.moment(now), self._database.any_of, self._database.many
        run(_STEP_OUT.format(any_of=any_of), (at, many(claim.held - claim.under_way)))
        if claim.under_way:
            run(_LOST.format(any_of=any_of), (at, many(claim.under_way)))

    def _claims(self, run: Run, condition: str, values: tuple[Any, ...]) -> list[Claim]:
        claimed = []
        for number, owner, until, held, under_way in run(f"{_CLAIMS} WHERE {condition}", values).fetchall():
            lease_until = self._database.instant(until)
            assert lease_until is not None
            claimed.append(Claim(number, owner, lease_until, numbers(held), numbers(under_way)))
        return claimed

    def _locking(self, how: str) -> str:
        """Keep other transactions off the rows that are read; SQLite has one writer at a time anyway."""
        return "" if self._database.is_sqlite else f" FOR {how}"

    def holders(self) -> set[str]:
        """The owners of everything that is claimed or handed over at this moment."""
        with self._database.read() as connection:
            return set(connection.scalars(select(claims.c.owner).distinct()))


def _clean(reason: str) -> str:
    return reason if reason.isascii() and "\0" not in reason else storable(reason)
