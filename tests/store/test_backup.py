"""Backups: taken at work, whole, proved, and paused when they come back."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from digest.errors import StoreError
from digest.store import Store, open_store
from tests.store.samples import HERALD, NOW, crowd, entry, keep, planned, stored_edition


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}


def test_a_restored_backup_equals_the_store_and_starts_paused(tmp_path: Path, sqlite_store: Store) -> None:
    keep(sqlite_store, entry("a"), entry("b"))
    made = stored_edition(sqlite_store)
    planned(sqlite_store, made.id, crowd(sqlite_store, 50))
    target = sqlite_store.meta.backup(tmp_path / "backup.db")
    copied, original = rows_of(target), rows_of(sqlite_store.database.path)
    ((key, reason),) = [row for row in copied.pop("meta") if row not in original["meta"]]
    original.pop("meta")
    assert copied == original
    assert key == "sending paused"
    assert "comes from a backup" in str(reason)
    with open_store(f"sqlite:///{target}") as restored:
        assert restored.meta.sending_paused() == reason
        assert restored.feeds.known(HERALD).keys() == {"a", "b"}
    assert sqlite_store.meta.sending_paused() is None


def test_a_backup_is_one_file_and_leaves_nothing_else_behind(tmp_path: Path, sqlite_store: Store) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    sqlite_store.meta.backup(folder / "b.db")
    assert [path.name for path in folder.iterdir()] == ["b.db"]


def test_a_backup_taken_while_others_write_is_a_state_that_was(tmp_path: Path, sqlite_store: Store) -> None:
    stop = Event()
    written: list[int] = []

    def write() -> None:
        number = 0
        while not stop.is_set():
            keep(sqlite_store, entry(f"e{number}"), entry(f"f{number}"))
            written.append(number)
            number += 1

    thread = Thread(target=write)
    thread.start()
    while len(written) < 3:
        stop.wait(0.001)
    target = sqlite_store.meta.backup(tmp_path / "backup.db")
    stop.set()
    thread.join()
    with open_store(f"sqlite:///{target}") as restored:
        known = restored.feeds.known(HERALD)
    assert len(known) >= 6
    assert {key[1:] for key in known if key[0] == "e"} == {key[1:] for key in known if key[0] == "f"}


def test_a_backup_never_replaces_a_file(tmp_path: Path, sqlite_store: Store) -> None:
    target = tmp_path / "backup.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already; name another file"):
        sqlite_store.meta.backup(target)
    assert target.read_text() == "precious"


def test_a_backup_into_a_missing_folder_says_so(tmp_path: Path, sqlite_store: Store) -> None:
    with pytest.raises(StoreError, match=r"(choose a folder)|(make room)"):
        sqlite_store.meta.backup(tmp_path / "nowhere" / "backup.db")


def test_a_backup_that_does_not_fit_leaves_no_half_of_it(tmp_path: Path, sqlite_store: Store) -> None:
    keep(sqlite_store, *(entry(f"e{n}", summary="x" * 4000) for n in range(500)))
    target = tmp_path / "backup.db"
    code = f"""
import resource, signal
from digest.errors import StoreError
from digest.store import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
try: open_store("sqlite:///{sqlite_store.database.path}").meta.backup("{target}")
except StoreError as error: print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 500_000
    assert "backup.db" in said
    assert not target.exists()
    assert not target.with_name("backup.db.partial").exists()


@pytest.mark.postgresql
def test_a_server_is_backed_up_by_its_own_tool(tmp_path: Path, postgres_store: Store) -> None:
    with pytest.raises(StoreError, match="pg_dump --format=custom"):
        postgres_store.meta.backup(tmp_path / "backup.db")


def test_facts_are_kept_and_forgotten(store: Store) -> None:
    assert store.meta.get("instance") is None
    store.meta.set("instance", "a")
    store.meta.set("instance", "b")
    assert store.meta.get("instance") == "b"
    store.meta.set("instance", None)
    store.meta.set("instance", None)
    assert store.meta.get("instance") is None


def test_a_healthy_store_says_so(store: Store) -> None:
    findings = store.meta.check()
    assert findings[0].severity == "ok"
    assert "up to date" in findings[0].problem
    assert all(finding.remedy for finding in findings if finding.severity != "ok")


def test_what_waits_for_review_is_found_by_a_check(store: Store) -> None:
    from digest.collect.feed import Feed

    store.feeds.save(Feed(HERALD), [], [entry("a"), entry("b")], now=NOW)
    assert any(
        HERALD in f.problem and "2 new entries" in f.problem for f in store.meta.check() if f.severity == "warning"
    )


def test_an_old_sqlite_library_is_warned_about(sqlite_store: Store) -> None:
    warned = any("SQLite library" in finding.problem for finding in sqlite_store.meta.check())
    assert warned == (sqlite3.sqlite_version_info < (3, 51, 3))


@pytest.mark.postgresql
def test_a_server_that_may_forget_commits_is_warned_about(postgres_store: Store) -> None:
    (found,) = [finding for finding in postgres_store.meta.check() if finding.severity == "error"]
    assert "fsync = off" in found.problem  # as our test server runs, to be fast


def test_only_its_owner_may_read_a_store_or_its_backup(tmp_path: Path, sqlite_store: Store) -> None:
    keep(sqlite_store, entry("a"))
    target = sqlite_store.meta.backup(tmp_path / "backup.db")
    path = sqlite_store.database.path
    modes = {one.name: one.stat().st_mode & 0o777 for one in (target, path, path.with_name("digest.db-wal"))}
    assert set(modes.values()) == {0o600}


def test_a_copied_store_wakes_up_paused_once(tmp_path: Path, sqlite_store: Store) -> None:
    assert sqlite_store.meta.pause_if_moved() is None
    assert sqlite_store.meta.pause_if_moved() is None
    sqlite_store.close()
    other = tmp_path / "elsewhere" / "digest.db"
    other.parent.mkdir()
    other.write_bytes(sqlite_store.database.path.read_bytes())
    with open_store(f"sqlite:///{other}") as clone:
        assert "on another machine or in another folder" in (clone.meta.pause_if_moved() or "")
        assert clone.meta.sending_paused() is not None
        clone.meta.resume_sending()
        assert clone.meta.pause_if_moved() is None
        assert clone.meta.sending_paused() is None


@pytest.mark.postgresql
def test_restored_database_on_a_server_starts_paused(postgres_store: Store) -> None:
    assert postgres_store.meta.pause_if_moved() is None
    with open_store(postgres_store.database.url.render_as_string(hide_password=False)) as another_machine:
        assert another_machine.meta.pause_if_moved() is None
    with postgres_store.database.write() as connection:  # as pg_restore does: the table is a new one
        for sql in ("CREATE TABLE restored (LIKE meta INCLUDING ALL)", "INSERT INTO restored SELECT * FROM meta"):
            connection.exec_driver_sql(sql)
        for sql in ("DROP TABLE meta", "ALTER TABLE restored RENAME TO meta"):
            connection.exec_driver_sql(sql)
    assert "restored or copied" in (postgres_store.meta.pause_if_moved() or "")
    assert postgres_store.meta.sending_paused() is not None
    postgres_store.meta.resume_sending()
    assert postgres_store.meta.pause_if_moved() is None
    assert postgres_store.meta.sending_paused() is None


def test_clone_whose_pause_was_not_committed_pauses_at_the_next_question(tmp_path: Path, sqlite_store: Store) -> None:
    sqlite_store.meta.pause_if_moved()
    sqlite_store.close()
    clone_path = tmp_path / "elsewhere.db"
    clone_path.write_bytes(sqlite_store.database.path.read_bytes())
    with open_store(f"sqlite:///{clone_path}") as clone:
        before = clone.meta.get("home")
        with clone.database.write() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER no_pause BEFORE INSERT ON meta WHEN new.key = 'sending paused' "
                "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
            )
        with pytest.raises(StoreError):
            clone.meta.pause_if_moved()
        assert clone.meta.get("home") == before, "the new place is not on record without the pause"
        with clone.database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER no_pause")
        assert clone.meta.pause_if_moved() is not None
        assert clone.meta.sending_paused() is not None
