"""The ledger: what readers were told, by the editions that told it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from digest.compose.edition import EditionState
from digest.store.database import Area
from digest.store.records import Told, ToldRow
from digest.store.tables import editions, told

#: The states in which readers have seen an edition, or are about to.
PRINTED: tuple[EditionState, ...] = ("approved", "sending", "paused", "sent")


class Ledger(Area):
    """Every article that any edition printed."""

    def record_told(self, edition_id: str, rows: Iterable[tuple[str, str, str, str, str]]) -> None:
        """Write what an edition prints (`ToldRow`s) into the ledger, in place of what was there for it."""
        with self._database.write() as connection:
            self._record_told(connection, edition_id, rows)

    def _record_told(
        self, connection: Connection, edition_id: str, rows: Iterable[tuple[str, str, str, str, str]]
    ) -> None:
        values = [{"edition_id": edition_id, **ToldRow(*row)._asdict()} for row in rows]
        connection.execute(delete(told).where(told.c.edition_id == edition_id))
        if values:
            connection.execute(insert(told), values)

    def told(
        self, newsletters: str | Collection[str] | None, since: datetime, states: Collection[EditionState] = PRINTED
    ) -> Sequence[Told]:
        """The ledger: every article printed since, in editions that went out or are about to; oldest first.

        `newsletters` is one, several, or None for all of them.
        """
        columns = (told.c.story_key, told.c.url, told.c.title, told.c.lead, told.c.fingerprint)
        query = select(editions.c.id, editions.c.newsletter, editions.c.send_at, *columns).join_from(told, editions)
        query = query.where(editions.c.send_at >= since, editions.c.state.in_(states))
        if newsletters is not None:
            names = [newsletters] if isinstance(newsletters, str) else [*newsletters]
            query = query.where(editions.c.newsletter.in_(names))
        with self._database.read() as connection:
            return [Told(*row) for row in connection.execute(query.order_by(editions.c.send_at, told.c.id))]
