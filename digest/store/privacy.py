"""Privacy: the right of people to know what is stored about them, and to be forgotten."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, null, select, update

from digest.deliver.subscriber import Subscriber, Subscription, Suppression
from digest.store.codec import address_hash
from digest.store.database import Area
from digest.store.subscriber_rows import deliveries_of, select_subscribers, select_subscriptions, to_subscription
from digest.store.tables import bounces, deliveries, reader_events, subscribers, subscriptions, suppressions


class SubscriberEvent(NamedTuple):
    """One line of a subscriber's history."""

    at: datetime
    what: str
    newsletter: str
    detail: str


class PersonalData(NamedTuple):
    """Everything stored about one address: for the person who asks, and for the editor who must answer."""

    subscriber: Subscriber | None
    subscriptions: tuple[Subscription, ...]
    suppression: Suppression | None
    events: tuple[SubscriberEvent, ...]
    deliveries: tuple[tuple[str, str, str, datetime], ...]  # edition, state, reason, when


class Privacy(Area):
    """Export and erase the data of one person."""

    def export(self, address: str) -> PersonalData:
        """Everything stored about an address; of the deliveries the latest hundred."""
        key = address_hash(address)
        columns = (suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail)
        with self._database.read() as connection:
            query = select(*columns).where(suppressions.c.address_hash == key)
            suppression_row = connection.execute(query).one_or_none()
            suppression = None if suppression_row is None else Suppression(*suppression_row)
            row = connection.execute(select_subscribers().where(subscribers.c.address_hash == key)).one_or_none()
            if row is None:
                return PersonalData(None, (), suppression, (), ())
            e, d, s = reader_events.c, deliveries.c, subscriptions.c
            events = select(e.at, e.what, e.newsletter, e.detail).where(e.subscriber_id == row.id).order_by(e.id)
            sent = select(d.edition_id, d.state, d.reason, d.updated_at).where(deliveries_of(row.id))
            sent = sent.order_by(d.updated_at.desc()).limit(100)
            subscribed = select_subscriptions().where(s.subscriber_id == row.id).order_by(s.newsletter)
            return PersonalData(
                Subscriber(*row),
                tuple(to_subscription(each) for each in connection.execute(subscribed)),
                suppression,
                tuple(SubscriberEvent(*event) for event in connection.execute(events)),
                tuple((edition, state, reason, at) for edition, state, reason, at in connection.execute(sent)),
            )

    def erase(self, address: str) -> bool:
        """Forget a person: name, address, subscriptions, history. False when the address is unknown.

        Their deliveries stay as anonymous counts, those still to be sent become suppressed; a suppression stays as a
        hash alone, so that no later import mails them again.
        """
        key = address_hash(address)
        d = deliveries.c
        with self._database.write() as connection:
            connection.execute(
                update(suppressions).where(suppressions.c.address_hash == key).values(address="", detail="")
            )
            subscriber_id = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_hash == key))
            if subscriber_id is None:
                return False
            waiting = update(deliveries).where(deliveries_of(subscriber_id), d.state.in_(("planned", "deferred")))
            connection.execute(waiting.values(state="suppressed", due_at=null()))
            connection.execute(
                update(deliveries).where(deliveries_of(subscriber_id)).values(address="", reason="erased on request")
            )
            connection.execute(update(bounces).where(bounces.c.address_hash == key).values(detail="", address_hash=""))
            connection.execute(delete(subscribers).where(subscribers.c.id == subscriber_id))
        return True
