"""Delivery: the record of handing one message to a mail server, and its state transitions. Pure.

    planned -> claimed -> handed_over -> accepted (-> bounced)
                              |-> deferred -> claimed ...      a temporary refusal: later, until `max_late`
                              |-> refused                      a permanent refusal
                              |-> planned                      the server never had it
                              `-> unknown -> planned           the process or the connection died: see `in_doubt`

The store's SQL makes the transitions, many rows at a time; a test with random senders, replies, crashes and clocks
checks it against `TRANSITIONS` (tests/store/test_sending_rules.py). `settle` decides what a server's reply means.

Under `in_doubt = "resend"` a connection that broke after the message is a temporary refusal a few times; then the
delivery stays unknown.

Each planned subscriber has exactly one row; at the end every row is accepted, bounced, refused, suppressed, skipped or
unknown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from digest.deliver.outcome import Outcome

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


class Delivery(NamedTuple):
    """One row per edition and subscriber, unique. SMTP 250 means `accepted`, which is not proof of delivery.

    `address` is frozen at planning; `variant` names the bytes shared with other subscribers; `epoch` is the claim that
    holds the row, and results of other claims do not count. `not_before` and `next_attempt` are aware UTC; `id` is the
    row's id in the store. A tuple, because one edition makes a hundred thousand of them and a frozen dataclass takes
    five times as long to make.
    """

    edition_id: str
    subscriber_id: int
    address: str
    variant: str
    state: DeliveryState = "planned"
    reason: str = ""  # the server's last reply, or ours
    attempts: int = 0
    epoch: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    not_before: datetime | None = None
    next_attempt: datetime | None = None
    updated_at: datetime | None = None
    id: int = 0
    sent_at: int = 0  # Date of its message in seconds since 1970, from the first hand-over on; 0: none yet


InDoubt = Literal["resend", "hold"]

#: The states that may follow each state.
TRANSITIONS: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    "planned": frozenset({"claimed", "suppressed", "skipped"}),
    "claimed": frozenset({"handed_over", "planned", "deferred", "suppressed", "skipped"}),  # given back as it was
    "handed_over": frozenset({"accepted", "deferred", "refused", "unknown", "planned"}),
    "deferred": frozenset({"claimed", "planned", "suppressed", "skipped"}),
    "unknown": frozenset({"planned", "bounced"}),
    "accepted": frozenset({"bounced"}),
    "refused": frozenset({"planned"}),  # a refusal that was part of a wave was not about this subscriber
    "bounced": frozenset(),
    "suppressed": frozenset(),
    "skipped": frozenset({"planned"}),  # another newsletter should have brought it and does not
}
#: States that do not change by themselves.
SETTLED: Final[frozenset[DeliveryState]] = frozenset(
    {"accepted", "bounced", "refused", "suppressed", "skipped", "unknown"}
)
#: Most attempts of a delivery that is in doubt; then an operator decides. So a person gets one copy more at most.
MAX_RESENDS: Final = 2
_PAUSES: Final = tuple(timedelta(minutes=m) for m in (2, 5, 10, 20, 30, 60, 120, 240))


def settle(
    delivery: Delivery,
    outcome: Outcome,
    now: datetime,
    last_moment: datetime | None = None,
    in_doubt: InDoubt = "hold",
) -> Delivery:
    """Return a handed-over delivery in the state that the server's reply leads to.

    A temporary refusal waits for `next_attempt`; if that would be later than `last_moment` (slot plus `max_late`), it
    waits until `last_moment` and is then skipped as too late. `planned` does not count as an attempt. A delivery in
    doubt is tried again in the same way if `in_doubt` is "resend", at most `MAX_RESENDS` times.
    """
    if outcome.state == "unknown" and in_doubt == "resend" and delivery.attempts < MAX_RESENDS:
        again = next_attempt(delivery, now, last_moment)
        if again is not None:  # else it stays unknown: 'skipped' would mean that it did not arrive
            reason = f"{outcome.reason}; sent again, since nobody knows if it arrived"
            return _after(delivery, "deferred", reason, now)._replace(next_attempt=again)
    after = _after(delivery, outcome.state, outcome.reason, now)
    if outcome.state == "planned":
        return after._replace(attempts=delivery.attempts - 1, next_attempt=None)
    if outcome.state == "deferred":
        return after._replace(next_attempt=next_attempt(after, now, last_moment) or last_moment)
    return after


def next_attempt(delivery: Delivery, now: datetime, last_moment: datetime | None = None) -> datetime | None:
    """When to try again after a temporary refusal: growing pauses, spread by a fifth to avoid a burst.

    None when that would be too late. Greylisting servers want 5 minutes or more (RFC 6647), hence the second step.
    """
    pause = _PAUSES[min(max(delivery.attempts, 1), len(_PAUSES)) - 1]
    spread = (delivery.subscriber_id * 2654435761 % 1000) / 5000  # Knuth's hash: 0 to 0.2, the same each time
    again = now + pause * (1 + spread)
    return None if last_moment is not None and again > last_moment else again


def _after(delivery: Delivery, state: DeliveryState, reason: str, now: datetime) -> Delivery:
    return delivery._replace(state=state, reason=reason, updated_at=now, owner="", lease_until=None)
