"""Delivery: the record of handing one message to a mail server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

DeliveryState = Literal[
    "planned",
    "claimed",
    "handed_over",
    "accepted",
    "deferred",
    "refused",
    "bounced",
    "unknown",
    "suppressed",
    "skipped",
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row per edition and subscriber, unique. SMTP 250 is `accepted`; nobody ever claims 'delivered'.

    `address` is frozen at planning; `variant` names the bytes shared with other readers; `epoch` guards a claim: a
    result whose epoch is not the row's is not written. `not_before` and `next_attempt` are aware UTC.
    """

    edition_id: str
    subscriber_id: int
    address: str
    variant: str
    state: DeliveryState = "planned"
    reason: str = ""  # the server's last words, or ours
    attempts: int = 0
    epoch: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    not_before: datetime | None = None
    next_attempt: datetime | None = None
    updated_at: datetime | None = None
