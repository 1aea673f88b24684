"""The health of a database, as findings with their remedies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from digest.errors import Finding, Severity
from digest.store import schema
from digest.store.database import Database
from digest.store.tables import entries

#: Older SQLite libraries have a bug that can damage a WAL database under load (https://sqlite.org/releaselog/3_51_3.html).
SAFE_SQLITE = (3, 51, 3)


def check(database: Database, connection: Connection) -> Iterator[Finding]:
    """Check schema, integrity and configuration without changing anything."""
    state, revision = schema.state(connection), schema.revision(connection)
    problem, remedy = schema.describe(database, state, revision)
    yield _finding("ok" if state == "current" else "error", problem, remedy)
    yield from _sqlite(database, connection) if database.is_sqlite else _server(database, connection)
    if state == "current":
        yield from _quarantine(connection)


def _finding(severity: Severity, problem: str, remedy: str = "") -> Finding:
    return Finding("store", problem, remedy, severity)


def _quarantine(connection: Connection) -> Iterator[Finding]:
    query = select(entries.c.feed_url, func.count()).where(entries.c.standing == "held").group_by(entries.c.feed_url)
    for url, count in connection.execute(query):
        problem = f"{url}: {count} new entries at once are held for review"
        yield _finding("warning", problem, f"digest feeds release {url}, or the same with --drop")


def _sqlite(database: Database, connection: Connection) -> Iterator[Finding]:
    damage = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
    if damage:
        yield _finding("error", f"the database is damaged: {damage[0]}", "stop digest and restore the last backup")
    else:
        yield _finding("ok", f"{database.name}: nothing is damaged")
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        yield _finding(
            "warning",
            f"the SQLite library is {sqlite3.sqlite_version}, with a known bug that can damage a busy database",
            "use a Python with SQLite 3.51.3 or newer, or PostgreSQL; until then 'digest db backup' every day",
        )
    tables = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    for name in tables:
        if name.startswith("_alembic_tmp_"):
            yield _finding("error", f"an upgrade ended half-way ({name})", "restore the backup made before it")


def _server(database: Database, connection: Connection) -> Iterator[Finding]:
    if connection.scalar(text("SHOW fsync")) == "off":
        yield _finding("error", "the server runs with fsync = off: a power cut loses mails", "set fsync = on")
    else:
        yield _finding("ok", f"{database.name}: commits are durable")
    now = connection.scalar(select(func.clock_timestamp()))
    assert isinstance(now, datetime)
    drift = abs((now - datetime.now(now.tzinfo)).total_seconds())
    if drift > 60:
        problem = f"the clock of the server and ours are {drift:.0f} s apart"
        yield _finding("warning", problem, "let both follow a time server: leases and slots go by the clock")
