"""Subscriptions: what people asked for, and who gets an edition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from digest.deliver.subscriber import Subscriber, Subscription, SubscriptionState
from digest.store.database import Area
from digest.store.subscriber_rows import (
    PAGE,
    find_tie,
    is_suppressed,
    log_event,
    select_people,
    select_ties,
    tie_row,
    to_subscription,
)
from digest.store.tables import subscribers, subscriptions


class Subscribing(Area):
    """The ties between readers and newsletters."""

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
        row = tie_row(subscriber_id, Subscription(subscriber_id, newsletter, state, tuple(topics)), now)
        with self._database.write() as connection:
            before = find_tie(connection, subscriber_id, newsletter)
            if before is not None and before.state == "confirmed" and state == "unconfirmed":
                row["state"], row["confirmed_at"] = "confirmed", before.confirmed_at
            upsert = self._database.upsert(
                subscriptions,
                ["subscriber_id", "newsletter"],
                lambda new: {n: new[n] for n in ("state", "topics", "confirmed_at", "unsubscribed_at")},
            )
            connection.execute(upsert, row)
            log_event(
                connection, subscriber_id, now, f"subscribed {row['state']}", newsletter=newsletter, detail=detail
            )
            tie = find_tie(connection, subscriber_id, newsletter)
        assert tie is not None  # just written
        return tie

    def subscriptions(self, subscriber_id: int) -> Sequence[Subscription]:
        """Every tie of a reader, those they left too, by newsletter."""
        query = select_ties().where(subscriptions.c.subscriber_id == subscriber_id).order_by(subscriptions.c.newsletter)
        with self._database.read() as connection:
            return [to_subscription(row) for row in connection.execute(query)]

    def confirm(self, subscriber_id: int, newsletter: str, *, now: datetime, detail: str = "") -> bool:
        """Double opt-in's second half. True when the tie is confirmed now; False when there is none to confirm."""
        tie = self._tie_where(subscriber_id, newsletter)
        change = update(subscriptions).where(*tie, subscriptions.c.state == "unconfirmed")
        with self._database.write() as connection:
            done = connection.execute(change.values(state="confirmed", confirmed_at=now)).rowcount == 1
            if done:
                log_event(connection, subscriber_id, now, "confirmed", newsletter=newsletter, detail=detail)
            found = find_tie(connection, subscriber_id, newsletter)
        return found is not None and found.state == "confirmed"

    def unsubscribe(
        self, subscriber_id: int, newsletter: str | None = None, *, now: datetime, detail: str = ""
    ) -> Sequence[str]:
        """End one tie, or all of them (None). Idempotent; returns the newsletters that ended just now.

        Messages planned already are stopped by `Deliveries.turn`, which the sender asks just before DATA.
        """
        change = update(subscriptions).where(
            *self._tie_where(subscriber_id, newsletter), subscriptions.c.state != "unsubscribed"
        )
        change = change.values(state="unsubscribed", unsubscribed_at=now)
        with self._database.write() as connection:
            ended = sorted(connection.scalars(change.returning(subscriptions.c.newsletter)))
            for name in ended:
                log_event(connection, subscriber_id, now, "unsubscribed", newsletter=name, detail=detail)
        return ended

    def _tie_where(self, subscriber_id: int, newsletter: str | None) -> tuple[Any, ...]:
        person = subscriptions.c.subscriber_id == subscriber_id
        return (person,) if newsletter is None else (person, subscriptions.c.newsletter == newsletter)

    def audience(self, newsletter: str) -> Iterator[tuple[Subscriber, Subscription]]:
        """Everybody confirmed and not suppressed, by number, in constant memory: read a page at a time."""
        last = 0
        query = (
            select(*select_people().selected_columns, *select_ties().selected_columns)
            .join_from(subscriptions, subscribers)
            .where(subscriptions.c.newsletter == newsletter, subscriptions.c.state == "confirmed", ~is_suppressed())
            .order_by(subscriptions.c.subscriber_id)
            .limit(PAGE)
        )
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(subscriptions.c.subscriber_id > last)).all()
            if not page:
                return
            for row in page:
                yield Subscriber(*row[:6]), to_subscription(row[6:])
            last = page[-1][0]

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """How many subscriptions each newsletter has in each state; 'suppressed' counts confirmed ones held back."""
        by = (subscriptions.c.newsletter, subscriptions.c.state)
        held = (
            select(subscriptions.c.newsletter, func.count())
            .join_from(subscriptions, subscribers)
            .where(subscriptions.c.state == "confirmed", is_suppressed())
            .group_by(subscriptions.c.newsletter)
        )
        found: dict[str, Counter[str]] = {}
        with self._database.read() as connection:
            for newsletter, state, number in connection.execute(select(*by, func.count()).group_by(*by)):
                found.setdefault(newsletter, Counter())[state] = number
            for newsletter, number in connection.execute(held):
                found[newsletter]["suppressed"] = number
        return found
