"""Opening a store: every way it can be wrong has its line, with the remedy; nothing is changed by a refusal."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy.engine import make_url

from digest.errors import StoreBusy, StoreError
from digest.store import Store, open_store, schema, upgrade_store
from digest.store.database import Database
from tests.store.samples import HERALD, NOW, entry, keep


def url_of(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store that is up to date and closed."""
    path = tmp_path / "digest.db"
    open_store(url_of(path), upgrade=True).close()
    return path


def test_an_empty_store_is_made_when_asked_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "digest.db"
    with pytest.raises(StoreError, match="does not exist yet; run 'digest db upgrade'"):
        open_store(url_of(path))
    assert not path.exists()
    assert upgrade_store(url_of(path)) == (None, schema.head())
    assert upgrade_store(url_of(path)) == (schema.head(), schema.head())
    open_store(url_of(path)).close()


def test_an_empty_server_is_given_tables_when_asked_and_only_then(postgres_empty: str) -> None:
    with pytest.raises(StoreError, match="has no tables yet; run 'digest db upgrade'"):
        open_store(postgres_empty)
    assert upgrade_store(postgres_empty) == (None, schema.head())
    with open_store(postgres_empty) as store:
        keep(store, entry("a"))


def test_what_was_stored_is_there_after_closing(path: Path) -> None:
    with open_store(url_of(path)) as store:
        keep(store, entry("a"))
    with open_store(url_of(path), upgrade=True) as store:
        assert store.feeds.known(HERALD) == {"a": "hash of a"}


def test_a_newer_store_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    for upgrade in (False, True):
        with pytest.raises(StoreError, match=r"newer digest .schema 9999.*install that version, or restore the backup"):
            open_store(url_of(path), upgrade=upgrade)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]


def test_tables_of_another_program_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE feeds (x)")
    for upgrade in (False, True):
        with pytest.raises(StoreError, match="tables of another program; name another database"):
            open_store(url_of(path), upgrade=upgrade)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n" * 999, b"url = 'x'\n", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "digest.db"
    path.write_bytes(content)
    for upgrade in (False, True):
        with pytest.raises(StoreError, match=r"digest\.db: (this file is not a database|the database is damaged)"):
            open_store(url_of(path), upgrade=upgrade)
    assert path.read_bytes() == content


def test_missing_folders_and_folders_in_place_of_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere: this folder does not exist; create it"):
        open_store(url_of(tmp_path / "nowhere" / "digest.db"), upgrade=True)
    with pytest.raises(StoreError, match="is a folder; name a file"):
        open_store(url_of(tmp_path), upgrade=True)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root@localhost/digest", "mysql: this database is not supported; use sqlite"),
        ("sqlite://", "the store must outlive the program; name a file"),
        ("sqlite:///:memory:", "the store must outlive the program; name a file"),
        ("digest.db", "'digest.db' is no database URL; use sqlite:///digest.db"),
        ("", "'' is no database URL"),
        ("postgresql://127.0.0.1:port/x", "is no database URL"),
    ],
)
def test_other_urls_are_refused_with_what_to_write_instead(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        open_store(url, upgrade=True)


def test_a_locked_store_says_so_in_time(path: Path) -> None:
    with open_store(url_of(path), busy_seconds=0.2) as store, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store.feeds.known(HERALD) == {}  # readers are not kept waiting
        with pytest.raises(StoreBusy, match=r"locked by another process.*end the other program.*or try again") as busy:
            keep(store, entry("a"))
        assert busy.value.exit_code == 75  # try again later
        other.rollback()
        keep(store, entry("a"))


def test_a_store_locked_as_a_whole_is_not_opened(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy, match="locked by another process"):
            open_store(url_of(path), busy_seconds=0.2)


def refused_to_a_stranger(url: str) -> str:
    """Return the error of `open_store(url, upgrade=True)` for a user without rights."""
    code = f"""
import os, tempfile
from digest.errors import StoreBusy, StoreError
from digest.store import open_store
with tempfile.TemporaryDirectory() as own:  # whatever is imported late, while we may still read it
    open_store(f"sqlite:///{{own}}/x.db", upgrade=True).close()
if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)
try: open_store({url!r}, upgrade=True)
except StoreError as error: print(error)
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_folders_and_files_without_access_are_named() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "digest.db"
        folder.chmod(0o555)
        assert "this folder cannot be written; give this user access" in refused_to_a_stranger(url_of(path))
        folder.chmod(0o755)
        open_store(url_of(path), upgrade=True).close()
        path.chmod(0o444)
        folder.chmod(0o777)
        assert "this file cannot be written" in refused_to_a_stranger(url_of(path))


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreError, match=r"the server cannot be reached .*; check that it runs") as caught:
        open_store("postgresql://digest:secret@127.0.0.1:1/digest")
    assert "secret" not in str(caught.value)
    assert "'digest' on 127.0.0.1" in str(caught.value)


@pytest.mark.postgresql
def test_a_server_without_our_database_or_user_is_told_apart(postgres_url: str) -> None:
    missing = make_url(postgres_url).set(database="nothing").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r"no such database .*; create it with createdb"):
        open_store(missing)
    stranger = make_url(postgres_url).set(username="stranger").render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r"refuses this user .*; check user and password"):
        open_store(stranger)


def test_a_missing_driver_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'newsletter-digest\[postgresql\]'"):
        open_store("postgresql://127.0.0.1/digest")


@pytest.mark.postgresql
def test_the_store_works_again_when_the_server_does(postgres_store: Store) -> None:
    from sqlalchemy import text

    keep(postgres_store, entry("a"))
    with pytest.raises(StoreError, match="cannot be reached"), postgres_store.database.write() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert postgres_store.feeds.known(HERALD) == {"a": "hash of a"}
    with Database(str(postgres_store.database.url.render_as_string(hide_password=False))).write() as other:
        other.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :d"
            ),
            {"d": postgres_store.database.url.database},
        )
    keep(postgres_store, entry("b"))  # an idle connection that died is noticed before it is used
    assert postgres_store.feeds.known(HERALD).keys() == {"a", "b"}


def upgrade_by_four(url: str) -> None:
    start, done, errors = Barrier(4), [], []

    def run() -> None:
        start.wait()
        try:
            done.append(upgrade_store(url))
        except StoreError as error:
            errors.append(str(error))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {after for _, after in done} == {schema.head()}
    open_store(url).close()


def test_several_programs_upgrading_a_new_file_at_once_do_it_once(tmp_path: Path) -> None:
    for number in range(
        20
    ):  # SQLite refuses one of two that turn on the write-ahead log at the same moment: a rare one
        upgrade_by_four(url_of(tmp_path / f"digest{number}.db"))


@pytest.mark.postgresql
def test_several_programs_upgrading_a_server_at_once_do_it_once(postgres_empty: str) -> None:
    upgrade_by_four(postgres_empty)


def test_a_child_process_does_not_share_the_parents_connections(sqlite_store: Store) -> None:
    keep(sqlite_store, entry("a"))
    child = os.fork()
    if child == 0:  # pragma: no cover
        known = sqlite_store.feeds.known(HERALD)
        sqlite_store.meta.set("child", "was here")
        os._exit(0 if known == {"a": "hash of a"} else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert sqlite_store.meta.get("child") == "was here"
    keep(sqlite_store, entry("b"), now=NOW)


def test_a_store_that_is_up_to_date_opens_without_the_weight_of_alembic(path: Path) -> None:
    code = f"""
import sys
from digest.store import open_store
open_store({url_of(path)!r}, upgrade=True).close()
print([name for name in ("alembic", "psycopg", "numpy") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
