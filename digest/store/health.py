"""The health of a database, as findings with their remedies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from digest.store import schema
from digest.store.database import Database
from digest.store.records import Finding
from digest.store.tables import entries

#: Older SQLite libraries have a bug that can damage a WAL database under load (https://sqlite.org/releaselog/3_51_3.html).
SAFE_SQLITE = (3, 51, 3)


def check(database: Database, connection: Connection) -> Iterator[Finding]:
    """Everything that can be found out about a store without changing it."""
    found, at = schema.state(connection), schema.revision(connection)
    words, _, remedy = schema.describe(database, found, at).partition(": ")
    yield Finding("ok" if found == "current" else "error", words, remedy)
    yield from _sqlite(database, connection) if database.is_sqlite else _server(database, connection)
    if found == "current":
        yield from _held(connection)


def _held(connection: Connection) -> Iterator[Finding]:
    held = select(entries.c.feed_url, func.count()).where(entries.c.standing == "held").group_by(entries.c.feed_url)
    for url, number in connection.execute(held):
        what = f"{url}: {number} new entries at once are held for review"
        yield Finding("warning", what, f"digest feeds release {url}, or the same with --drop")


def _sqlite(database: Database, connection: Connection) -> Iterator[Finding]:
    damage = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    if damage:
        yield Finding("error", f"the database is damaged: {damage[0]}", "stop digest and restore the last backup")
    else:
        yield Finding("ok", f"{database.name}: nothing is damaged")
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield Finding(
            "warning",
            f"the SQLite library is {sqlite3.sqlite_version}, with a known bug that can damage a busy database",
            "use a Python with SQLite 3.51.3 or newer, or PostgreSQL; until then 'digest db backup' every day",
        )
    tables = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    for name in tables:
        if name.startswith("_alembic_tmp_"):
            yield Finding("error", f"an upgrade ended half-way ({name})", "restore the backup made before it")


def _server(database: Database, connection: Connection) -> Iterator[Finding]:
    if connection.scalar(text("SHOW fsync")) == "off":
        yield Finding("error", "the server runs with fsync = off: a power cut loses mails", "set fsync = on")
    else:
        yield Finding("ok", f"{database.name}: commits are durable")
    now = connection.scalar(select(func.clock_timestamp()))
    assert isinstance(now, datetime)
    drift = abs((now - datetime.now(now.tzinfo)).total_seconds())
    if drift > 60:
        what = f"the clock of the server and ours are {drift:.0f} s apart"
        yield Finding("warning", what, "let both follow a time server: leases and slots go by the clock")
