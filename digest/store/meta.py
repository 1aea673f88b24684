"""Small facts by key, the pause of all sending, backups, and the health of the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, select, update

from digest.errors import Finding
from digest.store.backup import backup
from digest.store.claim import PAUSED_KEY
from digest.store.database import Area
from digest.store.health import check
from digest.store.home import pause_if_moved
from digest.store.tables import meta


class Meta(Area):
    """Small facts by key, and operations on the database as a whole."""

    def get(self, key: str) -> str | None:
        """The value of a fact, or None."""
        with self._database.read() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == key))

    def set(self, key: str, value: str | None) -> None:
        """Store a fact; None deletes it."""
        with self._database.write() as connection:
            if value is None:
                connection.execute(delete(meta).where(meta.c.key == key))
            else:
                upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
                connection.execute(upsert, {"key": key, "value": value})

    def compare_and_set(self, key: str, before: str | None, value: str) -> bool:
        """Store a fact if its value still is `before`. True for exactly one of all callers."""
        with self._database.write() as connection:
            if before is None:
                row = {"key": key, "value": value}
                return connection.execute(self._database.insert_ignore(meta, ["key"]), row).rowcount == 1
            change = update(meta).where(meta.c.key == key, meta.c.value == before).values(value=value)
            return connection.execute(change).rowcount == 1

    def pause_sending(self, reason: str) -> None:
        """Stop every sender on this store at its next claim."""
        self.set(PAUSED_KEY, reason)

    def resume_sending(self) -> None:
        """End the pause."""
        self.set(PAUSED_KEY, None)

    def sending_paused(self) -> str | None:
        """Why sending is paused, or None when it is not."""
        return self.get(PAUSED_KEY)

    def pause_if_moved(self) -> str | None:
        """See `digest.store.home.pause_if_moved`. Call it before sending."""
        return pause_if_moved(self._database)

    def backup(self, path: Path | str) -> Path:
        """See `digest.store.backup.backup`."""
        return backup(self._database, Path(path))

    def check(self) -> Sequence[Finding]:
        """The health of the store, each finding with its remedy."""
        with self._database.read() as connection:
            return list(check(self._database, connection))
