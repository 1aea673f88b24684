"""Copy a whole store into an empty one, on SQLite or PostgreSQL, and check that both are equal to the last row.

The copy is one transaction: complete, checked and paused, or not there. It reads one state of the source, which may be
in use meanwhile, and holds one batch of rows in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, func, insert, select, text

from digest.errors import StoreError
from digest.store.database import Database
from digest.store.home import record_home
from digest.store.tables import metadata

#: Rows in memory at a time.
BATCH: Final = 1000

_PAUSE: Final = (
    "this store is a copy of another one: make sure that the former one no longer sends, "
    "then 'digest schedule pause --resume'"
)

#: Called with a stage ('copy', 'check'), the rows done and the rows in all.
Progress = Callable[[str, int, int], None]


class TableCopy(NamedTuple):
    """One table as copied: the number of its rows, and a hash of their content that does not depend on their order."""

    name: str
    rows: int
    content_hash: str


class _Digest:
    """The count and content hash of rows, in any order: the sum of the hashes of all rows."""

    def __init__(self) -> None:
        self.rows, self._sum = 0, 0

    def add(self, rows: Sequence[Any]) -> None:
        for row in rows:
            encoded = json.dumps(list(row), default=_encoded, ensure_ascii=False).encode(errors="surrogatepass")
            self._sum += int.from_bytes(hashlib.blake2b(encoded, digest_size=16).digest(), "big")
        self.rows += len(rows)

    def of(self, table: Table) -> TableCopy:
        return TableCopy(table.name, self.rows, f"{self._sum % 2**128:032x}")


def _encoded(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def copy_database(source: Database, target: Database, progress: Progress) -> list[TableCopy]:
    """Copy all tables of `source` into `target`, whose tables exist and are empty. Returns what was copied.

    Sending is paused in the copy. Raises StoreError, and leaves the target empty, where it holds rows already or a
    table differs after the copy.
    """
    tables = metadata.sorted_tables
    with source.read() as reading, target.write() as writing:
        _require_empty(target, writing)
        total = sum(reading.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
        copied, done = [], 0
        progress("copy", 0, total)
        for table in tables:
            digest = _Digest()
            for rows in _batches(reading, table):
                digest.add(rows)
                writing.execute(insert(table), [dict(row._mapping) for row in rows])
                done += len(rows)
                progress("copy", done, total)
            copied.append(digest.of(table))
        _check(target, writing, copied, progress)
        for table in tables:
            if "id" in table.c and table.c.id.type.python_type is int:
                _continue_ids(source, reading, target, writing, table)
        record_home(target, writing, _PAUSE)
    return copied


def _batches(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    result = connection.execute(select(table), execution_options={"yield_per": BATCH})
    yield from result.partitions()


def _require_empty(target: Database, connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(select(table).limit(1)).first() is not None:
            raise StoreError(
                f"{target.name} is not empty: its table '{table.name}' has rows",
                "copy into a new database; nothing was changed",
            )


def _check(target: Database, connection: Connection, copied: Sequence[TableCopy], progress: Progress) -> None:
    total, done = sum(table.rows for table in copied), 0
    for expected in copied:
        table, digest = metadata.tables[expected.name], _Digest()
        for rows in _batches(connection, table):
            digest.add(rows)
            done += len(rows)
            progress("check", done, total)
        found = digest.of(table)
        if found != expected:
            raise StoreError(
                f"{target.name}: table '{table.name}' differs after the copy: {found.rows} of {expected.rows} rows, "
                f"content {found.content_hash} instead of {expected.content_hash}",
                "nothing was copied; check both databases with 'digest db check', then try again",
            )


def _continue_ids(source: Database, reading: Connection, target: Database, writing: Connection, table: Table) -> None:
    """Let the ids of a table go on after the last one that the source ever gave, as its own next row would."""
    highest = writing.scalar(select(func.max(table.c.id))) or 0
    last = max(highest, _last_id(source, reading, table))
    if not last:
        return
    if not target.is_sqlite:
        sequence = "SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"
        writing.execute(text(sequence), {"name": table.name, "last": last})
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"name": table.name, "last": last}
        writing.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        writing.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)


def _last_id(database: Database, connection: Connection, table: Table) -> int:
    """The last id that was ever given to a row of a table, also one that was deleted."""
    if database.is_sqlite:
        sql, values = "SELECT seq FROM sqlite_sequence WHERE name = :name", {"name": table.name}
        return int(connection.scalar(text(sql), values) or 0)
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name})
    if sequence is None:
        return 0
    query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 (a name of the server)
    return int(connection.scalar(text(query)) or 0)
