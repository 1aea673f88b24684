"""The schema of the database: which revision it has, which one this program needs, and the upgrade (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection, inspect, text

from digest.errors import StoreError
from digest.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

State = Literal["empty", "older", "current", "newer", "foreign"]

#: Every revision, oldest first; the last one is ours. Listed here since Alembic takes longer to import than everything
#: else, and is needed only for an upgrade. A test compares the list with the migrations.
REVISIONS: Final = ("0001", "0002", "0003", "0004")

MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: The key of the lock under which one process migrates while the others wait.
_ADVISORY_LOCK: Final = 0x64_69_67_65_73_74


def head() -> str:
    """The revision that this program works with."""
    return REVISIONS[-1]


def revision(connection: Connection) -> str | None:
    """The revision of the database, or None when it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def state(connection: Connection) -> State:
    """The state of the database as this program sees it."""
    current = revision(connection)
    if current is None:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return "foreign" if names & {"feeds", "entries", "editions", "subscribers"} else "empty"
    if current == head():
        return "current"
    return "older" if current in REVISIONS else "newer"


def require_current(database: Database) -> None:
    """Raise StoreError unless the database has the revision of this program."""
    with database.read() as connection:
        current = state(connection)
        if current != "current":
            raise StoreError(*describe(database, current, revision(connection)))


def describe(database: Database, current: State, at: str | None) -> tuple[str, str]:
    """The problem of a database in this state, and the remedy ("" for a current one)."""
    match current:
        case "empty":
            return f"{database.name} has no tables yet", "run 'digest db upgrade'"
        case "older":
            return f"{database.name} is of an older digest (schema {at})", "run 'digest db upgrade'"
        case "newer":
            return (
                f"{database.name} was written by a newer digest (schema {at}, this one knows {head()})",
                "install that version, or restore the backup from before its upgrade",
            )
        case "foreign":
            return f"{database.name} holds tables of another program", "name another database in [store] url"
        case "current":
            return f"{database.name} is up to date (schema {at})", ""


def upgrade(database: Database, *, to: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to revision `to`, in one transaction. Returns the revisions before and after.

    Of several processes one migrates; the others wait and then find nothing to do. Raises StoreError when the database
    is newer than this program.
    """
    from alembic import command

    with database.migration() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        before, current = revision(connection), state(connection)
        if current in ("newer", "foreign"):
            raise StoreError(*describe(database, current, before))
        if current != "current":
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, to)
            _check_references(database, connection)
        return before, revision(connection)


def _check_references(database: Database, connection: Connection) -> None:
    """SQLite cannot enforce foreign keys while tables are rebuilt, so they are checked once at the end."""
    if database.is_sqlite:
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise StoreError(
                f"{database.path}: the upgrade would break {len(broken)} references; nothing was changed",
                "restore the last backup, or report this as a bug",
            )


def alembic_config() -> Config:
    """Alembic's configuration, without a file: a wheel has none."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
