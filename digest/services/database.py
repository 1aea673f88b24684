"""The database as a whole: upgrade, check and back up, also where it cannot be opened as it is."""

from __future__ import annotations

from pathlib import Path

from digest.errors import DigestError, Finding
from digest.services.context import Context, Progress
from digest.settings import Settings


class Database:
    """The open database of a program."""

    def __init__(self, context: Context) -> None:
        self._store = context.store

    def check(self) -> list[Finding]:
        """Return the health of schema and data."""
        return [*self._store.meta.check()]

    def problem(self) -> str:
        """Return why the database does not answer, or ""."""
        try:
            self._store.meta.get("health")
        except DigestError as error:
            return str(error)
        return ""


def upgrade(settings: Settings) -> None:
    """Bring the database to this program's schema; one that is not there is made. Raises StoreError."""
    from digest.store import open_store

    open_store(settings.store.url, upgrade=True).close()


def check(settings: Settings) -> list[Finding]:
    """Open the database without changing it and return its health. Raises StoreError."""
    from digest.store import open_store

    with open_store(settings.store.url) as store:
        return [*store.meta.check()]


def backup(settings: Settings, file: Path) -> Path:
    """Write a checked copy of the database to `file` while everything runs. Raises StoreError."""
    from digest.store import open_store

    with open_store(settings.store.url) as store:
        return store.meta.backup(file)


def copy(source_url: str, target_url: str, progress: Progress) -> dict[str, int]:
    """Copy a whole installation into an empty database, checked and paused; return the rows by table.

    Raises StoreError.
    """
    from digest.store import copy_store

    return {table.name: table.rows for table in copy_store(source_url, target_url, progress)}
