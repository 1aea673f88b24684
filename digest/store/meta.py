"""The store's own affairs: small facts, the pause of all sending, and its health."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import delete, func, select, text

from digest.store import schema
from digest.store.backup import backup
from digest.store.database import Area
from digest.store.records import Finding
from digest.store.sending import PAUSED_KEY
from digest.store.tables import entries, meta

#: Older SQLite libraries can corrupt a WAL database (fixed in 3.51.3, see hardening notes in the documentation).
SAFE_SQLITE = (3, 51, 3)


class Meta(Area):
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

    def pause_sending(self, reason: str) -> None:
        """Stop every sender on this store at its next claim."""
        self.set(PAUSED_KEY, reason)

    def resume_sending(self) -> None:
        """Let the senders go on."""
        self.set(PAUSED_KEY, None)

    def sending_paused(self) -> str | None:
        """Why sending is paused, or None when it is not."""
        return self.get(PAUSED_KEY)

    def backup(self, path: Path | str) -> Path:
        """See `digest.store.backup.backup`."""
        return backup(self._database, Path(path))

    def check(self) -> Sequence[Finding]:
        """The health of the store, each finding with its remedy."""
        with self._database.read() as connection:
            found, at = schema.state(connection), schema.revision(connection)
            level = "ok" if found == "current" else "error"
            words, _, remedy = schema.describe(self._database, found, at).partition(": ")
            findings = [Finding("ok" if level == "ok" else "error", words, remedy)]
            if found == "current":
                findings += self._quarantine(connection)
            return findings + (self._sqlite(connection) if self._database.is_sqlite else self._server(connection))

    def _quarantine(self, connection: object) -> list[Finding]:
        from sqlalchemy import Connection

        assert isinstance(connection, Connection)
        held = select(entries.c.feed_url, func.count()).where(entries.c.standing == "held").group_by(entries.c.feed_url)
        return [
            Finding(
                "warning", f"{url}: {number} new entries at once are held for review", f"digest feeds release {url}"
            )
            for url, number in connection.execute(held)
        ]

    def _sqlite(self, connection: object) -> list[Finding]:
        from sqlalchemy import Connection

        assert isinstance(connection, Connection)
        findings = []
        problems = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
        if problems:
            findings.append(Finding("error", f"the database is damaged: {problems[0]}", "restore the last backup"))
        else:
            findings.append(Finding("ok", f"{self._database.name}: integrity"))
        if sqlite3.sqlite_version_info < SAFE_SQLITE:
            findings.append(
                Finding(
                    "warning",
                    f"the SQLite library is {sqlite3.sqlite_version}, with a known bug that can damage a busy database",
                    "use a Python with SQLite 3.51.3 or newer, or PostgreSQL; back up daily with 'digest db backup'",
                )
            )
        leftovers = [
            row[0]
            for row in connection.execute(
                text("SELECT name FROM sqlite_master WHERE name LIKE '\\_alembic\\_tmp\\_%' ESCAPE '\\'")
            )
        ]
        if leftovers:
            findings.append(
                Finding("error", f"an upgrade ended half-way ({leftovers[0]})", "restore the backup made before it")
            )
        return findings

    def _server(self, connection: object) -> list[Finding]:
        from sqlalchemy import Connection

        assert isinstance(connection, Connection)
        if connection.scalar(text("SHOW fsync")) == "off":
            return [Finding("error", "the server runs with fsync = off: a power cut loses mails", "set fsync = on")]
        return [Finding("ok", f"{self._database.name}: durable commits")]
