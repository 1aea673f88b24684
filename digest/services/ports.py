"""What the three verbs need from outside, as callables, and the one Protocol: the Store, by the area it keeps.

`digest.store.Store` fills it; `bootstrap` brings the rest. Everything is ours: no library's type passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.feed import Feed, FetchOutcome, ParsedFeed
from digest.compose.edition import EDITABLE, Edition, EditionState
from digest.deliver.delivery import Delivery, DeliveryState
from digest.store.records import IsGone, ToldRow, nobody_is_gone

#: Tells a person how far a stage is: (stage, done, total). Never a decision.
Progress = Callable[[str, int, int], None]

FetchFeeds = Callable[[Sequence[Feed]], Iterator[FetchOutcome]]
ParseFeeds = Callable[[Iterable[FetchOutcome]], Iterator[tuple[FetchOutcome, ParsedFeed]]]
#: Fetches and reads the pages of entries; one article for each entry, whatever happened to its page.
ReadEntries = Callable[[Sequence[Entry]], Iterator[tuple[Entry, Article]]]


def silent(stage: str, done: int, total: int) -> None:
    """The progress of who does not want any."""


class FeedsKept(Protocol):
    """What is known of feeds and what they brought."""

    def get(self, urls: Iterable[str]) -> Mapping[str, Feed]:
        """Each feed by its URL; one never met is a fresh `Feed`."""

    def save(
        self,
        feed: Feed,
        accepted: Sequence[Entry],
        quarantined: Sequence[Entry] = (),
        archived: Sequence[Entry] = (),
        *,
        now: datetime,
    ) -> tuple[int, int]:
        """Store a poll in one transaction; how many entries were new, and how many changed."""

    def urls(self, feed_url: str) -> Collection[str]:
        """The canonical URLs of all entries of a feed."""

    def known(self, feed_url: str) -> Mapping[str, str]:
        """The content hash of every entry of a feed by its key."""


class ArticlesKept(Protocol):
    """What was read."""

    def unread(self, limit: int | None = None) -> Sequence[Entry]:
        """Entries whose page was not read since their content was new."""

    def read_before(self, waiting: Iterable[Entry]) -> int:
        """How many of these entries are of an article that was read already."""

    def save(self, pairs: Iterable[tuple[Entry, Article]], *, now: datetime) -> None:
        """Store what was read for each entry."""

    def host_blocks(self, host: str) -> str | None:
        """What was learned about the repeated lines of a host (JSON)."""

    def save_host_blocks(self, host: str, data: str, *, now: datetime) -> None:
        """Remember them."""

    def candidates(
        self, feed_urls: Collection[str], since: datetime, until: datetime
    ) -> Sequence[tuple[tuple[Entry, ...], Article]]:
        """Articles first seen in the window, each with all entries of these feeds that carry it."""


class SitesKept(Protocol):
    """Which sites collectors ask at this moment."""

    def take(
        self, wanted: Iterable[str], owner: str, *, now: datetime, is_gone: IsGone = nobody_is_gone
    ) -> frozenset[str]:
        """Hold those of these sites that nobody else holds, instead of what this owner held before; returns them."""

    def renew(self, owner: str, *, now: datetime) -> None:
        """Say that this owner is still at it."""

    def let_go(self, owner: str) -> None:
        """Give back all that this owner holds."""


class EditionsKept(Protocol):
    """Editions, their slots, and the ledger of what was told."""

    def claim_slot(
        self, newsletter: str, slot: str, now: datetime, *, owner: str = "", is_gone: IsGone = nobody_is_gone
    ) -> bool:
        """True for exactly one of all who ask; what an owner held that `is_gone` is free at once."""

    def create(
        self,
        edition: Edition,
        candidates_json: str,
        *,
        now: datetime,
        author: str = "",
        told: Iterable[ToldRow] = (),
    ) -> None:
        """Store a new edition, what it tells and its slot's outcome; raises EditConflict when the slot has one."""

    def get(self, edition_id: str) -> Edition | None:
        """The edition as it is now."""

    def save(
        self,
        edition: Edition,
        expect_version: int,
        author: str,
        action: str,
        *,
        now: datetime,
        states: Collection[EditionState] = EDITABLE,
        told: Iterable[ToldRow] | None = None,
    ) -> None:
        """Replace the content of an edition that still has `expect_version`, and what it tells; void its plan.

        Raises EditConflict.
        """

    def slots(self, newsletter: str, since: str = "") -> Sequence[Any]:
        """The slots that anybody took, with `slot`, `outcome` and `edition_id`."""

    def told(self, newsletters: str | Collection[str] | None, since: datetime) -> Sequence[Any]:
        """Every article printed since, with `edition_id`, `story_key` and `fingerprint`."""

    def decide_slot(
        self, newsletter: str, slot: str, outcome: Any, reason: str = "", *, now: datetime, edition_id: str = ""
    ) -> None:
        """Write down what became of a slot that has no edition."""

    def in_state(self, *states: EditionState) -> Sequence[Edition]:
        """Every edition in one of these states, the one due first at the head."""

    def versions(self, edition_id: str) -> Sequence[Any]:
        """The history of an edition, each with `action` (JSON), and `edition` where its content changed."""

    def note(self, edition_id: str, author: str, action: str, *, now: datetime) -> None:
        """Add a line to the history that changes nothing."""

    def note_once(self, edition_id: str, author: str, action: str, *, now: datetime) -> bool:
        """Add a line to the history unless it is there; True for exactly one of all who ask."""

    def approve(self, edition_id: str, content_hash: str, author: str, *, now: datetime) -> Any:
        """Approve exactly the content that `content_hash` names; raises EditConflict or EditionError."""

    def set_state(
        self,
        edition_id: str,
        from_states: Collection[EditionState],
        to_state: EditionState,
        reason: str = "",
        *,
        now: datetime,
        author: str = "",
    ) -> bool:
        """Compare and set; False when the edition is in none of `from_states`."""


class DeliveriesKept(Protocol):
    """One row an edition and reader, from plan to end; see `digest.store.deliveries`."""

    def plan(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """One row for each reader that has none yet."""

    def revise(self, edition_id: str, rows: Iterable[Delivery], *, now: datetime) -> int:
        """Plan rows otherwise that are neither claimed nor tried yet."""

    def claim(self, edition_id: str, owner: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Delivery]:
        """Take what is due; nobody else gets it meanwhile. The `epoch` of each names the claim."""

    def turn(
        self, epoch: int, owner: str, results: Sequence[Any], intents: Collection[Delivery], *, now: datetime
    ) -> Any:
        """Write `DeliveryResult`s and intents of a claim in one durable commit; the ids that are `ours` to send,
        and those that are `unwanted`.
        """

    def renew(self, epoch: int, owner: str, *, now: datetime, lease: timedelta) -> bool:
        """Hold on to a claim; False when it is no longer ours."""

    def holders(self) -> Collection[str]:
        """The owners of all that is claimed or handed over."""

    def settle(self, edition_id: str, *, now: datetime) -> Any:
        """Compare the plan with what became of it, and keep the result."""

    def release_expired(self, *, now: datetime, owner: str | None = None) -> Any:
        """End the claims whose lease is over."""

    def requeue(
        self,
        edition_id: str,
        states: Collection[DeliveryState],
        *,
        now: datetime,
        subscriber_ids: Collection[int] | None = None,
        tried_below: int | None = None,
        meant_after: datetime | None = None,
    ) -> int:
        """Plan again what came to one of these states; `tried_below` leaves out what was handed over that often, and
        `meant_after` who was to have it by then.
        """

    def close_open(
        self, edition_id: str, state: DeliveryState, reason: str, *, now: datetime, meant_by: datetime | None = None
    ) -> int:
        """Put everything that still waits at an end; with `meant_by` only for those who were to have it by then."""

    def listing(self, edition_id: str) -> Iterator[Delivery]:
        """Every delivery of an edition, by subscriber, in constant memory."""

    def variants(self, edition_id: str) -> Collection[str]:
        """Every variant that somebody was planned for."""

    def summary(self, edition_id: str) -> Mapping[str, int]:
        """How many deliveries are in each state."""


class Sending(Protocol):
    """The areas of the store that delivering needs."""

    @property
    def editions(self) -> EditionsKept: ...
    @property
    def deliveries(self) -> DeliveriesKept: ...


class Store(Protocol):
    """All state, by area."""

    @property
    def feeds(self) -> FeedsKept: ...
    @property
    def articles(self) -> ArticlesKept: ...
    @property
    def sites(self) -> SitesKept: ...
    @property
    def editions(self) -> EditionsKept: ...
