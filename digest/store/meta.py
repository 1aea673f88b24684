"""Small facts by key, the pause of all sending, backups, and the health of the store."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, select, text, update

from digest.errors import Finding
from digest.store.backup import backup
from digest.store.claim import PAUSED_KEY
from digest.store.database import Area
from digest.store.health import check
from digest.store.tables import meta

_HOME_KEY = "home"
_SERVER_PLACE = """
SELECT (SELECT system_identifier FROM pg_control_system()), d.oid, 'meta'::regclass::oid
FROM pg_database d WHERE d.datname = current_database()
"""
_MOVED_FILE = (
    "this store was used on another machine or in another folder before: make sure that it no longer sends there, "
    "then 'digest schedule pause --resume'"
)
_MOVED_DATABASE = (
    "this database was restored or copied: make sure that the former one no longer sends, and see what was sent since "
    "the copy was taken, then 'digest schedule pause --resume'"
)


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
        """Pause sending, once, when this store is a copy at a new place. Returns the reason, or None when it is not.

        Call it before sending: a cloned machine, a copied file or a restored dump would mail everybody a second time.
        The new place and the pause are stored in one transaction, so that no crash leaves a copy that sends. Any number
        of machines may use one PostgreSQL database: only a restored one is at a new place, not a promoted standby.
        """
        with self._database.read() as connection:
            if self._home(connection) == connection.scalar(select(meta.c.value).where(meta.c.key == _HOME_KEY)):
                return None
        with self._database.write() as connection:
            self._database.lock(connection, _HOME_KEY)
            here = self._home(connection)
            before = connection.scalar(select(meta.c.value).where(meta.c.key == _HOME_KEY))
            upsert = self._database.upsert(meta, ["key"], lambda new: {"value": new.value})
            connection.execute(upsert, {"key": _HOME_KEY, "value": here})
            if before is None or before == here:
                return None
            reason = _MOVED_FILE if self._database.is_sqlite else _MOVED_DATABASE
            connection.execute(upsert, {"key": PAUSED_KEY, "value": reason})
        return reason

    def _home(self, connection: Connection) -> str:
        """A name for the place of this store that says nothing about it. No host name: containers change theirs."""
        if self._database.is_sqlite:
            try:
                machine = Path("/etc/machine-id").read_text().strip()
            except OSError:
                machine = ""
            place = f"{machine}\n{self._database.path.resolve()}"
        else:  # a restored dump creates its tables anew, in whatever database
            place = "\n".join(map(str, connection.execute(text(_SERVER_PLACE)).one()))
        return hashlib.sha256(place.encode()).hexdigest()

    def backup(self, path: Path | str) -> Path:
        """See `digest.store.backup.backup`."""
        return backup(self._database, Path(path))

    def check(self) -> Sequence[Finding]:
        """The health of the store, each finding with its remedy."""
        with self._database.read() as connection:
            return list(check(self._database, connection))
