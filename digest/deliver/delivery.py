"""Delivery: the record of handing one message to a mail server, and every step it may take. Pure.

    planned -> claimed -> handed_over -> accepted (-> bounced)
                              |-> deferred -> claimed ...      a temporary no: later, until `max_late`
                              |-> refused                      a permanent no
                              |-> planned                      the server never had it: nobody's fault
                              `-> unknown -> claimed           we died or the line did: `in_doubt` decides

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

#: Where each state may go; what is not here cannot happen, and the store's SQL keeps to it.
NEXT: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    "planned": frozenset({"claimed", "suppressed", "skipped"}),
    "claimed": frozenset({"handed_over", "planned", "suppressed", "skipped"}),
    "handed_over": frozenset({"accepted", "deferred", "refused", "unknown", "planned"}),
    "deferred": frozenset({"claimed", "suppressed", "skipped"}),
    "unknown": frozenset({"claimed", "accepted", "refused", "bounced", "skipped", "suppressed"}),
    "accepted": frozenset({"bounced"}),
    "refused": frozenset({"planned"}),  # only by `reopen`
    "bounced": frozenset(),
    "suppressed": frozenset(),
    "skipped": frozenset(),
}
#: Nothing more is going to happen by itself.
SETTLED: Final[frozenset[DeliveryState]] = frozenset(
    {"accepted", "bounced", "refused", "suppressed", "skipped", "unknown"}
)
#: A server that breaks off after every message may have taken each: so many copies at most, then a person decides.
RESENDS: Final = 5
_PAUSES: Final = tuple(timedelta(minutes=m) for m in (2, 5, 10, 20, 30, 60, 120, 240))


class IllegalStep(ValueError):
    """A delivery was asked to take a step that does not exist; a mistake of ours, never of a server."""


def to(delivery: Delivery, state: DeliveryState, now: datetime, reason: str = "") -> Delivery:
    """The delivery in that state. Raises IllegalStep."""
    if state not in NEXT[delivery.state]:
        raise IllegalStep(f"{delivery.edition_id}/{delivery.subscriber_id}: {delivery.state} cannot become {state}")
    return delivery._replace(state=state, reason=reason, updated_at=now)


def is_claimable(delivery: Delivery, now: datetime, in_doubt: InDoubt = "resend") -> bool:
    """True when a sender may take it now."""
    if delivery.state == "unknown":
        return in_doubt == "resend"
    due = max(filter(None, (delivery.not_before, delivery.next_attempt)), default=now)
    return delivery.state in {"planned", "deferred"} and due <= now


def claim(delivery: Delivery, owner: str, now: datetime, lease: timedelta) -> Delivery:
    """Taken by a sender until the lease ends, under an epoch of its own: results that name another are void."""
    claimed = to(delivery, "claimed", now, delivery.reason)
    return claimed._replace(owner=owner, epoch=delivery.epoch + 1, lease_until=now + lease)


def hand_over(delivery: Delivery, now: datetime) -> Delivery:
    """The intent: written and durable before the message's DATA."""
    return to(delivery._replace(attempts=delivery.attempts + 1), "handed_over", now, delivery.reason)


def settle(
    delivery: Delivery,
    outcome: Outcome,
    now: datetime,
    last_moment: datetime | None = None,
    in_doubt: InDoubt = "hold",
) -> Delivery:
    """What the server's answer makes of a handed-over delivery.

    A temporary refusal waits for `next_attempt`; when that would be later than `last_moment` (slot plus `max_late`) it
    stays deferred with a time that never comes due before `expire` has it skipped. `planned` gives the attempt back.
    What is in doubt is tried again like that when `in_doubt` says so, `RESENDS` times at most.
    """
    if outcome.state == "unknown" and in_doubt == "resend" and delivery.attempts < RESENDS:
        again = next_attempt(delivery, now, last_moment)
        if again is not None:  # else it stays unknown: 'skipped' would say that nobody has it
            waiting = to(delivery, "deferred", now, f"{outcome.reason}; sent again, since nobody knows if it arrived")
            return waiting._replace(owner="", lease_until=None, next_attempt=again)
    after = to(delivery, outcome.state, now, outcome.reason)._replace(owner="", lease_until=None)
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


def reopen(delivery: Delivery, now: datetime) -> Delivery:
    """A refusal that was part of a wave was no word about this person: planned again, for when the edition resumes."""
    return to(delivery, "planned", now, delivery.reason)._replace(next_attempt=None)


def expire(delivery: Delivery, now: datetime, last_moment: datetime) -> Delivery:
    """Too late is skipped and says so; whatever is settled or under way stays as it is."""
    if delivery.state not in {"planned", "deferred"} or now <= last_moment:
        return delivery
    said = f"; the server's last word: {delivery.reason}" if delivery.reason else ""
    return to(delivery, "skipped", now, f"too late (after {last_moment:%Y-%m-%d %H:%M} UTC){said}")


def recover(delivery: Delivery, now: datetime) -> Delivery:
    """What a lease that ended leaves behind: claimed was never sent; handed over may have been, and is said to be."""
    if delivery.lease_until is None or now < delivery.lease_until:
        return delivery
    if delivery.state == "claimed":
        return to(delivery, "planned", now, delivery.reason)._replace(owner="", lease_until=None)
    if delivery.state == "handed_over":
        lost = to(delivery, "unknown", now, "the sender stopped before the server's answer was recorded")
        return lost._replace(owner="", lease_until=None)
    return delivery
