"""Backups of an SQLite store: taken while others write, checked by opening them, with sending paused."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from digest.errors import StoreError
from digest.store.claim import PAUSED_KEY
from digest.store.database import Database

_PAUSED = "this store comes from a backup: see what was sent since it was taken, then 'digest schedule pause --resume'"


def backup(database: Database, target: Path) -> Path:
    """Copy the store to `target` (new), by SQLite's own backup: never a copy of the file. Returns `target`.

    The copy is opened and checked (integrity, references) before it gets its name, and only its owner may read it. It
    starts with sending paused: what the original sent after the copy was taken, the copy does not know.
    Raises StoreError when `target` exists or cannot be written, and for PostgreSQL, which has better tools.
    """
    if not database.is_sqlite:
        raise StoreError(
            f"{database.name} is on a PostgreSQL server",
            "back it up with "
            f"pg_dump --format=custom --file=digest.dump '{database.url.set(drivername='postgresql', password=None)}'",
        )
    if target.exists():
        raise StoreError(f"{target} exists already", "name another file, or move it away")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        with closing(sqlite3.connect(database.path, timeout=database.busy_seconds)) as source:
            with closing(sqlite3.connect(partial)) as copy:
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE").close()  # one file, complete in itself
                _check(partial, copy)
                copy.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (PAUSED_KEY, _PAUSED))
                copy.commit()
        _flush(partial)
        partial.rename(target)
        _flush(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: {error.strerror or error}", "choose a folder this user can write to") from error
    except sqlite3.Error as error:
        raise StoreError(f"{target}: the backup failed ({error})", "make room on the disk and try again") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _check(path: Path, copy: sqlite3.Connection) -> None:
    problems = [str(row[0]) for row in copy.execute("PRAGMA integrity_check") if row[0] != "ok"]
    problems += [f"a broken reference in {row[0]}" for row in copy.execute("PRAGMA foreign_key_check")]
    if problems:
        raise StoreError(f"{path}: the copy is damaged ({problems[0]})", "check the disk, then try again")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
