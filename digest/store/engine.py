"""Engines: connections to SQLite and PostgreSQL as the promise of delivery needs them."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from digest.errors import StoreError
from digest.store.error_messages import is_busy

#: Seconds to wait for another writer before giving up.
BUSY_SECONDS = 30.0


def parse_url(url: str) -> URL:
    """The URL of a supported database, with our driver. Raises StoreError for any other."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(f"{url!r} is no database URL", "use sqlite:///digest.db or postgresql://…") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"{parsed.drivername}: this database is not supported", "use sqlite:///… or postgresql://…")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError(f"{url}: the store must outlive the program", "name a file, as in sqlite:///digest.db")
    return parsed.set(drivername="sqlite+pysqlite")


#: Enough connections for all threads of the web server; without `preserve_rowcount` an INSERT has no row count.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 32, "execution_options": {"preserve_rowcount": True}}
#: Options for reading transactions: all their queries see one state.
ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}


def sqlite_engine(url: URL, busy_seconds: float) -> Engine:
    """The engine for an SQLite file: durable commits, and readers that do not wait for the writer."""
    engine = create_engine(
        url,
        connect_args={"timeout": busy_seconds, "isolation_level": None, "check_same_thread": False},
        **_POOL,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # FULL: an acknowledged commit survives a power cut, on which the promise of delivery depends.
        _write_ahead(connection, busy_seconds)
        for setting in (
            "foreign_keys=ON",
            "synchronous=FULL",
            "cache_size=-16000",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {setting}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


def _write_ahead(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Set the journal mode WAL, in which readers do not wait for the writer.

    When two connections set it on a new file at the same time, each holds the lock that the other needs, and SQLite
    refuses one without calling the busy handler (sqlite.org/c3ref/busy_handler.html): so we wait and try again.
    """
    until = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def postgresql_engine(url: URL) -> Engine:
    """The engine for a PostgreSQL server. Raises StoreError when the driver is missing."""
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **_POOL)
    except ModuleNotFoundError:
        remedy = "install it with pip install 'newsletter-digest[postgresql]'"
        raise StoreError("the driver of PostgreSQL is not installed", remedy) from None

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # A server that acknowledges before it writes lost 325 commits in 15 kills (docs/delivery.md).
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"SET lock_timeout = '{int(BUSY_SECONDS)}s'")
        connection.commit()

    return engine
