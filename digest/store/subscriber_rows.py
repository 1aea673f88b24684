"""Rows of subscribers and the domain objects made of them, for the modules about subscribers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, insert, select

from digest.deliver.address import canonical
from digest.deliver.subscriber import Subscriber, Subscription
from digest.store.codec import address_hash
from digest.store.tables import deliveries, editions, reader_events, subscribers, subscriptions, suppressions

#: Subscribers on one page of a stream: memory stays the same however many there are.
PAGE = 1000


def select_subscribers() -> Any:
    """The query for `Subscriber` rows."""
    c = subscribers.c
    return select(c.id, c.address, c.name, c.language, c.timezone, c.created_at)


def select_subscriptions() -> Any:
    """The query for rows of `to_subscription`."""
    c = subscriptions.c
    return select(c.subscriber_id, c.newsletter, c.state, c.topics, c.confirmed_at, c.unsubscribed_at)


def to_subscription(row: Any) -> Subscription:
    """The subscription in a row of `select_subscriptions`."""
    subscriber_id, newsletter, state, topics_json, confirmed_at, unsubscribed_at = row
    topics = tuple(json.loads(topics_json)) if topics_json != "[]" else ()
    return Subscription(subscriber_id, newsletter, state, topics, confirmed_at, unsubscribed_at)


def subscriber_row(subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    """The row to insert for a subscriber, without an id. Raises AddressError."""
    address = canonical(subscriber.address)
    return {
        "address": address.text,
        "address_hash": address_hash(address.text),
        "name": subscriber.name,
        "language": subscriber.language,
        "timezone": subscriber.timezone,
        "created_at": subscriber.created_at or now,
    }


def subscription_row(subscriber_id: int, subscription: Subscription, now: datetime) -> dict[str, Any]:
    """The row to insert for a subscription of this subscriber."""
    state = subscription.state
    return {
        "subscriber_id": subscriber_id,
        "newsletter": subscription.newsletter,
        "state": state,
        "topics": json.dumps(list(subscription.topics)),
        "created_at": now,
        "confirmed_at": subscription.confirmed_at or (now if state == "confirmed" else None),
        "unsubscribed_at": subscription.unsubscribed_at or (now if state == "unsubscribed" else None),
    }


def find_subscription(connection: Connection, subscriber_id: int, newsletter: str) -> Subscription | None:
    """One subscription, or None."""
    c = subscriptions.c
    query = select_subscriptions().where(c.subscriber_id == subscriber_id, c.newsletter == newsletter)
    row = connection.execute(query).one_or_none()
    return None if row is None else to_subscription(row)


def find_ids(connection: Connection, rows: list[dict[str, Any]]) -> dict[str, int]:
    """The ids of those subscribers that are stored, by the hash of their address."""
    hashes = [row["address_hash"] for row in rows]
    query = select(subscribers.c.address_hash, subscribers.c.id).where(subscribers.c.address_hash.in_(hashes))
    return {row.address_hash: row.id for row in connection.execute(query)}


def deliveries_of(subscriber_id: int) -> Any:
    """The condition for a subscriber's deliveries. By naming every edition it needs no index of its own."""
    return and_(deliveries.c.edition_id.in_(select(editions.c.id)), deliveries.c.subscriber_id == subscriber_id)


def is_suppressed() -> Any:
    """The condition for subscribers whose address is suppressed."""
    return exists().where(suppressions.c.address_hash == subscribers.c.address_hash)


def log_event(
    connection: Connection, subscriber_id: int, at: datetime, what: str, *, newsletter: str = "", detail: str = ""
) -> None:
    """Add a line to a subscriber's history."""
    row = {"subscriber_id": subscriber_id, "at": at, "what": what, "newsletter": newsletter, "detail": detail}
    connection.execute(insert(reader_events), row)
