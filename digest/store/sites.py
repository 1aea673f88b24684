"""Sites: which of them each collector polls at this moment, so that no two poll one at once.

One fact in `meta` a collector, with all the sites it holds: a round acquires hundreds and releases them together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from digest.store.database import Area
from digest.store.leases import SITES_LEASE, IsGone, nobody_is_gone
from digest.store.tables import meta

_KEY: Final = "collector "


class Sites(Area):
    """The sites (host names) that collectors hold."""

    def acquire(
        self, names: Iterable[str], owner: str, *, now: datetime, is_gone: IsGone = nobody_is_gone
    ) -> frozenset[str]:
        """Acquire those of these sites that no other owner holds, in place of what this owner held; return them.

        Sites of an owner that `is_gone`, or has not renewed for `SITES_LEASE`, are free.
        """
        with self._database.write() as connection:
            self._database.lock(connection, "sites")
            taken = self._of_others(connection, owner, now, is_gone)
            acquired = frozenset(names) - taken
            self._put(connection, owner, acquired, now)
        return acquired

    def renew(self, owner: str, *, now: datetime) -> None:
        """Hold an owner's sites for another `SITES_LEASE`."""
        with self._database.write() as connection:
            self._database.lock(connection, "sites")
            value = connection.scalar(select(meta.c.value).where(meta.c.key == _KEY + owner))
            if value is not None:
                self._put(connection, owner, json.loads(value)["sites"], now)

    def release(self, owner: str) -> None:
        """Release all sites of an owner."""
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == _KEY + owner))

    def _of_others(self, connection: Connection, owner: str, now: datetime, is_gone: IsGone) -> set[str]:
        """The sites of other owners; facts of owners that ended are deleted."""
        taken: set[str] = set()
        query = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_KEY, autoescape=True))
        for key, value in connection.execute(query).all():
            holder, fact = key.removeprefix(_KEY), json.loads(value)
            if holder == owner:
                continue
            heard = datetime.fromisoformat(fact["heard"])
            if abs(now - heard) < SITES_LEASE and not is_gone(
                holder
            ):  # nor does a clock that was set back block anybody
                taken.update(fact["sites"])
            else:
                connection.execute(delete(meta).where(meta.c.key == key))
        return taken

    def _put(self, connection: Connection, owner: str, sites: Iterable[str], now: datetime) -> None:
        fact: dict[str, Any] = {"heard": now.isoformat(), "sites": sorted(sites)}
        upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
        connection.execute(upsert, {"key": _KEY + owner, "value": json.dumps(fact)})
