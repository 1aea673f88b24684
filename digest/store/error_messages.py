"""What a database's error means, in one line with the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL


def is_busy(error: BaseException) -> bool:
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


def server_name(url: URL) -> str:
    """A server's database, as its errors name it: never with the password."""
    host = url.host or url.query.get("host") or "the local server"
    return f"database '{url.database or url.username or ''}' on {host}"


def explain_file(path: Path, error: sqlite3.Error) -> str:
    """What is wrong with an SQLite file, and what to do."""
    code = getattr(error, "sqlite_errorname", "") or ""
    remedy = next((words for start, words in _SQLITE_WORDS if code.startswith(start)), first_line(error))
    return f"{path}: {remedy}"


def explain_server(name: str, error: BaseException) -> str:
    """What is wrong with a server's database, and what to do.

    A connection that fails carries no SQLSTATE, only libpq's words: the server's own stand behind 'FATAL:'.
    """
    state, words = getattr(error, "sqlstate", None) or "", str(error)
    line = first_line(error)
    if state == "53100":
        return f"{name}: the server's disk is full: nothing was written; make room and try again ({line})"
    if is_busy(error):
        return f"{name}: another program holds a lock for too long: try again ({line})"
    if state.startswith("28") or "authentication failed" in words or ('role "' in words and "does not exist" in words):
        return f"{name}: the server refuses this user: check user and password in [store] url ({line})"
    if state == "3D000" or ('database "' in words and "does not exist" in words):
        return f"{name}: the server has no such database: create it with createdb ({line})"
    if not state or state.startswith(("08", "57P")):
        return f"{name}: the server cannot be reached: check that it runs, and [store] url ({line})"
    return f"{name}: {line}"


def first_line(error: BaseException) -> str:
    """An error's own words, those that matter."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
