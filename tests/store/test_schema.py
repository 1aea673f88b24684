"""The schema over time: what migrations make is what the code expects, all of it or nothing."""

from __future__ import annotations

import importlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from digest.errors import StoreError
from digest.store import Store, open_store, schema, upgrade_store
from digest.store.database import Database
from digest.store.tables import metadata
from tests.store.samples import HERALD, LEASE, NOW, claim, crowd, entry, keep, planned, reader, stored_edition

OURS = schema.head()
#: A later migration as they will come: a table that others refer to is rebuilt, which SQLite can only do by copying it.
LATER = '''"""A later one."""
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{ours}"
branch_labels = depends_on = None


def upgrade() -> None:
    how = "always" if op.get_bind().dialect.name == "sqlite" else "auto"
    with op.batch_alter_table("subscribers", recreate=how) as batch:
        batch.add_column(sa.Column("nickname", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("editions", recreate=how) as batch:
        batch.add_column(sa.Column("colour", sa.Text(), nullable=False, server_default=""))
    {then}
'''


OLD_EDITION = """
INSERT INTO editions (id, newsletter, slot, send_at, state, reason, version, content_hash, approved_hash, approved_by,
  planned, settled, payload, created_at, updated_at)
VALUES ('e', 'morning', 's', :now, 'sending', '', 1, '', '', '', 4, '', '{}', :now, :now)
"""
OLD_DELIVERY = """
INSERT INTO deliveries
  (edition_id, subscriber_id, address, variant, state, reason, attempts, epoch, owner, due_at, updated_at)
VALUES ('e', :number, 'a@example.org', 'v', :state, '', 0, 1, 'me', :now, '2026-11-24 05:00:00.000000')
"""


def later(monkeypatch: pytest.MonkeyPatch, folder: Path, then: str = "pass") -> None:
    """Make this program one migration newer."""
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    (folder / "versions" / "v9999_later.py").write_text(LATER.format(ours=schema.head(), then=then))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    monkeypatch.setattr(schema, "REVISIONS", (*schema.REVISIONS, "later"))


def revisions_of(path: Path) -> list[str]:
    """Return the schema revision of an SQLite file, read without our code."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version")]


def test_the_known_revisions_are_those_of_the_migrations_in_order() -> None:
    script = ScriptDirectory.from_config(schema.alembic_config())
    assert tuple(r.revision for r in reversed(list(script.walk_revisions()))) == schema.REVISIONS
    assert script.get_heads() == [schema.head()]


def test_migrations_make_exactly_the_tables_that_the_code_uses(store: Store) -> None:
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_migrations_and_code_agree_on_partial_indexes(sqlite_store: Store) -> None:
    with sqlite_store.database.read() as connection:
        found: dict[str, str] = dict(
            connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'index'")).all()
        )
    assert "WHERE due_at IS NOT NULL" in found["ix_deliveries_due"]
    assert "WHERE unread = 1" in found["ix_entries_unread"]


def test_the_send_path_looks_at_open_rows_only(sqlite_store: Store) -> None:
    query = "SELECT id FROM deliveries WHERE edition_id = 'e' AND due_at <= 'now' ORDER BY due_at LIMIT 9"
    unread = "SELECT id, url_hash FROM entries WHERE unread = 1 AND standing = 'accepted' ORDER BY id"
    with sqlite_store.database.read() as connection:
        plans = [str(connection.execute(text(f"EXPLAIN QUERY PLAN {q}")).all()) for q in (query, unread)]
    assert "ix_deliveries_due" in plans[0]
    assert "ix_entries_unread" in plans[1]


def test_looking_for_one_reader_does_not_read_every_delivery(sqlite_store: Store) -> None:
    query = "SELECT state FROM deliveries WHERE edition_id IN (SELECT id FROM editions) AND subscriber_id = 1"
    with sqlite_store.database.read() as connection:
        (plan, *_) = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert "SEARCH deliveries" in plan[3]
    assert "edition_id=? AND subscriber_id=?" in plan[3]


def test_there_is_no_way_back_but_the_backup() -> None:
    for name in ("v0001_the_first_tables", "v0002_claims", "v0003_claims_count_their_steps"):
        step = importlib.import_module(f"digest.store.migrations.versions.{name}")
        with pytest.raises(NotImplementedError, match="restore the backup"):
            step.downgrade()


def test_an_older_store_is_refused_with_the_command_to_type(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, tmp_path / "migrations")
    with pytest.raises(StoreError, match=rf"of an older digest \(schema {OURS}\); run 'digest db upgrade'"):
        open_store(f"sqlite:///{sqlite_store.database.path}")
    assert next(iter(sqlite_store.meta.check())).severity == "error"


def test_an_older_store_is_upgraded_with_a_backup_beside_it_and_loses_nothing(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_store)
    sqlite_store.close()
    path = sqlite_store.database.path
    later(monkeypatch, tmp_path / "migrations")
    assert upgrade_store(f"sqlite:///{path}") == (OURS, "later")
    assert revisions_of(path.with_name("digest.db.before-later.backup")) == [OURS]
    still_full(open_store(f"sqlite:///{path}"))


@pytest.mark.postgresql
def test_an_older_store_on_a_server_is_upgraded_and_loses_nothing(
    tmp_path: Path, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(postgres_database) as store:
        fill(store)
    later(monkeypatch, tmp_path / "migrations")
    assert upgrade_store(postgres_database) == (OURS, "later")
    still_full(open_store(postgres_database))


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_migration_that_fails_half_way_changes_nothing_and_can_be_tried_again(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('sqlite_store').database.path}"
    else:
        url = request.getfixturevalue("postgres_database")
    with open_store(url) as store:
        fill(store)
    with monkeypatch.context() as patch:
        later(patch, tmp_path / "broken", then="op.execute('SELECT nonsense FROM nowhere')")
        with pytest.raises(StoreError, match="nowhere"):
            upgrade_store(url)
    with open_store(url) as store:
        still_full(store)
        assert not any("half-way" in finding.problem for finding in store.meta.check())
    later(monkeypatch, tmp_path / "repaired")
    assert upgrade_store(url) == (OURS, "later")
    still_full(open_store(url))


def test_an_upgrade_that_is_killed_at_any_statement_changes_nothing(tmp_path: Path) -> None:
    for statement in (2, 9, 25, 60):
        path = tmp_path / f"killed{statement}.db"
        code = f"""
import os, signal
from sqlalchemy import event
from sqlalchemy.engine import Engine
from digest.store import upgrade_store
count = 0
@event.listens_for(Engine, "after_cursor_execute")
def kill(connection, cursor, statement, *rest):
    global count
    count += statement.lstrip().startswith(("CREATE", "INSERT"))
    if count == {statement}: os.kill(os.getpid(), signal.SIGKILL)
upgrade_store("sqlite:///{path}")
"""
        ended = subprocess.run([sys.executable, "-c", code], check=False)
        if ended.returncode == 0:
            break
        assert ended.returncode == -signal.SIGKILL
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        assert upgrade_store(f"sqlite:///{path}") == (None, schema.head())
        open_store(f"sqlite:///{path}").close()
    assert statement > 9  # it was killed in the midst of it


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_what_an_older_digest_held_when_it_died_is_free_or_in_doubt_after_the_upgrade(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/digest.db" if kind == "sqlite" else request.getfixturevalue("postgres_empty")
    database = Database(url)
    schema.upgrade(database, to="0001")
    with database.write() as connection:
        connection.execute(text(OLD_EDITION), {"now": NOW.replace(tzinfo=None)})
        for number, state in enumerate(("planned", "claimed", "handed_over", "accepted"), 1):
            row = {"number": number, "state": state, "now": None if state == "accepted" else NOW.replace(tzinfo=None)}
            connection.execute(text(OLD_DELIVERY), row)
    database.close()
    assert upgrade_store(url) == ("0001", schema.head())
    with open_store(url) as store:
        states = {row.subscriber_id: (row.state, row.attempts) for row in store.deliveries.listing("e")}
        assert states == {1: ("planned", 0), 2: ("planned", 0), 3: ("unknown", 1), 4: ("accepted", 0)}
        assert [row.subscriber_id for row in claim(store, "e", "me", NOW, LEASE, 9)] == [1, 2]


def fill(store: Store) -> None:
    """A little of everything that refers to something else."""
    keep(store, entry("a"))
    made = stored_edition(store)
    planned(store, made.id, crowd(store, 3))
    reader(store, "ada@example.org")


def still_full(store: Store) -> None:
    """Assert that the rows of `fill` are present."""
    with store:
        assert store.feeds.known(HERALD) == {"a": "hash of a"}
        assert [len(ties) for _, ties in store.subscribers.all()] == [1] * 4
        assert sum(1 for _ in store.subscriptions.audience("morning")) == 4
        (made,) = store.editions.recent()
        assert store.deliveries.summary(made.id) == {"planned": 3}
        assert len(store.editions.versions(made.id)) == 1
        assert store.privacy.export("ada@example.org").events[0].at == NOW
