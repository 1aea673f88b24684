"""Store: all state, in one SQLite file or on one PostgreSQL server, by the same SQL.

`open_store(url)` returns a `Store`. Its parts (`feeds`, `editions`, `subscribers`, `claims` ...) take and return domain
objects. Every call is one short transaction, safe from any thread; none spans network I/O.
"""

from __future__ import annotations

import os
from pathlib import Path

from digest.errors import StoreError
from digest.store import schema
from digest.store.articles import Articles
from digest.store.backup import backup
from digest.store.bounces import Bounces
from digest.store.claims import Claims
from digest.store.copying import Progress, TableCopy, copy_database
from digest.store.database import Database
from digest.store.deliveries import Deliveries
from digest.store.editions import Editions
from digest.store.editors import Editors
from digest.store.engine import BUSY_SECONDS
from digest.store.feeds import Feeds
from digest.store.ledger import Ledger
from digest.store.meta import Meta
from digest.store.privacy import Privacy
from digest.store.rate_limits import RateLimits
from digest.store.retention import Retention
from digest.store.sites import Sites
from digest.store.slots import Slots
from digest.store.subscribers import Subscribers
from digest.store.subscriptions import Subscriptions
from digest.store.suppressions import Suppressions

__all__ = ["Store", "copy_store", "open_store", "upgrade_store"]


class Store:
    """All state of an installation, by area."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.feeds = Feeds(database)
        self.articles = Articles(database)
        self.sites = Sites(database)
        self.editions = Editions(database)
        self.slots = Slots(database)
        self.ledger = Ledger(database)
        self.subscribers = Subscribers(database)
        self.subscriptions = Subscriptions(database)
        self.suppressions = Suppressions(database)
        self.privacy = Privacy(database)
        self.deliveries = Deliveries(database)
        self.claims = Claims(database)
        self.bounces = Bounces(database)
        self.editors = Editors(database)
        self.rate_limits = RateLimits(database)
        self.retention = Retention(database)
        self.meta = Meta(database)

    @property
    def url(self) -> str:
        """The URL of the database, without the password."""
        return self.database.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close every connection. The store can be used again and then reconnects."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_store(url: str, *, upgrade: bool = False, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Open the store at `url` (`sqlite:///digest.db`, `postgresql://…`).

    With `upgrade` its tables are created or brought up to date (after a backup beside the file on SQLite). Raises
    StoreError, with the remedy, when the database is newer than this program, older without `upgrade`, locked, not a
    database, or cannot be reached or written.
    """
    database = Database(url, busy_seconds=busy_seconds)
    try:
        _require_access(database, create=upgrade)
        if upgrade:
            _upgrade(database)
        else:
            schema.require_current(database)
    except BaseException:
        database.close()
        raise
    return Store(database)


def upgrade_store(url: str) -> tuple[str | None, str | None]:
    """Create or update the tables at `url`; return the revisions before and after. Raises as `open_store` does."""
    database = Database(url)
    try:
        _require_access(database, create=True)
        return _upgrade(database)
    finally:
        database.close()


def copy_store(source_url: str, target_url: str, progress: Progress) -> list[TableCopy]:
    """Copy the store at one URL into a new or empty database at another; return the tables that were copied.

    Sending is paused in the copy. Raises StoreError as `open_store` does, and as `copying.copy_database`.
    """
    with open_store(source_url) as source, open_store(target_url, upgrade=True) as target:
        return copy_database(source.database, target.database, progress)


def _upgrade(database: Database) -> tuple[str | None, str | None]:
    with database.read() as connection:
        state, revision = schema.state(connection), schema.revision(connection)
    if state == "current":
        return revision, revision
    if state == "older" and database.is_sqlite:
        target = database.path.with_name(f"{database.path.name}.before-{schema.head()}.backup")
        if not target.exists():
            backup(database, target)
    return schema.upgrade(database)


def _require_access(database: Database, *, create: bool) -> None:
    """Raise StoreError for a path that cannot be used: SQLite only says 'unable to open database file'."""
    if not database.is_sqlite:
        return
    path = database.path
    folder = path.parent if str(path.parent) else Path()
    if not folder.is_dir():
        raise StoreError(f"{folder}: this folder does not exist", "create it, or name another in [store] url")
    if path.is_dir():
        raise StoreError(f"{path} is a folder", "name a file in [store] url")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(
            f"{folder}: this folder cannot be written", "give this user access, or name another in [store] url"
        )
    if not path.exists() and not create:
        raise StoreError(f"{path} does not exist yet", "run 'digest db upgrade'")
    if not path.exists():
        path.touch(mode=0o600)  # it will hold addresses; SQLite gives its side files the same mode
    elif not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(f"{path}: this file cannot be written", "give this user access")
