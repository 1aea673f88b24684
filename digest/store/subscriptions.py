"""Subscriptions: who gets which newsletter, with which topics, and the audience of an edition."""

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
    find_subscription,
    is_suppressed,
    log_event,
    select_subscribers,
    select_subscriptions,
    subscription_row,
    to_subscription,
)
from digest.store.tables import subscribers, subscriptions


class Subscriptions(Area):
    """The subscriptions of people to newsletters."""

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
        """Subscribe a person, or change their topics (none means all). Returns the subscription as stored.

        A confirmed one stays confirmed when `state` is unconfirmed; one that had ended starts again with `state`.
        """
        row = subscription_row(subscriber_id, Subscription(subscriber_id, newsletter, state, tuple(topics)), now)
        with self._database.write() as connection:
            before = find_subscription(connection, subscriber_id, newsletter)
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
            stored = find_subscription(connection, subscriber_id, newsletter)
        assert stored is not None  # just written
        return stored

    def of(self, subscriber_id: int) -> Sequence[Subscription]:
        """Every subscription of a person, also those that ended, by newsletter."""
        c = subscriptions.c
        query = select_subscriptions().where(c.subscriber_id == subscriber_id).order_by(c.newsletter)
        with self._database.read() as connection:
            return [to_subscription(row) for row in connection.execute(query)]

    def confirm(self, subscriber_id: int, newsletter: str, *, now: datetime, detail: str = "") -> bool:
        """Confirm a subscription (double opt-in). True when it is confirmed now, False when there is none."""
        condition = self._of(subscriber_id, newsletter)
        change = update(subscriptions).where(*condition, subscriptions.c.state == "unconfirmed")
        with self._database.write() as connection:
            changed = connection.execute(change.values(state="confirmed", confirmed_at=now)).rowcount == 1
            if changed:
                log_event(connection, subscriber_id, now, "confirmed", newsletter=newsletter, detail=detail)
            stored = find_subscription(connection, subscriber_id, newsletter)
        return stored is not None and stored.state == "confirmed"

    def unsubscribe(
        self, subscriber_id: int, newsletter: str | None = None, *, now: datetime, detail: str = ""
    ) -> Sequence[str]:
        """End one subscription, or all of them (None). Idempotent; returns the newsletters that ended just now.

        Messages planned already are stopped by `Claim.record_progress`, which the sender calls just before DATA.
        """
        change = update(subscriptions).where(
            *self._of(subscriber_id, newsletter), subscriptions.c.state != "unsubscribed"
        )
        change = change.values(state="unsubscribed", unsubscribed_at=now)
        with self._database.write() as connection:
            ended = sorted(connection.scalars(change.returning(subscriptions.c.newsletter)))
            for name in ended:
                log_event(connection, subscriber_id, now, "unsubscribed", newsletter=name, detail=detail)
        return ended

    def _of(self, subscriber_id: int, newsletter: str | None) -> tuple[Any, ...]:
        person = subscriptions.c.subscriber_id == subscriber_id
        return (person,) if newsletter is None else (person, subscriptions.c.newsletter == newsletter)

    def audience(self, newsletter: str) -> Iterator[tuple[Subscriber, Subscription]]:
        """Yield everybody confirmed and not suppressed, by id, in constant memory."""
        last = 0
        query = (
            select(*select_subscribers().selected_columns, *select_subscriptions().selected_columns)
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
        """The number of subscriptions by newsletter and state; 'suppressed' counts the confirmed ones not mailed."""
        by = (subscriptions.c.newsletter, subscriptions.c.state)
        suppressed = (
            select(subscriptions.c.newsletter, func.count())
            .join_from(subscriptions, subscribers)
            .where(subscriptions.c.state == "confirmed", is_suppressed())
            .group_by(subscriptions.c.newsletter)
        )
        counts: dict[str, Counter[str]] = {}
        with self._database.read() as connection:
            for newsletter, state, count in connection.execute(select(*by, func.count()).group_by(*by)):
                counts.setdefault(newsletter, Counter())[state] = count
            for newsletter, count in connection.execute(suppressed):
                counts[newsletter]["suppressed"] = count
        return counts
