"""Sites: which of them a collector asks at this moment, so that no two ask one at once.

One small fact a collector, with all the sites it holds: a round takes hundreds, and gives them back together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from digest.store.database import Area
from digest.store.records import IsGone, nobody_is_gone
from digest.store.tables import meta

#: A collector that has not been heard of for this long holds nothing any more.
SITES_LEASE: Final = timedelta(minutes=10)

_KEY: Final = "collector "


class Sites(Area):
    """The sites (host names) that collectors hold."""

    def take(
        self, wanted: Iterable[str], owner: str, *, now: datetime, is_gone: IsGone = nobody_is_gone
    ) -> frozenset[str]:
        """Hold those of these sites that nobody else holds, instead of what this owner held before; returns them.

        What a collector held that `is_gone`, or was not heard of for `SITES_LEASE`, is free.
        """
        with self._database.write() as connection:
            self._database.lock(connection, "sites")
            taken = self._held_by_others(connection, owner, now, is_gone)
            mine = frozenset(wanted) - taken
            self._put(connection, owner, mine, now)
        return mine

    def renew(self, owner: str, *, now: datetime) -> None:
        """Say that this owner is still at it."""
        with self._database.write() as connection:
            self._database.lock(connection, "sites")
            value = connection.scalar(select(meta.c.value).where(meta.c.key == _KEY + owner))
            if value is not None:
                self._put(connection, owner, json.loads(value)["sites"], now)

    def let_go(self, owner: str) -> None:
        """Give back all that this owner holds."""
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == _KEY + owner))

    def _held_by_others(self, connection: Connection, owner: str, now: datetime, is_gone: IsGone) -> set[str]:
        """What is held; the facts of those who died are forgotten on the way."""
        taken: set[str] = set()
        of_all = select(meta.c.key, meta.c.value).where(meta.c.key.startswith(_KEY, autoescape=True))
        for key, value in connection.execute(of_all).all():
            holder, fact = key.removeprefix(_KEY), json.loads(value)
            if holder == owner:
                continue
            heard = datetime.fromisoformat(fact["heard"])
            if abs(now - heard) < SITES_LEASE and not is_gone(holder):  # a clock that went back blocks nobody either
                taken.update(fact["sites"])
            else:
                connection.execute(delete(meta).where(meta.c.key == key))
        return taken

    def _put(self, connection: Connection, owner: str, sites: Iterable[str], now: datetime) -> None:
        fact: dict[str, Any] = {"heard": now.isoformat(), "sites": sorted(sites)}
        upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
        connection.execute(upsert, {"key": _KEY + owner, "value": json.dumps(fact)})
