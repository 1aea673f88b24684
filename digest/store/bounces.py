"""Bounces and complaints, each counted once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import select

from digest.store.codec import address_hash
from digest.store.database import Area
from digest.store.tables import bounces

BounceKind = Literal["hard", "soft", "refusal", "complaint"]


class BounceRecord(NamedTuple):
    """One notice about an address."""

    at: datetime
    kind: str
    edition_id: str
    detail: str


class Bounces(Area):
    """Every notice that a mail did not arrive or was not welcome."""

    def record(
        self,
        address: str,
        kind: BounceKind,
        notice: str,
        *,
        at: datetime,
        detail: str = "",
        edition_id: str = "",
        subscriber_id: int | None = None,
    ) -> bool:
        """Store one notice; False when it is stored already: `notice` identifies it (Message-ID, webhook id)."""
        row = {
            "at": at,
            "kind": kind,
            "address_hash": address_hash(address),
            "subscriber_id": subscriber_id,
            "edition_id": edition_id,
            "source_key": notice,
            "detail": detail,
        }
        with self._database.write() as connection:
            return connection.execute(self._database.insert_ignore(bounces, ["source_key"]), row).rowcount == 1

    def of(self, address: str, since: datetime) -> Sequence[BounceRecord]:
        """The notices about an address since then, oldest first."""
        c = bounces.c
        query = select(c.at, c.kind, c.edition_id, c.detail).where(
            c.address_hash == address_hash(address), c.at >= since
        )
        with self._database.read() as connection:
            return [BounceRecord(*row) for row in connection.execute(query.order_by(c.at, c.id))]
