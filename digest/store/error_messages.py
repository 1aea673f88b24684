"""Explain the errors of databases: the problem in one line, and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy.engine import URL


def is_busy(error: BaseException) -> bool:
    """Whether another program holds the lock: PostgreSQL's codes are lock timeout, cancel and deadlock."""
    if isinstance(error, sqlite3.Error):
        return (getattr(error, "sqlite_errorname", "") or "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return getattr(error, "sqlstate", None) in ("55P03", "57014", "40P01")


#: Start of the error name, problem, remedy.
_SQLITE_ERRORS = (
    ("SQLITE_NOTADB", "this file is not a database", "name another file in [store] url, or move this one away"),
    ("SQLITE_CORRUPT", "the database is damaged", "stop digest and restore the last backup"),
    ("SQLITE_FULL", "the disk is full, nothing was written", "make room and try again"),
    ("SQLITE_READONLY", "the database cannot be written", "give this user write access to the file and its folder"),
    ("SQLITE_CANTOPEN", "the database cannot be opened", "give this user access to the file and its folder"),
    ("SQLITE_PERM", "access denied", "give this user access to the file and its folder"),
    ("SQLITE_IOERR", "the disk failed to read or write", "check the disk and its free space"),
)


def server_name(url: URL) -> str:
    """The name of a server's database in messages, without the password."""
    host = url.host or url.query.get("host") or "the local server"
    return f"database '{url.database or url.username or ''}' on {host}"


def explain_file(path: Path, error: sqlite3.Error) -> tuple[str, str]:
    """The problem with an SQLite file, and the remedy ("" for an unknown error)."""
    code = getattr(error, "sqlite_errorname", "") or ""
    for start, problem, remedy in _SQLITE_ERRORS:
        if code.startswith(start):
            return f"{path}: {problem}", remedy
    return f"{path}: {first_line(error)}", ""


def explain_server(name: str, error: BaseException) -> tuple[str, str]:
    """The problem with a server's database, and the remedy ("" for an unknown error).

    A failed connection carries no SQLSTATE, only libpq's text, with the server's own text behind 'FATAL:'.
    """
    state, words = getattr(error, "sqlstate", None) or "", str(error)
    line = first_line(error)
    if state == "53100":
        return f"{name}: the server's disk is full, nothing was written ({line})", "make room and try again"
    if is_busy(error):
        return f"{name}: another program holds a lock for too long ({line})", "try again"
    if state.startswith("28") or "authentication failed" in words or ('role "' in words and "does not exist" in words):
        return f"{name}: the server refuses this user ({line})", "check user and password in [store] url"
    if state == "3D000" or ('database "' in words and "does not exist" in words):
        return f"{name}: the server has no such database ({line})", "create it with createdb"
    if not state or state.startswith(("08", "57P")):
        return f"{name}: the server cannot be reached ({line})", "check that it runs, and [store] url"
    return f"{name}: {line}", ""


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
