"""Subscribers: the people, one by one and by the hundred thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, update

from digest.deliver.subscriber import Subscriber, Subscription
from digest.store.codec import address_hash
from digest.store.database import Area, chunks
from digest.store.subscriber_ids import new_ids
from digest.store.subscriber_rows import (
    PAGE,
    find_ids,
    log_event,
    select_subscribers,
    select_subscriptions,
    subscriber_row,
    subscription_row,
    to_subscription,
)
from digest.store.tables import reader_events, subscribers, subscriptions


class ImportCounts(NamedTuple):
    """New people, people known before, and subscriptions added."""

    added: int
    known: int
    subscriptions: int


class Subscribers(Area):
    """The people. Addresses are compared by `digest.deliver.address`."""

    def add(self, address: str, name: str = "", language: str = "", timezone: str = "", *, now: datetime) -> Subscriber:
        """Return the subscriber with this address, added if there is none; a known one keeps their settings.

        Raises AddressError for what is no address.
        """
        row = subscriber_row(Subscriber(0, address, name, language, timezone), now)
        with self._database.write() as connection:
            query = select_subscribers().where(subscribers.c.address_hash == row["address_hash"])
            stored = connection.execute(query).one_or_none()
            if stored is None:
                (row["id"],) = new_ids(self._database, connection, 1)
                insert = self._database.insert_ignore(subscribers, ["address_hash"])
                is_new = connection.execute(insert, row).rowcount == 1
                stored = connection.execute(query).one()
                if is_new:  # on a server another transaction may have been faster
                    log_event(connection, stored.id, now, "added")
        return Subscriber(*stored)

    def get(self, subscriber_id: int) -> Subscriber | None:
        """The subscriber with this id, or None."""
        return self._one(subscribers.c.id == subscriber_id)

    def find(self, address: str) -> Subscriber | None:
        """The subscriber with this address, in whatever case it is written, or None."""
        return self._one(subscribers.c.address_hash == address_hash(address))

    def _one(self, condition: Any) -> Subscriber | None:
        with self._database.read() as connection:
            row = connection.execute(select_subscribers().where(condition)).one_or_none()
        return None if row is None else Subscriber(*row)

    def all(self) -> Iterator[tuple[Subscriber, tuple[Subscription, ...]]]:
        """Yield everybody with their subscriptions, by id, in constant memory."""
        last = 0
        while True:
            page = select_subscribers().where(subscribers.c.id > last).order_by(subscribers.c.id).limit(PAGE)
            with self._database.read() as connection:
                people = [Subscriber(*row) for row in connection.execute(page)]
                if not people:
                    return
                last = people[-1].id
                by_subscriber: dict[int, list[Subscription]] = {}
                on_page = subscriptions.c.subscriber_id.between(people[0].id, last)
                query = select_subscriptions().where(on_page).order_by(subscriptions.c.newsletter)
                for row in connection.execute(query):
                    by_subscriber.setdefault(row.subscriber_id, []).append(to_subscription(row))
            for subscriber in people:
                yield subscriber, tuple(by_subscriber.get(subscriber.id, ()))

    def update(self, subscriber: Subscriber) -> None:
        """Store name, language and time zone of a subscriber; the address is their identity and stays."""
        values = {"name": subscriber.name, "language": subscriber.language, "timezone": subscriber.timezone}
        with self._database.write() as connection:
            connection.execute(update(subscribers).where(subscribers.c.id == subscriber.id).values(**values))

    def import_many(
        self, people: Iterable[tuple[Subscriber, Sequence[Subscription]]], *, now: datetime, detail: str = "import"
    ) -> ImportCounts:
        """Add many people and their subscriptions, in batches of one commit each; ids in the rows are not used.

        Known people keep their settings, and a stored subscription keeps its state: an import never undoes an
        unsubscription.
        """
        total = ImportCounts(0, 0, 0)
        for part in chunks(people):
            with self._database.write() as connection:
                counts = self._import_part(connection, part, now, detail)
            total = ImportCounts(*(sum(pair) for pair in zip(total, counts, strict=True)))
        return total

    def _import_part(
        self, connection: Connection, part: list[tuple[Subscriber, Sequence[Subscription]]], now: datetime, detail: str
    ) -> ImportCounts:
        rows = [subscriber_row(subscriber, now) for subscriber, _ in part]
        ids = find_ids(connection, rows)
        new = {row["address_hash"]: row for row in rows if row["address_hash"] not in ids}
        if new:
            for row, subscriber_id in zip(new.values(), new_ids(self._database, connection, len(new)), strict=True):
                row["id"] = subscriber_id
            connection.execute(self._database.insert_ignore(subscribers, ["address_hash"]), list(new.values()))
            ids |= find_ids(connection, list(new.values()))
            events = [
                {"subscriber_id": ids[key], "at": now, "what": "added", "newsletter": "", "detail": detail}
                for key in new
            ]
            connection.execute(insert(reader_events), events)
        subscription_rows = [
            subscription_row(ids[row["address_hash"]], subscription, now)
            for row, (_, each) in zip(rows, part, strict=True)
            for subscription in each
        ]
        added = 0
        if subscription_rows:
            statement = self._database.insert_ignore(subscriptions, ["subscriber_id", "newsletter"])
            added = connection.execute(statement, subscription_rows).rowcount
        return ImportCounts(len(new), len(rows) - len(new), added)
