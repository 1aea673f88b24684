"""Suppressions: who must be left alone, whatever the reason; and limits on how often something may happen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, update

from digest.deliver.subscriber import Suppression, SuppressionReason
from digest.store.codec import address_hash, text_hash
from digest.store.database import Area, chunks
from digest.store.tables import occurrences, suppressions


class Suppressing(Area):
    """Addresses that must not be mailed, kept by their hash."""

    def suppress(self, address: str, reason: SuppressionReason, detail: str = "", *, now: datetime) -> None:
        """Never mail this address again; the first reason stays, except that a complaint outweighs the others."""
        row = {"address_hash": address_hash(address), "address": address.strip(), "reason": reason, "since": now}
        with self._database.write() as connection:
            made = connection.execute(
                self._database.insert_ignore(suppressions, ["address_hash"]), {**row, "detail": detail}
            ).rowcount
            if made != 1 and reason == "complaint":
                mine = suppressions.c.address_hash == row["address_hash"]
                connection.execute(update(suppressions).where(mine).values(reason=reason, detail=detail))

    def unsuppress(self, address: str) -> bool:
        """Mail this address again; False when it was not suppressed."""
        change = delete(suppressions).where(suppressions.c.address_hash == address_hash(address))
        with self._database.write() as connection:
            return connection.execute(change).rowcount == 1

    def suppressed(self, addresses: Iterable[str]) -> set[str]:
        """Those of the addresses, as given, that must not be mailed."""
        found: set[str] = set()
        with self._database.read() as connection:
            for part in chunks(addresses):
                hashes = {address_hash(address): address for address in part}
                query = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(hashes))
                hit = set(connection.scalars(query))
                found.update(address for address in part if address_hash(address) in hit)
        return found

    def suppressions(self) -> Sequence[Suppression]:
        """Every suppression, oldest first; the address is "" where the person asked to be forgotten."""
        query = select(
            suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.detail
        ).order_by(suppressions.c.since, suppressions.c.address_hash)
        with self._database.read() as connection:
            return [Suppression(*row) for row in connection.execute(query)]

    def allow(self, key: str, limits: Sequence[tuple[timedelta, int]], *, now: datetime) -> bool:
        """Count one occurrence of `key` unless a limit (so many within so long) is reached: then False.

        One transaction decides, so two requests at once cannot both be the last one allowed. `key` is kept as a hash.
        """
        o = occurrences.c
        mine = o.key_hash == text_hash(key)
        longest = max(window for window, _ in limits)
        with self._database.write() as connection:
            self._database.lock(connection, f"limit:{key}")
            connection.execute(delete(occurrences).where(mine, o.at <= now - longest))
            for window, most in limits:
                count = select(func.count()).select_from(occurrences).where(mine, o.at > now - window)
                if (connection.scalar(count) or 0) >= most:
                    return False
            connection.execute(insert(occurrences), {"key_hash": text_hash(key), "at": now})
        return True
