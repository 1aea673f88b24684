"""The ledger: every article that an edition printed, so that no edition prints it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from digest.compose.edition import EditionState
from digest.store.database import Area
from digest.store.tables import editions, told

#: The states in which subscribers have seen an edition, or are about to.
PRINTED: tuple[EditionState, ...] = ("approved", "sending", "paused", "sent")


class LedgerRow(NamedTuple):
    """One canonical URL of one printed story; `fingerprint` is JSON."""

    story_key: str
    url: str
    title: str
    lead: str
    fingerprint: str


class LedgerEntry(NamedTuple):
    """A ledger row with its edition; `at` is when that edition goes or went out."""

    edition_id: str
    newsletter: str
    at: datetime
    story_key: str
    url: str
    title: str
    lead: str
    fingerprint: str


class Ledger(Area):
    """The stories that the editions of all newsletters printed."""

    def replace(self, edition_id: str, rows: Iterable[LedgerRow]) -> None:
        """Store what an edition prints, in place of its former rows."""
        with self._database.write() as connection:
            replace_rows(connection, edition_id, rows)

    def since(
        self, newsletters: str | Collection[str] | None, since: datetime, states: Collection[EditionState] = PRINTED
    ) -> Sequence[LedgerEntry]:
        """Every article printed since, by editions that went out or are about to; oldest first.

        `newsletters` is one, several, or None for all of them.
        """
        columns = (told.c.story_key, told.c.url, told.c.title, told.c.lead, told.c.fingerprint)
        query = select(editions.c.id, editions.c.newsletter, editions.c.send_at, *columns).join_from(told, editions)
        query = query.where(editions.c.send_at >= since, editions.c.state.in_(states))
        if newsletters is not None:
            names = [newsletters] if isinstance(newsletters, str) else [*newsletters]
            query = query.where(editions.c.newsletter.in_(names))
        with self._database.read() as connection:
            return [LedgerEntry(*row) for row in connection.execute(query.order_by(editions.c.send_at, told.c.id))]


def replace_rows(connection: Connection, edition_id: str, rows: Iterable[LedgerRow]) -> None:
    """Store what an edition prints, in place of its former rows, in a transaction under way."""
    values = [{"edition_id": edition_id, **row._asdict()} for row in rows]
    connection.execute(delete(told).where(told.c.edition_id == edition_id))
    if values:
        connection.execute(insert(told), values)
