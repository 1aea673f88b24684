"""One database: its engine, short transactions, and errors that say what to do."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection

from digest.errors import StoreBusy, StoreError
from digest.store.types import from_sqlite, to_server, to_sqlite

T = TypeVar("T")

#: Runs hand-written SQL with one row of values (a tuple) or many (a list); see `Database.quick`.
Run = Callable[[str, Sequence[Any]], Any]

#: Seconds to wait for another writer before giving up.
BUSY_SECONDS = 30.0


class Database:
    """The engine behind a store. `read()` and `write()` are its only ways in, and nothing of SQLAlchemy leaves them."""

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.busy_seconds = busy_seconds
        self.path = Path(self.url.database or "")  # of an SQLite database
        self.name = str(self.path) if self.is_sqlite else _server_name(self.url)
        self.engine = _sqlite_engine(self.url, busy_seconds) if self.is_sqlite else _postgresql_engine(self.url)
        #: For `read`. A server would otherwise answer each query of one transaction by another state.
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(**_ONE_STATE)
        self._driver_error: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        self._writer = threading.Lock()
        self._pid = os.getpid()
        self._file: tuple[int, int] | None = None  # device and inode of the SQLite file
        self._sender: PoolProxiedConnection | None = None  # SQLite's connection of `quick`, guarded by `_writer`
        self._inherited: PoolProxiedConnection | None = None

    def close(self) -> None:
        """Give back every connection, the sender's when the step that is under way has ended."""
        self._after_fork()
        if self._writer.acquire(timeout=self.busy_seconds):
            try:
                sender, self._sender = self._sender, None
                if sender is not None:
                    sender.close()
            finally:
                self._writer.release()
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        self._after_fork()
        with self.told(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes, committed durably at its end or not at all.

        On SQLite it takes the write lock at once (a deferred one fails half-way as soon as two processes write), and
        the threads of this process queue up here, which is fairer than the polling of SQLite's busy handler.
        """
        self._after_fork()
        if not self.is_sqlite:
            with self.told(), self.engine.connect() as connection, connection.begin():
                yield connection
            return
        engine = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self._our_turn(), self.told(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def quick(self) -> Iterator[Run]:
        """What `write` does, for the send path alone, with hand-written SQL (`?` marks) and one row of values or many.

        A sender commits for every few messages, and SQLAlchemy's part of so short a transaction costs several times
        what the database does. Times go through `moment`.
        """
        self._after_fork()
        with self._our_turn(), self.told(), self._for_quick() as raw:
            try:
                if self.is_sqlite:
                    self._still_there()
                    raw.rollback()  # what a step may have left that was broken off even while it rolled back
                    raw.cursor().execute("BEGIN IMMEDIATE")
                yield self.by_hand(raw)
                raw.commit()
            except BaseException:
                try:
                    raw.rollback()
                except self._driver_error:  # the connection is gone, and with it what it had begun
                    raw.invalidate()
                    self._sender = None
                raise

    def by_hand(self, raw: PoolProxiedConnection) -> Run:
        """Runs hand-written SQL in the transaction that a connection is in."""

        def run(sql: str, values: Sequence[Any]) -> Any:
            cursor = raw.cursor()
            execute = cursor.executemany if isinstance(values, list) else cursor.execute
            execute(sql if self.is_sqlite else sql.replace("?", "%s"), values)
            return cursor

        return run

    def _for_quick(self) -> AbstractContextManager[PoolProxiedConnection]:
        """A connection for one transaction. On SQLite it is kept for the next, which spares half of what a short one
        takes; only who has the writer's turn may use it.
        """
        if not self.is_sqlite:
            return closing(self.engine.raw_connection())
        if self._sender is None:
            self._sender = self.engine.raw_connection()
        return nullcontext(self._sender)

    def _still_there(self) -> None:
        """Raise StoreError when the SQLite file was removed or another put in its place: the one that we have open
        would go on taking our commits, and they would be gone with it.
        """
        try:
            found = self.path.stat()
        except OSError:
            found = None
        name = (found.st_dev, found.st_ino) if found else None
        if self._file is None:
            self._file = name
        elif name != self._file:
            raise StoreError(
                f"{self.path}: the database was removed or replaced while digest runs: put it back, or restart digest"
            )

    @contextmanager
    def _our_turn(self) -> Iterator[None]:
        """The threads of a process that write to one SQLite file go one after another."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=self.busy_seconds):
            raise StoreBusy(self._locked())
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """Like `write`, with SQLite's foreign keys off: a table that is rebuilt must not cascade into others."""
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        engine = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self.told(), engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.execute("PRAGMA foreign_keys=OFF").close()  # has no effect inside a transaction
            try:
                with connection.begin():
                    yield connection
            finally:
                raw.execute("PRAGMA foreign_keys=ON").close()

    @property
    def any_of(self) -> str:
        """What stands behind a column in `quick` to ask for many values at once, given as `many`: always the same SQL,
        however many they are, so that the driver need not prepare it anew.
        """
        return "IN (SELECT value FROM json_each(?))" if self.is_sqlite else "= ANY(?)"

    def many(self, values: Iterable[int]) -> Any:
        """Values for `any_of`."""
        return json.dumps(list(values)) if self.is_sqlite else list(values)

    def moment(self, moment: datetime | None) -> Any:
        """A time as `quick` wants it."""
        return to_sqlite(moment) if self.is_sqlite else to_server(moment)

    def instant(self, found: Any) -> datetime | None:
        """A time as `quick` found it."""
        return from_sqlite(found) if self.is_sqlite else to_server(found)

    def lock(self, connection: Connection, name: str) -> None:
        """Let only one transaction at a time pass for `name`. SQLite has one writer at a time anyway."""
        if not self.is_sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))

    def insert_ignore(self, table: Any, keys: Sequence[str] | None = None) -> Any:
        """`INSERT … ON CONFLICT DO NOTHING` on the unique `keys`, or on any."""
        return self._insert(table).on_conflict_do_nothing(index_elements=keys)

    def upsert(self, table: Any, keys: Sequence[str], changes: Callable[[Any], Mapping[str, Any]]) -> Any:
        """`INSERT … ON CONFLICT (keys) DO UPDATE SET changes(excluded row)`."""
        statement = self._insert(table)
        return statement.on_conflict_do_update(index_elements=keys, set_=dict(changes(statement.excluded)))

    def _insert(self, table: Any) -> Any:
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def _after_fork(self) -> None:
        if os.getpid() != self._pid:  # a connection must not be shared with the parent process
            self.engine.dispose(close=False)
            self._inherited, self._sender = self._sender, None  # kept, since closing it would close the parent's files
            self._writer = threading.Lock()
            self._pid = os.getpid()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what SQLAlchemy and the drivers raise into `StoreError` with its remedy."""
        try:
            yield
        except DBAPIError as error:
            cause = error.orig or error
            raise (StoreBusy if _is_busy(cause) else StoreError)(self.explain(cause)) from error
        except self._driver_error as error:
            raise (StoreBusy if _is_busy(error) else StoreError)(self.explain(error)) from error
        except PoolTimeout as error:
            raise StoreBusy(f"{self.name}: all connections are busy: use fewer threads, or try again") from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name}: {_first_line(error)}") from error

    def _locked(self) -> str:
        return (
            f"{self.name} is locked by another process for more than {self.busy_seconds:g} s: "
            "end the other program that uses it, or try again"
        )

    def explain(self, error: BaseException) -> str:
        """One line on a driver's error: what is wrong with which database, and what to do."""
        if not isinstance(error, sqlite3.Error):
            return _explain_server(self.name, error)
        if _is_busy(error):
            return self._locked()
        code = getattr(error, "sqlite_errorname", "") or ""
        for start, words in _SQLITE_WORDS:
            if code.startswith(start):
                return f"{self.path}: {words}"
        return f"{self.path}: {_first_line(error)}"


def _is_busy(error: BaseException) -> bool:
    """Whether somebody else holds what we wanted: PostgreSQL's codes are lock timeout, cancel and deadlock."""
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return getattr(error, "sqlstate", None) in ("55P03", "57014", "40P01")


_SQLITE_WORDS = (
    ("SQLITE_NOTADB", "this file is not a database: name another file in [store] url, or move this one away"),
    ("SQLITE_CORRUPT", "the database is damaged: stop digest and restore the last backup"),
    ("SQLITE_FULL", "the disk is full: nothing was written; make room and try again"),
    ("SQLITE_READONLY", "the database cannot be written: give this user write access to the file and its folder"),
    ("SQLITE_CANTOPEN", "the database cannot be opened: give this user access to the file and its folder"),
    ("SQLITE_PERM", "access denied: give this user access to the file and its folder"),
    ("SQLITE_IOERR", "the disk failed to read or write: check the disk and its free space"),
)


def _server_name(url: URL) -> str:
    host = url.host or url.query.get("host") or "the local server"
    return f"database '{url.database or url.username or ''}' on {host}"


def _explain_server(name: str, error: BaseException) -> str:
    """A connection that fails carries no SQLSTATE, only libpq's words: the server's own stand behind 'FATAL:'."""
    state, words = getattr(error, "sqlstate", None) or "", str(error)
    line = _first_line(error)
    if state == "53100":
        return f"{name}: the server's disk is full: nothing was written; make room and try again ({line})"
    if _is_busy(error):
        return f"{name}: another program holds a lock for too long: try again ({line})"
    if state.startswith("28") or "authentication failed" in words or ('role "' in words and "does not exist" in words):
        return f"{name}: the server refuses this user: check user and password in [store] url ({line})"
    if state == "3D000" or ('database "' in words and "does not exist" in words):
        return f"{name}: the server has no such database: create it with createdb ({line})"
    if not state or state.startswith(("08", "57P")):
        return f"{name}: the server cannot be reached: check that it runs, and [store] url ({line})"
    return f"{name}: {line}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


class Area:
    """A part of the store; each of its methods is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database


def parse_url(url: str) -> URL:
    """The URL of a database we can use, with our driver. Raises StoreError for any other."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(f"{url!r} is no database URL: use sqlite:///digest.db or postgresql://…") from None
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"{parsed.drivername}: this database is not supported: use sqlite:///… or postgresql://…")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError(f"{url}: the store must outlive the program: name a file, as in sqlite:///digest.db")
    return parsed.set(drivername="sqlite+pysqlite")


#: As many connections as the web's threads want at once; SQLAlchemy forgets the row count of an INSERT unless asked.
_POOL: dict[str, Any] = {"pool_size": 8, "max_overflow": 32, "execution_options": {"preserve_rowcount": True}}
_ONE_STATE: dict[str, Any] = {"isolation_level": "REPEATABLE READ"}


def _sqlite_engine(url: URL, busy_seconds: float) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": busy_seconds, "isolation_level": None, "check_same_thread": False},
        **_POOL,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # FULL: an acknowledged commit survives a power cut, and the promise of delivery hangs on that.
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
    """Keep the journal as a write-ahead log, for readers that do not wait for the writer.

    Two connections that turn a new file to it at once both hold what the other wants, and SQLite then refuses one at
    once, without asking the busy handler (sqlite.org/c3ref/busy_handler.html): so the waiting is ours.
    """
    until = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _postgresql_engine(url: URL) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **_POOL)
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs its driver: install it with pip install 'digest[postgresql]'") from None

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # A server set to acknowledge before it wrote lost 325 commits in 15 kills (hardening.md).
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET timezone = 'UTC'")
        connection.execute(f"SET lock_timeout = '{int(BUSY_SECONDS)}s'")
        connection.commit()

    return engine


def chunks(items: Iterable[T], size: int = 1000) -> Iterator[list[T]]:
    """`items` in lists of at most `size`: enough for one commit, and below every limit on parameters."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
