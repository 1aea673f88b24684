"""Overlap: the stories that a reader of an edition has from another newsletter already, so that none comes twice.

Looked up once, when the recipients are frozen, in the editions of other newsletters that were sent lately or are about
to be and were planned before: the edition that is planned first has the story. It costs one query of the ledger, and a
merge of the deliveries of the few editions that share a story with the readers in their order: linear in readers,
constant in memory (about 40 microseconds a reader), so it works for a million. Every set of stories left out is a
variant of its own, which is rendered once; their number is bounded, and a reader who would need one more gets a variant
that leaves out less.

If the other edition is cancelled, skipped or edited after this one was planned, `plan_recipients.give_back` plans those
readers again before the first mail is sent; they miss only what is withdrawn later than that.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from digest.compose.edition import Edition
from digest.compose.ledger import Told
from digest.compose.overlap import repeats
from digest.deliver.audience import Variant
from digest.deliver.delivery import Delivery
from digest.services.compose.compose_edition import told_of

if TYPE_CHECKING:
    from digest.store import Store

#: Editions of other newsletters count when they were sent within BACK before this one or are due within AHEAD after it.
BACK: Final = timedelta(hours=36)
AHEAD: Final = timedelta(hours=12)
#: Most other editions that are looked at: those that share most stories.
SIBLINGS: Final = 4
#: Most different sets of stories that are left out.
SETS: Final = 16
_HAD: Final = frozenset(("planned", "claimed", "handed_over", "accepted", "deferred", "unknown"))


class Overlap:
    """The stories that readers of one edition have from others. Call it by ascending subscriber id."""

    def __init__(self, store: Store, edition: Edition) -> None:
        printed: defaultdict[str, dict[str, Told]] = defaultdict(dict)
        for row in store.ledger.since(None, edition.send_at - BACK):
            if row.newsletter != edition.newsletter and row.at <= edition.send_at + AHEAD:
                printed[row.edition_id].setdefault(row.story_key, told_of(json.loads(row.fingerprint)))
        shared = {name: repeats(edition, list(stories.values())) for name, stories in sorted(printed.items())}
        most = sorted((name for name in shared if shared[name]), key=lambda name: (-len(shared[name]), name))
        self._siblings = [_Sibling(store, name, shared[name]) for name in most[:SIBLINGS]]
        self._sets: list[frozenset[str]] = []

    def __call__(self, subscriber_id: int) -> frozenset[str]:
        """Return the keys of the stories that this subscriber has from other newsletters."""
        if not self._siblings:
            return frozenset()
        had = frozenset[str]().union(*(sibling.had(subscriber_id) for sibling in self._siblings))
        if not had or had in self._sets:
            return had
        if len(self._sets) < SETS:
            self._sets.append(had)
            return had
        return max((known for known in self._sets if known < had), key=len, default=frozenset())


class _Sibling:
    """Another newsletter's edition with the stories that it shares, and an iterator over its deliveries."""

    def __init__(self, store: Store, edition_id: str, shared: Mapping[str, str]) -> None:
        self._shared = shared
        self._edition = store.editions.get(edition_id)
        self._rows: Iterator[Delivery] = iter(store.deliveries.listing(edition_id))
        self._row = next(self._rows, None)
        self._shown: dict[str, frozenset[str]] = {}

    def had(self, subscriber_id: int) -> frozenset[str]:
        while self._row is not None and self._row.subscriber_id < subscriber_id:
            self._row = next(self._rows, None)
        if self._row is None or self._row.subscriber_id != subscriber_id or self._row.state not in _HAD:
            return frozenset()
        if self._row.variant not in self._shown:
            self._shown[self._row.variant] = self._of(self._row.variant)
        return self._shown[self._row.variant]

    def _of(self, variant: str) -> frozenset[str]:
        """Return the keys of our stories that a variant of the other edition has."""
        if self._edition is None:
            return frozenset()
        parsed = Variant.parse(variant)
        shown = {story.key for section in parsed.sections(self._edition) for story in section.stories}
        return frozenset(key for key, their in self._shared.items() if their in shown.difference(parsed.without))
