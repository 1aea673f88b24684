"""The connection that SQLite's sender keeps: a step that is broken off, a close or a child in between harm nobody."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from digest.errors import StoreBusy
from digest.store import Store, open_store
from tests.store.broken import broken_off
from tests.store.samples import LEASE, NOW, claim, crowd, planned, progress, stored_edition


class Broken(BaseException):
    """As KeyboardInterrupt comes, between any two instructions."""


def free(path: Path) -> bool:
    """Whether another process may write at this moment, and the journal can be emptied into the file."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE").connection.execute("ROLLBACK")
        return other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall() == [(0, 0, 0)]


def test_a_step_that_is_broken_off_as_it_begins_locks_nobody_out(sqlite_store: Store) -> None:
    people, made = crowd(sqlite_store, 2), stored_edition(sqlite_store)
    planned(sqlite_store, made.id, people)
    mine = claim(sqlite_store, made.id, "me", NOW, LEASE, 2)
    with broken_off("execute", "quick", Broken()), pytest.raises(Broken):  # of BEGIN
        progress(sqlite_store, mine, (), mine)
    assert free(sqlite_store.database.path)
    assert len(progress(sqlite_store, mine, (), mine).to_send) == 2
    assert free(sqlite_store.database.path)


def test_between_two_steps_the_journal_can_be_emptied_and_a_backup_taken(sqlite_store: Store, tmp_path: Path) -> None:
    people, made = crowd(sqlite_store, 2), stored_edition(sqlite_store)
    planned(sqlite_store, made.id, people)
    mine = claim(sqlite_store, made.id, "me", NOW, LEASE, 2)
    assert progress(sqlite_store, mine, (), mine).to_send
    assert free(sqlite_store.database.path)
    with open_store(f"sqlite:///{sqlite_store.meta.backup(tmp_path / 'copy.db')}") as copy:
        assert copy.deliveries.summary(made.id) == {"handed_over": 2}
    sqlite_store.close()
    assert not list(tmp_path.glob("*-wal"))
    assert len(progress(sqlite_store, mine, (), mine).to_send) == 2  # connected anew


def test_after_somebody_elses_lock_the_next_step_goes_through(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/digest.db", upgrade=True, busy_seconds=0.01) as store:
        people, made = crowd(store, 2), stored_edition(store)
        planned(store, made.id, people)
        mine = claim(store, made.id, "me", NOW, LEASE, 2)
        with closing(sqlite3.connect(store.database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy):
                progress(store, mine, (), mine)
        assert len(progress(store, mine, (), mine).to_send) == 2


def test_closing_waits_for_the_step_that_is_under_way(sqlite_store: Store) -> None:
    people, made = crowd(sqlite_store, 1), stored_edition(sqlite_store)
    planned(sqlite_store, made.id, people)
    (mine,) = claim(sqlite_store, made.id, "me", NOW, LEASE, 1)
    inside, go = Event(), Event()

    def step() -> None:
        with sqlite_store.database.quick() as run:
            inside.set()
            go.wait()
            run("UPDATE deliveries SET variant = 'written' WHERE id = ?", (mine.id,))

    sender, closer = Thread(target=step), Thread(target=sqlite_store.close)
    sender.start()
    inside.wait()
    closer.start()
    closer.join(0.05)
    assert closer.is_alive()
    go.set()
    sender.join()
    closer.join()
    assert [row.variant for row in sqlite_store.deliveries.listing(made.id)] == ["written"]


def test_a_child_that_closes_what_it_inherited_leaves_the_parents_step_alone(sqlite_store: Store) -> None:
    people, made = crowd(sqlite_store, 1), stored_edition(sqlite_store)
    planned(sqlite_store, made.id, people)
    (mine,) = claim(sqlite_store, made.id, "me", NOW, LEASE, 1)
    with sqlite_store.database.quick() as run:
        run("UPDATE deliveries SET variant = 'written' WHERE id = ?", (mine.id,))
        child = os.fork()
        if child == 0:  # pragma: no cover
            sqlite_store.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert [row.variant for row in sqlite_store.deliveries.listing(made.id)] == ["written"]
    assert free(sqlite_store.database.path)
