"""Record a bounce: mark the delivery, and suppress an address that bounced too often or complained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from digest.deliver.bounce import Event, Notice, Rules, verdict
from digest.deliver.return_path import edition_code
from digest.deliver.subscriber import Subscriber

if TYPE_CHECKING:
    from digest.store import Store

RULES: Final = Rules()

Effect = Literal["unknown", "repeated", "noted", "suppressed", "unsubscribed"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The effect of a notice, and the subscriber (0: unknown)."""

    effect: Effect
    subscriber_id: int = 0


def record(store: Store, notice: Notice, now: datetime, rules: Rules = RULES) -> Recorded:
    """Record one proven notice; the same one again changes nothing."""
    subscriber = store.subscribers.get(notice.subscriber_id) if notice.subscriber_id is not None else None
    if subscriber is None and notice.address:
        subscriber = store.subscribers.find(notice.address)
    if subscriber is None:
        return Recorded("unknown")
    if notice.kind == "unsubscribe":
        newsletter = notice.newsletter or _newsletter(store, _edition_id(store, subscriber.id, notice.edition_code))
        ended = store.subscriptions.unsubscribe(subscriber.id, newsletter, now=now, detail="by mail")
        return Recorded("unsubscribed" if ended else "repeated", subscriber.id)
    edition = _edition_id(store, subscriber.id, notice.edition_code)
    new = store.bounces.record(
        subscriber.address,
        notice.kind,
        notice.key,
        at=now,
        detail=notice.detail,
        edition_id=edition,
        subscriber_id=subscriber.id,
    )
    if not new:
        return Recorded("repeated", subscriber.id)
    if edition and notice.kind in ("hard", "soft", "refusal"):
        store.deliveries.mark_bounced(edition, subscriber.id, notice.detail, now=now)
    return Recorded(_weigh(store, subscriber, notice.detail, now, rules), subscriber.id)


def weigh_refusal(
    store: Store, subscriber: Subscriber, kind: Literal["hard", "soft"], edition_id: str, detail: str, now: datetime
) -> Effect:
    """Count a refusal during sending as a bounce of the address."""
    key = f"reply:{edition_id}:{subscriber.id}"
    if not store.bounces.record(
        subscriber.address, kind, key, at=now, detail=detail, edition_id=edition_id, subscriber_id=subscriber.id
    ):
        return "repeated"
    return _weigh(store, subscriber, detail, now, RULES)


def _weigh(store: Store, subscriber: Subscriber, detail: str, now: datetime, rules: Rules) -> Effect:
    events = [
        Event(record.at, record.kind, record.edition_id)
        for record in store.bounces.of(subscriber.address, now - rules.memory)
    ]
    reason = verdict(events, now, rules, store.deliveries.history_of(subscriber.id))
    if not reason:
        return "noted"
    store.suppressions.add(subscriber.address, reason, detail, now=now)
    return "suppressed"


def _edition_id(store: Store, subscriber_id: int, code: str) -> str:
    """Return the edition that the code in a return address stands for, or ""."""
    if not code:
        return ""
    return next((e for e in store.deliveries.editions_of(subscriber_id) if edition_code(e) == code), "")


def _newsletter(store: Store, edition_id: str) -> str | None:
    """The newsletter of an edition; None, for all newsletters, when the edition is not known any more."""
    edition = store.editions.get(edition_id) if edition_id else None
    return edition.newsletter if edition else None
