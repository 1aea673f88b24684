"""Readers: people, what they asked for, and who must be left alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from digest.deliver.address import canonical
from digest.deliver.subscriber import Subscriber, Subscription, SubscriptionState, Suppression, SuppressionReason
from digest.store.codec import address_hash, text_hash
from digest.store.database import Area, chunks
from digest.store.records import Imported, ReaderEvent, ReaderWhy
from digest.store.tables import (
    bounces,
    deliveries,
    occurrences,
    reader_events,
    subscribers,
    subscriptions,
    suppressions,
)

#: How many people one page of a stream holds: memory stays the same however many there are.
PAGE = 1000


class Readers(Area):
    """Subscribers, subscriptions and suppressions. Addresses are compared by `digest.deliver.address`."""

    # --- people ----------------------------------------------------------------------------------------------

    def add(self, address: str, name: str = "", language: str = "", timezone: str = "", *, now: datetime) -> Subscriber:
        """The subscriber with this address, made if there is none; one who is there keeps what they set.

        Raises AddressError for what is no address.
        """
        row = _person(Subscriber(0, address, name, language, timezone), now)
        with self._database.write() as connection:
            made = connection.execute(self._database.insert_ignore(subscribers, ["address_hash"]), row).rowcount == 1
            found = connection.execute(_people().where(subscribers.c.address_hash == row["address_hash"])).one()
            if made:
                _event(connection, found.id, now, "added")
        return Subscriber(*found)

    def get(self, subscriber_id: int) -> Subscriber | None:
        """The subscriber with this number."""
        return self._one(subscribers.c.id == subscriber_id)

    def find(self, address: str) -> Subscriber | None:
        """The subscriber with this address, in whatever case it is written."""
        return self._one(subscribers.c.address_hash == address_hash(address))

    def _one(self, condition: Any) -> Subscriber | None:
        with self._database.read() as connection:
            row = connection.execute(_people().where(condition)).one_or_none()
        return None if row is None else Subscriber(*row)

    def all(self) -> Iterator[tuple[Subscriber, tuple[Subscription, ...]]]:
        """Everybody with their subscriptions, by number, in constant memory."""
        last = 0
        while True:
            page = _people().where(subscribers.c.id > last).order_by(subscribers.c.id).limit(PAGE)
            with self._database.read() as connection:
                people = [Subscriber(*row) for row in connection.execute(page)]
                if not people:
                    return
                last = people[-1].id
                ties: dict[int, list[Subscription]] = {}
                between = subscriptions.c.subscriber_id.between(people[0].id, last)
                for row in connection.execute(_ties().where(between).order_by(subscriptions.c.newsletter)):
                    ties.setdefault(row.subscriber_id, []).append(_subscription(row))
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
        rows = [_person(person, now) for person, _ in part]
        ids = _ids(connection, rows)
        fresh = {row["address_hash"]: row for row in rows if row["address_hash"] not in ids}
        if fresh:
            connection.execute(self._database.insert_ignore(subscribers, ["address_hash"]), list(fresh.values()))
            ids |= _ids(connection, list(fresh.values()))
            events = [
                {"subscriber_id": ids[h], "at": now, "what": "added", "newsletter": "", "detail": detail} for h in fresh
            ]
            connection.execute(insert(reader_events), events)
        ties = [
            _tie_row(ids[row["address_hash"]], tie, now)
            for row, (_, wanted) in zip(rows, part, strict=True)
            for tie in wanted
        ]
        added = 0
        if ties:
            insert_ties = self._database.insert_ignore(subscriptions, ["subscriber_id", "newsletter"])
            added = connection.execute(insert_ties, ties).rowcount
        return Imported(len(fresh), len(rows) - len(fresh), added)

    # --- subscriptions ---------------------------------------------------------------------------------------

    def subscribe(
        self,
        subscriber_id: int,
        newsletter: str,
        topics: Sequence[str] = (),
        state: SubscriptionState = "unconfirmed",
        *,
        now: datetime,
        detail: str = "",
    ) -> Subscription:
        """Tie a reader to a newsletter, or change their topics (none means all). Returns the tie as it is now.

        Who is confirmed stays so when asked again unconfirmed; who had left starts again with `state`.
        """
        row = _tie_row(subscriber_id, Subscription(subscriber_id, newsletter, state, tuple(topics)), now)
        with self._database.write() as connection:
            before = _tie(connection, subscriber_id, newsletter)
            if before is not None and before.state == "confirmed" and state == "unconfirmed":
                row["state"], row["confirmed_at"] = "confirmed", before.confirmed_at
            upsert = self._database.upsert(
                subscriptions,
                ["subscriber_id", "newsletter"],
                lambda new: {n: new[n] for n in ("state", "topics", "confirmed_at", "unsubscribed_at")},
            )
            connection.execute(upsert, row)
            _event(connection, subscriber_id, now, f"subscribed {row['state']}", newsletter=newsletter, detail=detail)
            tie = _tie(connection, subscriber_id, newsletter)
        assert tie is not None  # just written
        return tie

    def subscriptions(self, subscriber_id: int) -> Sequence[Subscription]:
        """Every tie of a reader, those they left too, by newsletter."""
        query = _ties().where(subscriptions.c.subscriber_id == subscriber_id).order_by(subscriptions.c.newsletter)
        with self._database.read() as connection:
            return [_subscription(row) for row in connection.execute(query)]

    def confirm(self, subscriber_id: int, newsletter: str, *, now: datetime, detail: str = "") -> bool:
        """Double opt-in's second half. True when the tie is confirmed now; False when there is none to confirm."""
        tie = self._tie_where(subscriber_id, newsletter)
        change = update(subscriptions).where(*tie, subscriptions.c.state == "unconfirmed")
        with self._database.write() as connection:
            done = connection.execute(change.values(state="confirmed", confirmed_at=now)).rowcount == 1
            if done:
                _event(connection, subscriber_id, now, "confirmed", newsletter=newsletter, detail=detail)
            found = _tie(connection, subscriber_id, newsletter)
        return found is not None and found.state == "confirmed"

    def unsubscribe(
        self, subscriber_id: int, newsletter: str | None = None, *, now: datetime, detail: str = ""
    ) -> Sequence[str]:
        """End one tie, or all of them (None). Idempotent; returns the newsletters that ended just now.

        Messages planned already are stopped by `Deliveries.still_wanted`, which the sender asks just before DATA.
        """
        change = update(subscriptions).where(
            *self._tie_where(subscriber_id, newsletter), subscriptions.c.state != "unsubscribed"
        )
        change = change.values(state="unsubscribed", unsubscribed_at=now)
        with self._database.write() as connection:
            ended = sorted(connection.scalars(change.returning(subscriptions.c.newsletter)))
            for name in ended:
                _event(connection, subscriber_id, now, "unsubscribed", newsletter=name, detail=detail)
        return ended

    def _tie_where(self, subscriber_id: int, newsletter: str | None) -> tuple[Any, ...]:
        person = subscriptions.c.subscriber_id == subscriber_id
        return (person,) if newsletter is None else (person, subscriptions.c.newsletter == newsletter)

    def audience(self, newsletter: str) -> Iterator[tuple[Subscriber, Subscription]]:
        """Everybody confirmed and not suppressed, by number, in constant memory: read a page at a time."""
        last = 0
        query = (
            select(*_people().selected_columns, *_ties().selected_columns)
            .join_from(subscriptions, subscribers)
            .where(subscriptions.c.newsletter == newsletter, subscriptions.c.state == "confirmed", ~_is_suppressed())
            .order_by(subscriptions.c.subscriber_id)
            .limit(PAGE)
        )
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(subscriptions.c.subscriber_id > last)).all()
            if not page:
                return
            for row in page:
                yield Subscriber(*row[:6]), _subscription(row[6:])
            last = page[-1][0]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many subscriptions each newsletter has in each state; 'suppressed' counts confirmed ones held back."""
        by = (subscriptions.c.newsletter, subscriptions.c.state)
        held = (
            select(subscriptions.c.newsletter, func.count())
            .join_from(subscriptions, subscribers)
            .where(subscriptions.c.state == "confirmed", _is_suppressed())
            .group_by(subscriptions.c.newsletter)
        )
        found: dict[str, Counter[str]] = {}
        with self._database.read() as connection:
            for newsletter, state, number in connection.execute(select(*by, func.count()).group_by(*by)):
                found.setdefault(newsletter, Counter())[state] = number
            for newsletter, number in connection.execute(held):
                found[newsletter]["suppressed"] = number
        return found

    # --- suppressions ----------------------------------------------------------------------------------------

    def suppress(self, address: str, reason: SuppressionReason, detail: str = "", *, now: datetime) -> None:
        """Never mail this address again; the first reason stays, except that a complaint outweighs the others."""
        row = {"address_hash": address_hash(address), "address": address.strip(), "reason": reason, "since": now}
        with self._database.write() as connection:
            made = connection.execute(
                self._database.insert_ignore(suppressions, ["address_hash"]), {**row, "detail": detail}
            ).rowcount
            if made != 1 and reason == "complaint":
                mine = suppressions.c.address_hash == row["address_hash"]
                connection.execute(update(suppressions).where(mine).values(reason=reason, detail=detail))

    def unsuppress(self, address: str) -> bool:
        """Mail this address again; False when it was not suppressed."""
        change = delete(suppressions).where(suppressions.c.address_hash == address_hash(address))
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def suppressed(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses, as given, that must not be mailed."""
        found: set[str] = set()
        with self._database.read() as connection:
            for part in chunks(addresses):
                hashes = {address_hash(address): address for address in part}
                query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
                hit = set(connection.scalars(query))
                found.update(address for address in part if address_hash(address) in hit)
        return found

    def suppressions(self) -> Sequence[Suppression]:
        """Every suppression, oldest first; the address is "" where the person asked to be forgotten."""
        query = select(
            suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail
        ).order_by(suppressions.c.since, suppressions.c.address_hash)
        with self._database.read() as connection:
            return [Suppression(*row) for row in connection.execute(query)]

    # --- the person's rights, and limits ---------------------------------------------------------------------

    def why(self, address: str) -> ReaderWhy:
        """Everything known of an address."""
        key = address_hash(address)
        columns = (suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail)
        with self._database.read() as connection:
            held = connection.execute(select(*columns).where(suppressions.c.address_hash == key)).one_or_none()
            row = connection.execute(_people().where(subscribers.c.address_hash == key)).one_or_none()
            suppression = None if held is None else Suppression(*held)
            if row is None:
                return ReaderWhy(None, (), suppression, (), ())
            e, d = reader_events.c, deliveries.c
            happened = select(e.at, e.what, e.newsletter, e.detail).where(e.subscriber_id == row.id).order_by(e.id)
            sent = select(d.edition_id, d.state, d.reason, d.updated_at).where(d.subscriber_id == row.id)
            ties = _ties().where(subscriptions.c.subscriber_id == row.id).order_by(subscriptions.c.newsletter)
            return ReaderWhy(
                Subscriber(*row),
                tuple(_subscription(tie) for tie in connection.execute(ties)),
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
            waiting = update(deliveries).where(d.subscriber_id == number, d.state.in_(("planned", "deferred")))
            connection.execute(waiting.values(state="suppressed"))
            connection.execute(
                update(deliveries).where(d.subscriber_id == number).values(address="", reason="erased on request")
            )
            connection.execute(update(bounces).where(bounces.c.address_hash == key).values(detail="", address_hash=""))
            connection.execute(delete(subscribers).where(subscribers.c.id == number))
        return True

    def allow(self, key: str, limits: Sequence[tuple[timedelta, int]], *, now: datetime) -> bool:
        """Count one occurrence of `key` unless a limit (so many within so long) is reached: then False.

        One transaction decides, so two requests at once cannot both be the last one allowed. `key` is kept as a hash.
        """
        o = occurrences.c
        mine = o.key_hash == text_hash(key)
        longest = max(window for window, _ in limits)
        with self._database.write() as connection:
            self._database.lock(connection, f"limit:{key}")
            connection.execute(delete(occurrences).where(mine, o.at <= now - longest))
            for window, most in limits:
                count = select(func.count()).select_from(occurrences).where(mine, o.at > now - window)
                if (connection.scalar(count) or 0) >= most:
                    return False
            connection.execute(insert(occurrences), {"key_hash": text_hash(key), "at": now})
        return True


def _people() -> Any:
    c = subscribers.c
    return select(c.id, c.address, c.name, c.language, c.timezone, c.created_at)


def _ties() -> Any:
    c = subscriptions.c
    return select(c.subscriber_id, c.newsletter, c.state, c.topics, c.confirmed_at, c.unsubscribed_at)


def _subscription(row: Any) -> Subscription:
    subscriber_id, newsletter, state, topics, confirmed_at, unsubscribed_at = row
    wanted = tuple(json.loads(topics)) if topics != "[]" else ()
    return Subscription(subscriber_id, newsletter, state, wanted, confirmed_at, unsubscribed_at)


def _person(person: Subscriber, now: datetime) -> dict[str, Any]:
    address = canonical(person.address)
    return {
        "address": address.text,
        "address_hash": address_hash(address.text),
        "name": person.name,
        "language": person.language,
        "timezone": person.timezone,
        "created_at": person.created_at or now,
    }


def _tie_row(subscriber_id: int, tie: Subscription, now: datetime) -> dict[str, Any]:
    return {
        "subscriber_id": subscriber_id,
        "newsletter": tie.newsletter,
        "state": tie.state,
        "topics": json.dumps(list(tie.topics)),
        "created_at": now,
        "confirmed_at": tie.confirmed_at or (now if tie.state == "confirmed" else None),
        "unsubscribed_at": tie.unsubscribed_at or (now if tie.state == "unsubscribed" else None),
    }


def _tie(connection: Connection, subscriber_id: int, newsletter: str) -> Subscription | None:
    c = subscriptions.c
    row = connection.execute(_ties().where(c.subscriber_id == subscriber_id, c.newsletter == newsletter)).one_or_none()
    return None if row is None else _subscription(row)


def _ids(connection: Connection, rows: list[dict[str, Any]]) -> dict[str, int]:
    query = select(subscribers.c.address_hash, subscribers.c.id)
    wanted = subscribers.c.address_hash.in_([row["address_hash"] for row in rows])
    return {row.address_hash: row.id for row in connection.execute(query.where(wanted))}


def _is_suppressed() -> Any:
    return exists().where(suppressions.c.address_hash == subscribers.c.address_hash)


def _event(
    connection: Connection, subscriber_id: int, at: datetime, what: str, *, newsletter: str = "", detail: str = ""
) -> None:
    row = {"subscriber_id": subscriber_id, "at": at, "what": what, "newsletter": newsletter, "detail": detail}
    connection.execute(insert(reader_events), row)
