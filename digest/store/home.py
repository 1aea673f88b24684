"""The home of a store: the place where it was used last. A copy at another place must not send by itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select, text

from digest.store.claim import PAUSED_KEY
from digest.store.database import Database
from digest.store.tables import meta

_KEY: Final = "home"
_SERVER_PLACE: Final = """
SELECT (SELECT system_identifier FROM pg_control_system()), d.oid, 'meta'::regclass::oid
FROM pg_database d WHERE d.datname = current_database()
"""
_MOVED_FILE: Final = (
    "this store was used on another machine or in another folder before: make sure that it no longer sends there, "
    "then 'digest schedule pause --resume'"
)
_MOVED_DATABASE: Final = (
    "this database was restored or copied: make sure that the former one no longer sends, and see what was sent since "
    "the copy was taken, then 'digest schedule pause --resume'"
)


def pause_if_moved(database: Database) -> str | None:
    """Pause sending, once, when the store is a copy at a new place. Returns the reason, or None when it is not.

    A cloned machine, a copied file or a restored dump would mail everybody a second time. The new place and the pause
    are stored in one transaction, so that no crash leaves a copy that sends. Any number of machines may use one
    PostgreSQL database: only a restored one is at a new place, not a promoted standby.
    """
    with database.read() as connection:
        if _place(database, connection) == _stored(connection):
            return None
    with database.write() as connection:
        database.lock(connection, _KEY)
        before = _stored(connection)
        reason = _MOVED_FILE if database.is_sqlite else _MOVED_DATABASE
        if before is None or before == _place(database, connection):
            record_home(database, connection)
            return None
        record_home(database, connection, reason)
    return reason


def record_home(database: Database, connection: Connection, pause: str = "") -> None:
    """Store the place of the database, and pause all sending with the reason `pause` unless that is ""."""
    upsert = database.upsert(meta, ["key"], lambda new: {"value": new.value})
    connection.execute(upsert, {"key": _KEY, "value": _place(database, connection)})
    if pause:
        connection.execute(upsert, {"key": PAUSED_KEY, "value": pause})


def _stored(connection: Connection) -> str | None:
    return connection.scalar(select(meta.c.value).where(meta.c.key == _KEY))


def _place(database: Database, connection: Connection) -> str:
    """A name for the place that says nothing about it. No host name: containers change theirs."""
    if database.is_sqlite:
        try:
            machine = Path("/etc/machine-id").read_text().strip()
        except OSError:
            machine = ""
        place = f"{machine}\n{database.path.resolve()}"
    else:  # a restored dump creates its tables anew, in whatever database
        place = "\n".join(map(str, connection.execute(text(_SERVER_PLACE)).one()))
    return hashlib.sha256(place.encode()).hexdigest()
