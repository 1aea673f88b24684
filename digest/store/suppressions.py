"""Suppressions: addresses that must not be mailed, whatever the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from digest.deliver.subscriber import Suppression, SuppressionReason
from digest.store.codec import address_hash
from digest.store.database import Area, chunks
from digest.store.tables import suppressions


class Suppressions(Area):
    """Addresses that must not be mailed, found by their hash."""

    def add(self, address: str, reason: SuppressionReason, detail: str = "", *, now: datetime) -> None:
        """Never mail this address again; the first reason stays, except that a complaint outweighs the others."""
        row = {"address_hash": address_hash(address), "address": address.strip(), "reason": reason, "since": now}
        with self._database.write() as connection:
            insert = self._database.insert_ignore(suppressions, ["address_hash"])
            is_new = connection.execute(insert, {**row, "detail": detail}).rowcount == 1
            if not is_new and reason == "complaint":
                stored = suppressions.c.address_hash == row["address_hash"]
                connection.execute(update(suppressions).where(stored).values(reason=reason, detail=detail))

    def remove(self, address: str) -> bool:
        """Mail this address again; False when it was not suppressed."""
        change = delete(suppressions).where(suppressions.c.address_hash == address_hash(address))
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def matching(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses, as given, that must not be mailed."""
        suppressed: set[str] = set()
        with self._database.read() as connection:
            for part in chunks(addresses):
                by_address = {address: address_hash(address) for address in part}
                query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(by_address.values()))
                hashes = set(connection.scalars(query))
                suppressed.update(address for address, key in by_address.items() if key in hashes)
        return suppressed

    def all(self) -> Sequence[Suppression]:
        """Every suppression, oldest first; the address is "" where the person asked to be forgotten."""
        query = select(
            suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail
        ).order_by(suppressions.c.since, suppressions.c.address_hash)
        with self._database.read() as connection:
            return [Suppression(*row) for row in connection.execute(query)]
