"""Rows of readers and the nouns they stand for, as the modules around readers share them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, select

from digest.deliver.address import canonical
from digest.deliver.subscriber import Subscriber, Subscription
from digest.store.codec import address_hash
from digest.store.tables import deliveries, editions, reader_events, subscribers, subscriptions, suppressions

#: How many people one page of a stream holds: memory stays the same however many there are.
PAGE = 1000


def select_people() -> Any:
    c = subscribers.c
    return select(c.id, c.address, c.name, c.language, c.timezone, c.created_at)


def select_ties() -> Any:
    c = subscriptions.c
    return select(c.subscriber_id, c.newsletter, c.state, c.topics, c.confirmed_at, c.unsubscribed_at)


def to_subscription(row: Any) -> Subscription:
    subscriber_id, newsletter, state, topics, confirmed_at, unsubscribed_at = row
    wanted = tuple(json.loads(topics)) if topics != "[]" else ()
    return Subscription(subscriber_id, newsletter, state, wanted, confirmed_at, unsubscribed_at)


def person_row(person: Subscriber, now: datetime) -> dict[str, Any]:
    address = canonical(person.address)
    return {
        "address": address.text,
        "address_hash": address_hash(address.text),
        "name": person.name,
        "language": person.language,
        "timezone": person.timezone,
        "created_at": person.created_at or now,
    }


def tie_row(subscriber_id: int, tie: Subscription, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": subscriber_id,
        "newsletter": tie.newsletter,
        "state": tie.state,
        "topics": json.dumps(list(tie.topics)),
        "created_at": now,
        "confirmed_at": tie.confirmed_at or (now if tie.state == "confirmed" else None),
        "unsubscribed_at": tie.unsubscribed_at or (now if tie.state == "unsubscribed" else None),
    }


def find_tie(connection: Connection, subscriber_id: int, newsletter: str) -> Subscription | None:
    c = subscriptions.c
    row = connection.execute(
        select_ties().where(c.subscriber_id == subscriber_id, c.newsletter == newsletter)
    ).one_or_none()
    return None if row is None else to_subscription(row)


def find_ids(connection: Connection, rows: list[dict[str, Any]]) -> dict[str, int]:
    query = select(subscribers.c.address_hash, subscribers.c.id)
    wanted = subscribers.c.address_hash.in_([row["address_hash"] for row in rows])
    return {row.address_hash: row.id for row in connection.execute(query.where(wanted))}


def deliveries_of(subscriber_id: int) -> Any:
    """The condition for a reader's deliveries. Named edition by edition, it needs no index of its own to be kept."""
    return and_(deliveries.c.edition_id.in_(select(editions.c.id)), deliveries.c.subscriber_id == subscriber_id)


def is_suppressed() -> Any:
    return exists().where(suppressions.c.address_hash == subscribers.c.address_hash)


def log_event(
    connection: Connection, subscriber_id: int, at: datetime, what: str, *, newsletter: str = "", detail: str = ""
) -> None:
    row = {"subscriber_id": subscriber_id, "at": at, "what": what, "newsletter": newsletter, "detail": detail}
    connection.execute(insert(reader_events), row)
