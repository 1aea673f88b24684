"""What the three verbs need from outside, as callables, and the one Protocol: the Store, by the area it keeps.

`digest.store.Store` fills it; `bootstrap` brings the rest. Everything is ours: no library's type passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.feed import Feed, FetchOutcome, ParsedFeed
from digest.compose.edition import Edition, EditionState

#: Tells a person how far a stage is: (stage, done, total). Never a decision.
Progress = Callable[[str, int, int], None]

FetchFeeds = Callable[[Sequence[Feed]], Iterator[FetchOutcome]]
ParseFeeds = Callable[[Iterable[FetchOutcome]], Iterator[tuple[FetchOutcome, ParsedFeed]]]
#: Fetches and reads the pages of entries; one article for each entry, whatever happened to its page.
ReadEntries = Callable[[Sequence[Entry]], Iterator[tuple[Entry, Article]]]


def silent(stage: str, done: int, total: int) -> None:
    """The progress of who does not want any."""


class ToldRow(NamedTuple):
    """One canonical URL of one printed story, for the ledger; `fingerprint` is JSON of `ledger.Told`."""

    story_key: str
    url: str
    title: str
    lead: str
    fingerprint: str


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

    def save(self, pairs: Iterable[tuple[Entry, Article]], *, now: datetime) -> None:
        """Store what was read for each entry."""

    def candidates(
        self, feed_urls: Collection[str], since: datetime, until: datetime
    ) -> Sequence[tuple[tuple[Entry, ...], Article]]:
        """Articles first seen in the window, each with all entries of these feeds that carry it."""


class EditionsKept(Protocol):
    """Editions, their slots, and the ledger of what was told."""

    def claim_slot(self, newsletter: str, slot: str, now: datetime) -> bool:
        """True for exactly one of all who ask."""

    def create(self, edition: Edition, candidates_json: str, *, now: datetime, author: str = "") -> None:
        """Store a new edition and its slot's outcome; raises EditConflict when the slot has one."""

    def get(self, edition_id: str) -> Edition | None:
        """The edition as it is now."""

    def slots(self, newsletter: str, since: str = "") -> Sequence[Any]:
        """The slots that anybody took, with `slot`, `outcome` and `edition_id`."""

    def told(self, newsletters: str | Collection[str] | None, since: datetime) -> Sequence[Any]:
        """Every article printed since, with `edition_id`, `story_key` and `fingerprint`."""

    def record_told(self, edition_id: str, rows: Iterable[ToldRow]) -> None:
        """Write what an edition prints into the ledger."""

    def decide_slot(
        self, newsletter: str, slot: str, outcome: Any, reason: str = "", *, now: datetime, edition_id: str = ""
    ) -> None:
        """Write down what became of a slot that has no edition."""

    def in_state(self, *states: EditionState) -> Sequence[Edition]:
        """Every edition in one of these states, the one due first at the head."""

    def versions(self, edition_id: str) -> Sequence[Any]:
        """The history of an edition, each with `action` (JSON)."""

    def note(self, edition_id: str, author: str, action: str, *, now: datetime) -> None:
        """Add a line to the history that changes nothing."""

    def approve(self, edition_id: str, content_hash: str, author: str, *, now: datetime) -> None:
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


class Store(Protocol):
    """All state, by area."""

    @property
    def feeds(self) -> FeedsKept: ...
    @property
    def articles(self) -> ArticlesKept: ...
    @property
    def editions(self) -> EditionsKept: ...
