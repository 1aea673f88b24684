"""Readers: people, what they asked for, who must be left alone, and what each of them may ask us."""

from __future__ import annotations

from sqlalchemy import delete, null, select, update

from digest.deliver.subscriber import Subscriber, Suppression
from digest.store.codec import address_hash
from digest.store.records import ReaderEvent, ReaderWhy
from digest.store.subscriber_rows import deliveries_of, select_people, select_ties, to_subscription
from digest.store.subscribers import People
from digest.store.subscriptions import Subscribing
from digest.store.suppressions import Suppressing
from digest.store.tables import bounces, deliveries, reader_events, subscribers, subscriptions, suppressions


class Readers(People, Subscribing, Suppressing):
    """Everything about readers; here their right to know what is kept of them, and to be forgotten."""

    def why(self, address: str) -> ReaderWhy:
        """Everything known of an address."""
        key = address_hash(address)
        columns = (suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail)
        with self._database.read() as connection:
            held = connection.execute(select(*columns).where(suppressions.c.address_hash == key)).one_or_none()
            row = connection.execute(select_people().where(subscribers.c.address_hash == key)).one_or_none()
            suppression = None if held is None else Suppression(*held)
            if row is None:
                return ReaderWhy(None, (), suppression, (), ())
            e, d = reader_events.c, deliveries.c
            happened = select(e.at, e.what, e.newsletter, e.detail).where(e.subscriber_id == row.id).order_by(e.id)
            sent = select(d.edition_id, d.state, d.reason, d.updated_at).where(deliveries_of(row.id))
            ties = select_ties().where(subscriptions.c.subscriber_id == row.id).order_by(subscriptions.c.newsletter)
            return ReaderWhy(
                Subscriber(*row),
                tuple(to_subscription(tie) for tie in connection.execute(ties)),
                suppression,
                tuple(ReaderEvent(*event) for event in connection.execute(happened)),
                tuple(
                    (a, b, c, at) for a, b, c, at in connection.execute(sent.order_by(d.updated_at.desc()).limit(100))
                ),
            )

    def erase(self, address: str) -> bool:
        """Forget a person: name, address, ties, history. False when we know nobody by it.

        Their deliveries stay as anonymous counts, those still to be sent become suppressed; a suppression stays as a
        hash alone, so that no later import mails them again.
        """
        key = address_hash(address)
        d = deliveries.c
        with self._database.write() as connection:
            connection.execute(
                update(suppressions).where(suppressions.c.address_hash == key).values(address="", detail="")
            )
            number = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_hash == key))
            if number is None:
                return False
            waiting = update(deliveries).where(deliveries_of(number), d.state.in_(("planned", "deferred")))
            connection.execute(waiting.values(state="suppressed", due_at=null()))
            connection.execute(
                update(deliveries).where(deliveries_of(number)).values(address="", reason="erased on request")
            )
            connection.execute(update(bounces).where(bounces.c.address_hash == key).values(detail="", address_hash=""))
            connection.execute(delete(subscribers).where(subscribers.c.id == number))
        return True
