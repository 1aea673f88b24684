"""Subscriber: a person, their subscriptions, and their suppression."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SubscriptionState = Literal["unconfirmed", "confirmed", "unsubscribed"]
SuppressionReason = Literal["bounce", "complaint", "unsubscribe", "manual"]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person. `address` is the exact text used in RCPT TO; `language`, `timezone` may be "" (the newsletter's)."""

    id: int
    address: str
    name: str = ""
    language: str = ""
    timezone: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A person's subscription to a newsletter. Empty `topics` are all its topics, `theme` "" is its default theme."""

    subscriber_id: int
    newsletter: str
    state: SubscriptionState = "unconfirmed"
    topics: tuple[str, ...] = ()
    confirmed_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    theme: str = ""
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that must not be mailed, for all newsletters. `address` is NFKC lower case."""

    address: str
    reason: SuppressionReason
    since: datetime
    detail: str = ""
