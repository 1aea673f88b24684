"""Returned mail: what a proven notice changes. A delivery is marked, and an address that had enough is left alone."""

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
class Taken:
    """What a notice did, and to whom (0: nobody we know)."""

    effect: Effect
    subscriber_id: int = 0


def take(store: Store, notice: Notice, now: datetime, rules: Rules = RULES) -> Taken:
    """Take in one proven notice; the same one again changes nothing."""
    person = store.readers.get(notice.subscriber_id) if notice.subscriber_id is not None else None
    if person is None and notice.address:
        person = store.readers.find(notice.address)
    if person is None:
        return Taken("unknown")
    if notice.kind == "unsubscribe":
        newsletter = notice.newsletter or _newsletter(store, _edition(store, person.id, notice.edition_code))
        ended = store.readers.unsubscribe(person.id, newsletter, now=now, detail="by mail")
        return Taken("unsubscribed" if ended else "repeated", person.id)
    edition = _edition(store, person.id, notice.edition_code)
    new = store.bounces.record(
        person.address,
        notice.kind,
        notice.key,
        at=now,
        detail=notice.detail,
        edition_id=edition,
        subscriber_id=person.id,
    )
    if not new:
        return Taken("repeated", person.id)
    if edition and notice.kind in ("hard", "soft", "refusal"):
        store.deliveries.bounced(edition, person.id, notice.detail, now=now)
    return Taken(_weigh(store, person, notice.detail, now, rules), person.id)


def weigh_refusal(
    store: Store, person: Subscriber, kind: Literal["hard", "soft"], edition_id: str, detail: str, now: datetime
) -> Effect:
    """Count what a server said of an address while we sent to it, as a notice would be."""
    key = f"reply:{edition_id}:{person.id}"
    if not store.bounces.record(
        person.address, kind, key, at=now, detail=detail, edition_id=edition_id, subscriber_id=person.id
    ):
        return "repeated"
    return _weigh(store, person, detail, now, RULES)


def _weigh(store: Store, person: Subscriber, detail: str, now: datetime, rules: Rules) -> Effect:
    events = [
        Event(record.at, record.kind, record.edition_id)
        for record in store.bounces.of(person.address, now - rules.memory)
    ]
    reason = verdict(events, now, rules, store.deliveries.history_of(person.id))
    if not reason:
        return "noted"
    store.readers.suppress(person.address, reason, detail, now=now)
    return "suppressed"


def _edition(store: Store, subscriber_id: int, code: str) -> str:
    """The edition that a return address means by its code."""
    if not code:
        return ""
    return next((e for e in store.deliveries.editions_of(subscriber_id) if edition_code(e) == code), "")


def _newsletter(store: Store, edition_id: str) -> str | None:
    """The newsletter of an edition; None, for all newsletters, when the edition is not known any more."""
    edition = store.editions.get(edition_id) if edition_id else None
    return edition.newsletter if edition else None
