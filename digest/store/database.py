"""One database: short transactions, and errors that say what to do."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import PoolProxiedConnection

from digest.errors import StoreBusy, StoreError
from digest.store.engine import BUSY_SECONDS, ONE_STATE, parse_url, postgresql_engine, sqlite_engine
from digest.store.error_messages import explain_file, explain_server, first_line, is_busy, server_name
from digest.store.types import from_sqlite, to_server, to_sqlite

T = TypeVar("T")

#: Runs hand-written SQL with one row of values (a tuple) or many (a list); see `Database.quick`.
Run = Callable[[str, Sequence[Any]], Any]


class Database:
    """The engine behind a store. `read()` and `write()` are its only ways in, and nothing of SQLAlchemy leaves them."""

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.busy_seconds = busy_seconds
        self.path = Path(self.url.database or "")  # of an SQLite database
        self.name = str(self.path) if self.is_sqlite else server_name(self.url)
        self.engine = sqlite_engine(self.url, busy_seconds) if self.is_sqlite else postgresql_engine(self.url)
        #: For `read`. A server would otherwise answer each query of one transaction by another state.
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(**ONE_STATE)
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
            raise (StoreBusy if is_busy(cause) else StoreError)(self.explain(cause)) from error
        except self._driver_error as error:
            raise (StoreBusy if is_busy(error) else StoreError)(self.explain(error)) from error
        except PoolTimeout as error:
            raise StoreBusy(f"{self.name}: all connections are busy: use fewer threads, or try again") from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name}: {first_line(error)}") from error

    def _locked(self) -> str:
        return (
            f"{self.name} is locked by another process for more than {self.busy_seconds:g} s: "
            "end the other program that uses it, or try again"
        )

    def explain(self, error: BaseException) -> str:
        """One line on a driver's error: what is wrong with which database, and what to do."""
        if not isinstance(error, sqlite3.Error):
            return explain_server(self.name, error)
        if is_busy(error):
            return self._locked()
        return explain_file(self.path, error)


class Area:
    """A part of the store; each of its methods is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database


def chunks(items: Iterable[T], size: int = 1000) -> Iterator[list[T]]:
    """`items` in lists of at most `size`: enough for one commit, and below every limit on parameters."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
