"""The sender's way through the deliveries: take some, say what is about to happen, say what came of it.

A sender has one claim on an edition (`claims`), with a lease. Its number is the epoch: whoever writes must name the
claim that holds the row, so a sender that slept past its lease and was replaced changes nothing. A delivery itself is
written once a message, with its result.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from digest.deliver.delivery import Delivery
from digest.store.claiming import END_CLAIM, PAUSED_KEY, Claiming
from digest.store.claims import WAITING, listed
from digest.store.database import Run
from digest.store.records import DeliveryResult, Turn
from digest.store.types import storable

#: A result in one of these says that a server was asked.
_TRIED = ("accepted", "deferred", "refused", "unknown")

_LOOK = """
SELECT c.lease_until, c.step, e.newsletter,
  e.state = 'sending' AND NOT EXISTS (SELECT 1 FROM meta WHERE key = ?)
FROM claims c JOIN editions e ON e.id = c.edition_id WHERE c.id = ? AND c.owner = ?
"""
_MARK = "UPDATE claims SET under_way = ?, step = step + 1 WHERE id = ?"
_LET_GO = "UPDATE claims SET held = ? WHERE id = ?"
_RECORD = """
UPDATE deliveries SET state = ?, reason = ?, due_at = ?, attempts = attempts + ?, updated_at = ?
WHERE id = ? AND state IN ('planned', 'deferred')
"""
#: What nearly every message comes to, many at once. SQLite takes one JSON object, PostgreSQL two arrays.
_ACCEPTED = """
UPDATE deliveries SET state = 'accepted', reason = said.value, due_at = NULL, attempts = attempts + 1, updated_at = ?
FROM {said} WHERE deliveries.id = CAST(said.key AS BIGINT) AND state IN ('planned', 'deferred')
"""
_UNWANTED = """
SELECT asked.value FROM {asked}
LEFT JOIN subscriptions s ON s.subscriber_id = asked.value AND s.newsletter = ? AND s.state = 'confirmed'
LEFT JOIN subscribers p ON p.id = s.subscriber_id
WHERE p.id IS NULL OR EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = p.address_hash)
"""
_SUPPRESSED = "SELECT id FROM deliveries WHERE id {any_of} AND state = 'suppressed'"


class Sending(Claiming):
    """What a sender asks of the store, many rows at a time: a durable commit costs as much as a hundred of them."""

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
            ((lease_until, step, newsletter, going),) = found
            hand = self._at_hand(run, epoch, step)
            known = [result for result in results if result.id in hand.left]
            self._record(run, known, now)
            answered = {result.id for result in known}
            asked, unwanted = {}, frozenset[int]()
            if going and lease_until > self._database.moment(now):
                left = hand.left - answered
                asked = {delivery.subscriber_id: delivery.id for delivery in intents if delivery.id in left}
                unwanted = self._unwanted(run, asked, newsletter)
                if len(asked) < len(intents):
                    unwanted |= self._suppressed(run, [one.id for one in intents if one.id not in left])
            ours = frozenset(asked.values()) - unwanted
            hand.under_way = (hand.under_way - answered) | ours
            if answered == hand.left:
                run(END_CLAIM, (epoch,))
            else:
                run(_MARK, (listed(hand.under_way), epoch))
                hand.step += 1
                if any(result.state in WAITING for result in known):  # anybody may have those again
                    run(_LET_GO, (listed(hand.left - answered), epoch))
        hand.left -= answered
        self._hand = hand
        return Turn(len(known), ours, unwanted, not going and bool(intents))

    def _record(self, run: Run, results: Sequence[DeliveryResult], now: datetime) -> None:
        at, moment = self._database.moment(now), self._database.moment
        accepted = {result.id: result.reason for result in results if result.state == "accepted"}
        if accepted:
            said, values = self._said(accepted)
            run(_ACCEPTED.format(said=said), (at, *values))
        if len(accepted) == len(results):
            return
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
        run(_RECORD, rows)

    def _said(self, reasons: Mapping[int, str]) -> tuple[str, tuple[Any, ...]]:
        """Reasons by delivery, as a table for `_ACCEPTED`."""
        text = json.dumps(reasons)
        if "\\u" in text:  # what is not ASCII, or no character at all
            reasons = {number: _clean(reason) for number, reason in reasons.items()}
            text = json.dumps(reasons)
        if self._database.is_sqlite:
            return "json_each(?) AS said", (text,)
        return "unnest(?::bigint[], ?::text[]) AS said (key, value)", (list(reasons), list(reasons.values()))

    def _unwanted(self, run: Run, asked: Mapping[int, int], newsletter: str) -> frozenset[int]:
        """The deliveries whose readers, at this moment, are not confirmed for the newsletter or are suppressed."""
        if not asked:
            return frozenset()
        table = "json_each(?) AS asked" if self._database.is_sqlite else "unnest(?::bigint[]) AS asked (value)"
        found = run(_UNWANTED.format(asked=table), (self._database.many(asked), newsletter)).fetchall()
        return frozenset([asked[person] for (person,) in found])

    def _suppressed(self, run: Run, asked: Collection[int]) -> frozenset[int]:
        """The deliveries whose readers had themselves erased while a sender held them."""
        found = run(_SUPPRESSED.format(any_of=self._database.any_of), (self._database.many(asked),)).fetchall()
        return frozenset([number for (number,) in found])


def _clean(reason: str) -> str:
    return reason if reason.isascii() and "\0" not in reason else storable(reason)
