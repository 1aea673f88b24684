"""Write the results of a sender's deliveries, and ask which readers must not be mailed any more."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from digest.deliver.delivery import DeliveryState
from digest.store.database import Database, Run
from digest.store.types import storable


class DeliveryResult(NamedTuple):
    """The result of one claimed delivery, named by its `id`; `next_attempt` is for `deferred` only."""

    id: int
    state: DeliveryState
    reason: str = ""
    next_attempt: datetime | None = None
    sent_at: int = 0  # Date of the message that was handed over, in seconds since 1970


#: States of which a server was asked.
_ATTEMPTED = ("accepted", "deferred", "refused", "unknown")

_RECORD = """
UPDATE deliveries SET state = ?, reason = ?, due_at = ?, attempts = attempts + ?, updated_at = ?,
  sent_at = COALESCE(sent_at, ?)
WHERE id = ? AND state IN ('planned', 'deferred')
"""
#: The result of nearly every message, many at once. SQLite takes one JSON object, PostgreSQL two arrays.
_ACCEPTED = """
UPDATE deliveries SET state = 'accepted', reason = replies.value, due_at = NULL, attempts = attempts + 1, updated_at = ?
FROM {replies} WHERE deliveries.id = CAST(replies.key AS BIGINT) AND state IN ('planned', 'deferred')
"""
_UNWANTED = """
SELECT ids.value FROM {ids}
LEFT JOIN subscriptions s ON s.subscriber_id = ids.value AND s.newsletter = ? AND s.state = 'confirmed'
LEFT JOIN subscribers p ON p.id = s.subscriber_id
WHERE p.id IS NULL OR EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = p.address_hash)
"""
_SUPPRESSED = "SELECT id FROM deliveries WHERE id {any_of} AND state = 'suppressed'"


def write_results(database: Database, run: Run, results: Sequence[DeliveryResult], now: datetime) -> None:
    """Write results to their deliveries, those that are accepted in one statement."""
    at, moment = database.moment(now), database.moment
    accepted = {result.id: result.reason for result in results if result.state == "accepted"}
    if accepted:
        replies, values = _replies(database, accepted)
        run(_ACCEPTED.format(replies=replies), (at, *values))
    if len(accepted) == len(results):
        return
    rows = [
        (
            state,
            _clean(reason),
            at if state == "planned" else moment(next_attempt or now) if state == "deferred" else None,
            1 if state in _ATTEMPTED else 0,
            at,
            sent_at if sent_at and state in _ATTEMPTED else None,
            delivery_id,
        )
        for delivery_id, state, reason, next_attempt, sent_at in results
        if state != "accepted"
    ]
    run(_RECORD, rows)


def _replies(database: Database, reasons: Mapping[int, str]) -> tuple[str, tuple[Any, ...]]:
    """Reasons by delivery, as a table for `_ACCEPTED` and its values."""
    text = json.dumps(reasons)
    if "\\u" in text:  # what is not ASCII, or no character at all
        reasons = {delivery_id: _clean(reason) for delivery_id, reason in reasons.items()}
        text = json.dumps(reasons)
    if database.is_sqlite:
        return "json_each(?) AS replies", (text,)
    return "unnest(?::bigint[], ?::text[]) AS replies (key, value)", (list(reasons), list(reasons.values()))


def find_unwanted(database: Database, run: Run, by_subscriber: Mapping[int, int], newsletter: str) -> frozenset[int]:
    """The deliveries whose readers, at this moment, are not confirmed for the newsletter or are suppressed."""
    if not by_subscriber:
        return frozenset()
    ids = "json_each(?) AS ids" if database.is_sqlite else "unnest(?::bigint[]) AS ids (value)"
    rows = run(_UNWANTED.format(ids=ids), (database.many(by_subscriber), newsletter)).fetchall()
    return frozenset([by_subscriber[subscriber_id] for (subscriber_id,) in rows])


def find_suppressed(database: Database, run: Run, delivery_ids: Collection[int]) -> frozenset[int]:
    """The deliveries that became `suppressed` while a sender held them, since their readers were erased."""
    rows = run(_SUPPRESSED.format(any_of=database.any_of), (database.many(delivery_ids),)).fetchall()
    return frozenset([delivery_id for (delivery_id,) in rows])


def _clean(reason: str) -> str:
    return reason if reason.isascii() and "\0" not in reason else storable(reason)
