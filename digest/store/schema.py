"""The shape of the database over time: which revision it has, which one we need, and the way there (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection, inspect, text

from digest.errors import StoreError
from digest.store.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

State = Literal["empty", "older", "current", "newer", "foreign"]

#: Every revision there ever was, oldest first, the last one being ours. A test holds it to the migrations: Alembic
#: takes longer to import than everything else here, and is needed only where tables are to change.
REVISIONS: Final = ("0001", "0002", "0003")

MIGRATIONS: Final = Path(__file__).parent / "migrations"

#: Any number that all of our processes share: one migrates, the others wait for it.
_ADVISORY_LOCK: Final = 0x64_69_67_65_73_74


def head() -> str:
    """The revision this program works with."""
    return REVISIONS[-1]


def revision(connection: Connection) -> str | None:
    """The revision of the database, or None when it has never been ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    return found[0] if found else None


def state(connection: Connection) -> State:
    """How the database stands to this program."""
    found = revision(connection)
    if found is None:
        names = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return "foreign" if names & {"feeds", "entries", "editions", "subscribers"} else "empty"
    if found == head():
        return "current"
    return "older" if found in REVISIONS else "newer"


def require_current(database: Database) -> None:
    """Raise StoreError unless the database is just right for this program."""
    with database.read() as connection:
        found = state(connection)
        if found != "current":
            raise StoreError(describe(database, found, revision(connection)))


def describe(database: Database, found: State, at: str | None) -> str:
    """What is wrong with a database in this state, and the remedy."""
    match found:
        case "empty":
            return f"{database.name} has no tables yet: run 'digest db upgrade'"
        case "older":
            return f"{database.name} is of an older digest (schema {at}): run 'digest db upgrade'"
        case "newer":
            return (
                f"{database.name} was written by a newer digest (schema {at}, this one knows {head()}): "
                "install that version, or restore the backup from before its upgrade"
            )
        case "foreign":
            return f"{database.name} holds tables of another program: name another database in [store] url"
        case "current":
            return f"{database.name} is up to date (schema {at})"


def upgrade(database: Database, *, to: str = "head") -> tuple[str | None, str | None]:
    """Bring the database to revision `to`, in one transaction: all or nothing. Returns (before, after).

    Of several processes one migrates; the others wait and then find nothing to do. Raises StoreError when the database
    is newer than this program.
    """
    from alembic import command

    with database.migration() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        before, found = revision(connection), state(connection)
        if found in ("newer", "foreign"):
            raise StoreError(describe(database, found, before))
        if found != "current":
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
            raise StoreError(f"{database.path}: the upgrade would break {len(broken)} references; nothing was changed")


def alembic_config() -> Config:
    """Alembic's configuration, without any file of its own: a wheel has none."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
