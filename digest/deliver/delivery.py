"""Delivery: the record of handing one message to a mail server, and every step it may take. Pure.

    planned -> claimed -> handed_over -> accepted (-> bounced)
                              |-> deferred -> claimed ...      a temporary no: later, until `max_late`
                              |-> refused                      a permanent no
                              |-> planned                      the server never had it: nobody's fault
                              `-> unknown -> planned           we died or the line did: `in_doubt` decides

The steps are taken by the store's SQL, many rows at a time; `NEXT` is what a test with random senders, replies, crashes
and clocks holds it to (tests/store/test_sending_rules.py). What a server's answer means is decided here: `settle`.

Under `in_doubt = "resend"` a line that broke after the message is a temporary no, a few times; then it stays unknown.

At any time one row is one planned person; at the end every row is accepted, bounced, refused, suppressed, skipped or
unknown, and nothing is missing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from digest.deliver.reply import Outcome

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
    """One row per edition and subscriber, unique. SMTP 250 is `accepted`; nobody ever claims 'delivered'.

    `address` is frozen at planning; `variant` names the bytes shared with other readers; `epoch` is the claim that
    holds it, and nobody else's results count. `not_before` and `next_attempt` are aware UTC; `id` is the store's number
    of the row. A tuple, since a hundred thousand are made for one edition and a frozen dataclass takes five times as
    long to make.
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
    id: int = 0


InDoubt = Literal["resend", "hold"]

#: Where each state may go; what is not here cannot happen.
NEXT: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    "planned": frozenset({"claimed", "suppressed", "skipped"}),
    "claimed": frozenset({"handed_over", "planned", "deferred", "suppressed", "skipped"}),  # given back as it was
    "handed_over": frozenset({"accepted", "deferred", "refused", "unknown", "planned"}),
    "deferred": frozenset({"claimed", "planned", "suppressed", "skipped"}),
    "unknown": frozenset({"planned", "bounced"}),
    "accepted": frozenset({"bounced"}),
    "refused": frozenset({"planned"}),  # a refusal that was part of a wave was no word about this person
    "bounced": frozenset(),
    "suppressed": frozenset(),
    "skipped": frozenset({"planned"}),  # another newsletter was to tell it and does not
}
#: Nothing more is going to happen by itself.
SETTLED: Final[frozenset[DeliveryState]] = frozenset(
    {"accepted", "bounced", "refused", "suppressed", "skipped", "unknown"}
)
#: A server that breaks off after every message may have taken each: so many copies at most, then a person decides.
RESENDS: Final = 5
_PAUSES: Final = tuple(timedelta(minutes=m) for m in (2, 5, 10, 20, 30, 60, 120, 240))


def settle(
    delivery: Delivery,
    outcome: Outcome,
    now: datetime,
    last_moment: datetime | None = None,
    in_doubt: InDoubt = "hold",
) -> Delivery:
    """What the server's answer makes of a handed-over delivery.

    A temporary refusal waits for `next_attempt`; when that would be later than `last_moment` (slot plus `max_late`) it
    waits until then, and is skipped as too late. `planned` gives the attempt back. What is in doubt is tried again like
    that when `in_doubt` says so, `RESENDS` times at most.
    """
    if outcome.state == "unknown" and in_doubt == "resend" and delivery.attempts < RESENDS:
        again = next_attempt(delivery, now, last_moment)
        if again is not None:  # else it stays unknown: 'skipped' would say that nobody has it
            said = f"{outcome.reason}; sent again, since nobody knows if it arrived"
            return _after(delivery, "deferred", said, now)._replace(next_attempt=again)
    after = _after(delivery, outcome.state, outcome.reason, now)
    if outcome.state == "planned":
        return after._replace(attempts=delivery.attempts - 1, next_attempt=None)
    if outcome.state == "deferred":
        return after._replace(next_attempt=next_attempt(after, now, last_moment) or last_moment)
    return after


def next_attempt(delivery: Delivery, now: datetime, last_moment: datetime | None = None) -> datetime | None:
    """When to try again after a temporary refusal: growing pauses, spread by a fifth, so that not all come at once.

    None when that would be too late. Greylisting servers want 5 minutes or more (RFC 6647), hence the second step.
    """
    pause = _PAUSES[min(max(delivery.attempts, 1), len(_PAUSES)) - 1]
    spread = (delivery.subscriber_id * 2654435761 % 1000) / 5000  # Knuth's hash: 0 to 0.2, the same each time
    moment = now + pause * (1 + spread)
    return None if last_moment is not None and moment > last_moment else moment


def _after(delivery: Delivery, state: DeliveryState, reason: str, now: datetime) -> Delivery:
    return delivery._replace(state=state, reason=reason, updated_at=now, owner="", lease_until=None)
