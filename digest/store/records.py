"""What the store answers where no noun of the house fits: named tuples, so that they pass as plain tuples too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from digest.collect.entry import Entry
from digest.compose.edition import Edition
from digest.deliver.delivery import DeliveryState
from digest.deliver.subscriber import Subscriber, Subscription, Suppression

SlotOutcome = Literal["", "composed", "skipped"]


#: Whether the process of an owner's name has certainly ended.
IsGone = Callable[[str], bool]


def nobody_is_gone(owner: str) -> bool:
    """Where nobody can look."""
    return False


class ToldRow(NamedTuple):
    """One canonical URL of one printed story, for the ledger; `fingerprint` is JSON of `ledger.Told`."""

    story_key: str
    url: str
    title: str
    lead: str
    fingerprint: str


class DeliveryResult(NamedTuple):
    """What came of one claimed delivery, named by its `id`; `next_attempt` is for `deferred` only."""

    id: int
    state: DeliveryState
    reason: str = ""
    next_attempt: datetime | None = None


class SavedEntries(NamedTuple):
    """How many entries of one `feeds.save` were never seen before, and how many had new content."""

    new: int
    changed: int


class Seen(NamedTuple):
    """One entry in a feed's history: when we met it, when the feed says it was published, and its key."""

    first_seen: datetime
    published: datetime | None
    key: str


class Slot(NamedTuple):
    """A slot somebody took; `slot` is local time as in `Edition.slot`.

    `outcome` is "" while the work goes on, and then `reason` is whose work that is.
    """

    newsletter: str
    slot: str
    claimed_at: datetime
    outcome: str
    reason: str
    edition_id: str
    decided_at: datetime | None


class EditRecord(NamedTuple):
    """One line of an edition's history. `action` is JSON; `edition` is its content after a change of content."""

    version: int
    author: str
    at: datetime
    action: str
    edition: Edition | None


class Told(NamedTuple):
    """One article as an edition printed it. `at` is when that edition goes or went out; `fingerprint` free JSON."""

    edition_id: str
    newsletter: str
    at: datetime
    story_key: str
    url: str
    title: str
    lead: str
    fingerprint: str


class Turn(NamedTuple):
    """What one turn of a sender came to: results written, deliveries that are ours to send, and those nobody wants.

    `halted`: the edition (or all sending) was paused or cancelled meanwhile; what is not `ours` is to be given back.
    """

    written: int = 0
    ours: frozenset[int] = frozenset()
    unwanted: frozenset[int] = frozenset()
    halted: bool = False


class Released(NamedTuple):
    """What `release_expired` found: claims given back, and hand-overs whose answer nobody will ever know."""

    planned: int
    unknown: int


class Settlement(NamedTuple):
    """The books of an edition. `difference` must be 0; `open` counts deliveries that are not at an end yet."""

    planned: int
    states: Mapping[str, int]
    open: int
    difference: int


class Imported(NamedTuple):
    """People who were new, people we knew, and subscriptions added. An import never undoes an unsubscription."""

    added: int
    known: int
    subscriptions: int


class ReaderEvent(NamedTuple):
    """Something a reader did, or we did for them."""

    at: datetime
    what: str
    newsletter: str
    detail: str


class ReaderWhy(NamedTuple):
    """Everything known of one address: for the person who asks, and for the editor who must answer."""

    subscriber: Subscriber | None
    subscriptions: tuple[Subscription, ...]
    suppression: Suppression | None
    events: tuple[ReaderEvent, ...]
    deliveries: tuple[tuple[str, str, str, datetime], ...]  # edition, state, reason, when


class Pruned(NamedTuple):
    """What `prune` did: entries without their texts now, and articles dropped."""

    entries: int
    articles: int


BounceKind = Literal["hard", "soft", "refusal", "complaint"]


class BounceRecord(NamedTuple):
    """One notice about an address."""

    at: datetime
    kind: str
    edition_id: str
    detail: str


class Editor(NamedTuple):
    """Somebody who may sign in at the desk."""

    name: str
    address: str
    password_hash: str
    role: str
    created_at: datetime


class Finding(NamedTuple):
    """One result of `check`. `remedy` is "" when all is well."""

    level: Literal["ok", "warning", "error"]
    what: str
    remedy: str = ""


class Quarantined(NamedTuple):
    """A feed with entries that are held for review, oldest first."""

    feed_url: str
    entries: tuple[Entry, ...]
