"""People: who they are, one by one and by the hundred thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from digest.deliver.subscriber import Subscriber, Subscription
from digest.store.codec import address_hash
from digest.store.database import Area, chunks
from digest.store.records import Imported
from digest.store.subscriber_rows import (
    PAGE,
    find_ids,
    log_event,
    person_row,
    select_people,
    select_ties,
    tie_row,
    to_subscription,
)
from digest.store.tables import reader_events, subscribers, subscriptions


class People(Area):
    """Subscribers. Addresses are compared by `digest.deliver.address`."""

    def add(self, address: str, name: str = "", language: str = "", timezone: str = "", *, now: datetime) -> Subscriber:
        """The subscriber with this address, made if there is none; one who is there keeps what they set.

        Raises AddressError for what is no address.
        """
        row = person_row(Subscriber(0, address, name, language, timezone), now)
        with self._database.write() as connection:
            made = connection.execute(self._database.insert_ignore(subscribers, ["address_hash"]), row).rowcount == 1
            found = connection.execute(select_people().where(subscribers.c.address_hash == row["address_hash"])).one()
            if made:
                log_event(connection, found.id, now, "added")
        return Subscriber(*found)

    def get(self, subscriber_id: int) -> Subscriber | None:
        """The subscriber with this number."""
        return self._one(subscribers.c.id == subscriber_id)

    def find(self, address: str) -> Subscriber | None:
        """The subscriber with this address, in whatever case it is written."""
        return self._one(subscribers.c.address_hash == address_hash(address))

    def _one(self, condition: Any) -> Subscriber | None:
        with self._database.read() as connection:
            row = connection.execute(select_people().where(condition)).one_or_none()
        return None if row is None else Subscriber(*row)

    def all(self) -> Iterator[tuple[Subscriber, tuple[Subscription, ...]]]:
        """Everybody with their subscriptions, by number, in constant memory."""
        last = 0
        while True:
            page = select_people().where(subscribers.c.id > last).order_by(subscribers.c.id).limit(PAGE)
            with self._database.read() as connection:
                people = [Subscriber(*row) for row in connection.execute(page)]
                if not people:
                    return
                last = people[-1].id
                ties: dict[int, list[Subscription]] = {}
                between = subscriptions.c.subscriber_id.between(people[0].id, last)
                for row in connection.execute(select_ties().where(between).order_by(subscriptions.c.newsletter)):
                    ties.setdefault(row.subscriber_id, []).append(to_subscription(row))
            for person in people:
                yield person, tuple(ties.get(person.id, ()))

    def change(self, subscriber: Subscriber) -> None:
        """Store name, language and time zone of a subscriber (not the address: that is who they are)."""
        values = {"name": subscriber.name, "language": subscriber.language, "timezone": subscriber.timezone}
        with self._database.write() as connection:
            connection.execute(update(subscribers).where(subscribers.c.id == subscriber.id).values(**values))

    def import_many(
        self, people: Iterable[tuple[Subscriber, Sequence[Subscription]]], *, now: datetime, detail: str = "import"
    ) -> Imported:
        """Add many people and their subscriptions, in batches of one commit each; ids in the rows are not used.

        Whoever is known keeps what they set, and a subscription that is there keeps its state: an import never
        undoes an unsubscription.
        """
        total = Imported(0, 0, 0)
        for part in chunks(people):
            with self._database.write() as connection:
                done = self._import_part(connection, part, now, detail)
            total = Imported(*(sum(pair) for pair in zip(total, done, strict=True)))
        return total

    def _import_part(
        self, connection: Connection, part: list[tuple[Subscriber, Sequence[Subscription]]], now: datetime, detail: str
    ) -> Imported:
        rows = [person_row(person, now) for person, _ in part]
        ids = find_ids(connection, rows)
        fresh = {row["address_hash"]: row for row in rows if row["address_hash"] not in ids}
        if fresh:
            connection.execute(self._database.insert_ignore(subscribers, ["address_hash"]), list(fresh.values()))
            ids |= find_ids(connection, list(fresh.values()))
            events = [
                {"subscriber_id": ids[h], "at": now, "what": "added", "newsletter": "", "detail": detail} for h in fresh
            ]
            connection.execute(insert(reader_events), events)
        wished = [
            tie_row(ids[row["address_hash"]], tie, now)
            for row, (_, wanted) in zip(rows, part, strict=True)
            for tie in wanted
        ]
        added = 0
        if wished:
            insert_ties = self._database.insert_ignore(subscriptions, ["subscriber_id", "newsletter"])
            added = connection.execute(insert_ties, wished).rowcount
        return Imported(len(fresh), len(rows) - len(fresh), added)
