"""One database: short transactions, and errors with their remedy."""

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
    """The engine behind a store, used by `read`, `write` and `quick`. SQLAlchemy's errors do not leave them."""

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.busy_seconds = busy_seconds
        self.path = Path(self.url.database or "")  # of an SQLite file
        self.name = str(self.path) if self.is_sqlite else server_name(self.url)
        self.engine = sqlite_engine(self.url, busy_seconds) if self.is_sqlite else postgresql_engine(self.url)
        #: For `read`. On a server each query of one transaction would otherwise see another state.
        self._read_engine = self.engine if self.is_sqlite else self.engine.execution_options(**ONE_STATE)
        self._driver_error: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        self._write_lock = threading.Lock()
        self._pid = os.getpid()
        self._file: tuple[int, int] | None = None  # device and inode of the SQLite file
        self._kept: PoolProxiedConnection | None = None  # SQLite's connection of `quick`, guarded by `_write_lock`
        self._inherited: PoolProxiedConnection | None = None

    def close(self) -> None:
        """Close every connection, that of `quick` when the transaction under way has ended."""
        self._after_fork()
        if self._write_lock.acquire(timeout=self.busy_seconds):
            try:
                kept, self._kept = self._kept, None
                if kept is not None:
                    kept.close()
            finally:
                self._write_lock.release()
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        self._after_fork()
        with self.translate_errors(), self._read_engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes, committed durably at its end or not at all.

        On SQLite it takes the write lock at once (a deferred one fails half-way as soon as two processes write), and
        the threads of this process queue for it, which is fairer than the polling of SQLite's busy handler.
        """
        self._after_fork()
        if not self.is_sqlite:
            with self.translate_errors(), self.engine.connect() as connection, connection.begin():
                yield connection
            return
        engine = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self._locked_for_writing(), self.translate_errors(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def quick(self) -> Iterator[Run]:
        """As `write`, for the send path alone: hand-written SQL with `?` marks, and one row of values or many.

        A sender commits for every few messages, and for so short a transaction SQLAlchemy costs several times as much
        as the database. Times go through `moment`.
        """
        self._after_fork()
        with self._locked_for_writing(), self.translate_errors(), self._quick_connection() as raw:
            try:
                if self.is_sqlite:
                    self._check_file()
                    raw.rollback()  # in case an earlier transaction was interrupted even in its rollback
                    raw.cursor().execute("BEGIN IMMEDIATE")
                yield self.by_hand(raw)
                raw.commit()
            except BaseException:
                try:
                    raw.rollback()
                except self._driver_error:  # the connection is lost, and its transaction with it
                    raw.invalidate()
                    self._kept = None
                raise

    def by_hand(self, raw: PoolProxiedConnection) -> Run:
        """A function that runs hand-written SQL in the transaction of a connection."""

        def run(sql: str, values: Sequence[Any]) -> Any:
            cursor = raw.cursor()
            execute = cursor.executemany if isinstance(values, list) else cursor.execute
            execute(sql if self.is_sqlite else sql.replace("?", "%s"), values)
            return cursor

        return run

    def _quick_connection(self) -> AbstractContextManager[PoolProxiedConnection]:
        """A connection for one transaction. On SQLite it is kept, which saves half the time of a short transaction;
        only the thread that holds the write lock may use it.
        """
        if not self.is_sqlite:
            return closing(self.engine.raw_connection())
        if self._kept is None:
            self._kept = self.engine.raw_connection()
        return nullcontext(self._kept)

    def _check_file(self) -> None:
        """Raise StoreError when the SQLite file was removed or replaced: the open file would take our commits, and
        they would be lost with it.
        """
        try:
            stat = self.path.stat()
        except OSError:
            identity = None
        else:
            identity = (stat.st_dev, stat.st_ino)
        if self._file is None:
            self._file = identity
        elif identity != self._file:
            raise StoreError(
                f"{self.path}: the database was removed or replaced while digest runs", "put it back, or restart digest"
            )

    @contextmanager
    def _locked_for_writing(self) -> Iterator[None]:
        """Hold the lock by which the threads of this process write to one SQLite file one after another."""
        if not self.is_sqlite:
            yield
            return
        if not self._write_lock.acquire(timeout=self.busy_seconds):
            raise StoreBusy(*self._busy())
        try:
            yield
        finally:
            self._write_lock.release()

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """As `write`, with SQLite's foreign keys off: a table that is rebuilt must not cascade into others."""
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        engine = self.engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with self.translate_errors(), engine.connect() as connection:
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
        """The SQL behind a column in `quick` that compares it with many values, given as `many`: the same for any
        number of values, so that the driver prepares it once.
        """
        return "IN (SELECT value FROM json_each(?))" if self.is_sqlite else "= ANY(?)"

    def many(self, values: Iterable[int]) -> Any:
        """Values for `any_of`, as one parameter."""
        return json.dumps(list(values)) if self.is_sqlite else list(values)

    def moment(self, moment: datetime | None) -> Any:
        """A time as a parameter of `quick`."""
        return to_sqlite(moment) if self.is_sqlite else to_server(moment)

    def instant(self, value: Any) -> datetime | None:
        """The time in a column that `quick` returned."""
        return from_sqlite(value) if self.is_sqlite else to_server(value)

    def lock(self, connection: Connection, name: str) -> None:
        """Hold the lock `name` until the transaction ends. SQLite has one writer at a time anyway."""
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
            self._inherited, self._kept = self._kept, None  # kept: closing it would close the parent's files
            self._write_lock = threading.Lock()
            self._pid = os.getpid()

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raise errors of SQLAlchemy and the drivers as StoreError with its remedy."""
        try:
            yield
        except DBAPIError as error:
            cause = error.orig or error
            raise (StoreBusy if is_busy(cause) else StoreError)(*self._explain(cause)) from error
        except self._driver_error as error:
            raise (StoreBusy if is_busy(error) else StoreError)(*self._explain(error)) from error
        except PoolTimeout as error:
            raise StoreBusy(f"{self.name}: all connections are busy", "use fewer threads, or try again") from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name}: {first_line(error)}") from error

    def _busy(self) -> tuple[str, str]:
        return (
            f"{self.name} is locked by another process for more than {self.busy_seconds:g} s",
            "end the other program that uses it, or try again",
        )

    def _explain(self, error: BaseException) -> tuple[str, str]:
        """The problem behind a driver's error, and the remedy."""
        if not isinstance(error, sqlite3.Error):
            return explain_server(self.name, error)
        if is_busy(error):
            return self._busy()
        return explain_file(self.path, error)


class Area:
    """A part of the store; each of its methods is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database


def chunks(items: Iterable[T], size: int = 1000) -> Iterator[list[T]]:
    """Yield `items` in lists of at most `size`: enough for one commit, and below every limit on parameters."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part
