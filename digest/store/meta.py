"""The store's own affairs: small facts, the pause of all sending, room, backups and its health."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, select, update

from digest.store.backup import backup
from digest.store.claiming import PAUSED_KEY
from digest.store.health import check
from digest.store.records import Finding
from digest.store.retention import Retention
from digest.store.tables import meta

_HOME_KEY = "home"


class Meta(Retention):
    """Small facts by name, and what one can do with the database as a whole."""

    def get(self, key: str) -> str | None:
        """The value of a fact, or None."""
        with self._database.read() as connection:
            return connection.scalar(select(meta.c.value).where(meta.c.key == key))

    def set(self, key: str, value: str | None) -> None:
        """Remember a fact; None forgets it."""
        with self._database.write() as connection:
            if value is None:
                connection.execute(delete(meta).where(meta.c.key == key))
            else:
                upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
                connection.execute(upsert, {"key": key, "value": value})

    def swap(self, key: str, before: str | None, value: str) -> bool:
        """Compare and set: remember a fact if it still is as it was `before`; True for exactly one of all who ask."""
        with self._database.write() as connection:
            if before is None:
                row = {"key": key, "value": value}
                return connection.execute(self._database.insert_ignore(meta, ["key"]), row).rowcount == 1
            change = update(meta).where(meta.c.key == key, meta.c.value == before).values(value=value)
            return connection.execute(change).rowcount == 1

    def take(self, key: str, period: str, limit: int) -> bool:
        """Count one more for `key` in `period` (as a date) and say True, or False when there are `limit` already.

        Another period starts anew. Safe between processes: of all who ask, exactly `limit` hear True.
        """
        with self._database.write() as connection:
            self._database.lock(connection, f"meta {key}")
            value = connection.scalar(select(meta.c.value).where(meta.c.key == key)) or ""
            before, _, count = value.rpartition(" ")
            taken = int(count) if before == period and count.isdigit() else 0
            if taken >= limit:
                return False
            upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
            connection.execute(upsert, {"key": key, "value": f"{period} {taken + 1}"})
            return True

    def pause_sending(self, reason: str) -> None:
        """Stop every sender on this store at its next claim."""
        self.set(PAUSED_KEY, reason)

    def resume_sending(self) -> None:
        """Let the senders go on."""
        self.set(PAUSED_KEY, None)

    def sending_paused(self) -> str | None:
        """Why sending is paused, or None when it is not."""
        return self.get(PAUSED_KEY)

    def settle_in(self) -> str | None:
        """Ask this before sending: pauses, once, when an SQLite store wakes up on another machine or in another place.

        A clone of a machine, or a copy of the file, would mail everybody a second time. Returns why it paused, or None.
        A PostgreSQL store has many homes by intention and never pauses.
        """
        if not self._database.is_sqlite:
            return None
        here, before = _place(self._database.path), self.get(_HOME_KEY)
        if here == before:
            return None
        self.set(_HOME_KEY, here)
        if before is None:
            return None
        reason = (
            "this store was used on another machine or in another folder before: make sure that it no longer sends "
            "there, then 'digest schedule pause --resume'"
        )
        self.pause_sending(reason)
        return reason

    def backup(self, path: Path | str) -> Path:
        """See `digest.store.backup.backup`."""
        return backup(self._database, Path(path))

    def check(self) -> Sequence[Finding]:
        """The health of the store, each finding with its remedy."""
        with self._database.read() as connection:
            return list(check(self._database, connection))


def _place(path: Path) -> str:
    """A name for this file on this machine that says nothing about either. No host name: containers change theirs."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = ""
    return hashlib.sha256(f"{machine}\n{path.resolve()}".encode()).hexdigest()
