"""A copy of a store, on SQLite or a server, is equal to the last row, paused, and goes on with ids of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from digest.errors import StoreError
from digest.store import Store, copy_store, open_store
from digest.store.tables import metadata
from tests.store.samples import HERALD, LEASE, NOW, accepted, claim, crowd, entry, keep, planned, progress, read, reader
from tests.store.samples import stored_edition as sample_edition


def quiet(stage: str, done: int, total: int) -> None:
    """Show no progress."""


def fill(store: Store) -> str:
    """An installation in use: people of every kind, an edition half sent, an erased person, a limit, a bounce."""
    keep(store, entry("a"), entry("b", summary="naïve – “quoted” \U0001f40c"))
    read(store, "a")
    people, edition = crowd(store, 1203), sample_edition(store)
    planned(store, edition.id, people[:20])
    mine = claim(store, edition.id, "me", NOW, LEASE, 9)
    progress(store, mine, (), mine[:3])
    progress(store, mine, [accepted(mine[0])])
    reader(store, "left@example.org", topics=["world"])
    store.subscriptions.unsubscribe(people[3].id, now=NOW)
    store.suppressions.add("reader5@example.org", "complaint", "abuse report", now=NOW)
    store.bounces.record("reader6@example.org", "soft", "notice-1", at=NOW, subscriber_id=people[6].id)
    store.editors.add("ada", "ada@example.org", "hash", now=NOW)
    store.rate_limits.allow("ada", [(timedelta(days=1), 3)], now=NOW)
    last = reader(store, "gone@example.org")
    store.privacy.erase(last.address)
    return edition.id


def rows(store: Store) -> dict[str, list[Any]]:
    """Every row of every table, but for the pause and the home of the store."""
    with store.database.read() as connection:
        tables = {t.name: [tuple(row) for row in connection.execute(select(t))] for t in metadata.sorted_tables}
    tables["meta"] = [row for row in tables["meta"] if row[0] not in ("home", "sending paused")]
    return {name: sorted(found, key=repr) for name, found in tables.items()}


def url(store: Store) -> str:
    """The whole URL of a store."""
    return store.database.url.render_as_string(hide_password=False)


def test_copy_is_equal_to_the_last_row_and_paused(store: Store, tmp_path: Path) -> None:
    edition_id = fill(store)
    target = f"sqlite:///{tmp_path}/copy.db"
    tables = copy_store(url(store), target, quiet)
    with open_store(target) as copy:
        assert rows(copy) == rows(store)
        assert {table.name: table.rows for table in tables}["subscribers"] == 1204
        assert "copy of another one" in (copy.meta.sending_paused() or "")
        assert copy.claims.acquire(edition_id, "you", now=NOW, lease=LEASE, limit=9).deliveries == []
        copy.meta.resume_sending()
        assert copy.meta.pause_if_moved() is None, "its own place is on record"
        new = copy.claims.acquire(edition_id, "you", now=NOW, lease=LEASE, limit=9)
        assert len(new.deliveries) == 9
        assert new.epoch not in {claimed.epoch for claimed in store.deliveries.listing(edition_id)}
    assert store.meta.sending_paused() is None


@pytest.mark.postgresql
def test_copy_to_a_server_and_back_is_the_same_store(
    sqlite_store: Store, postgres_store: Store, tmp_path: Path
) -> None:
    edition_id = fill(sqlite_store)
    there = copy_store(url(sqlite_store), url(postgres_store), quiet)
    back_url = f"sqlite:///{tmp_path}/back.db"
    back = copy_store(url(postgres_store), back_url, quiet)
    assert [table for table in there if table.name != "meta"] == [table for table in back if table.name != "meta"]
    with open_store(back_url) as copy:
        assert rows(copy) == rows(postgres_store) == rows(sqlite_store)
    postgres_store.meta.resume_sending()
    assert postgres_store.meta.pause_if_moved() is None
    ids = {person.id for person, _ in sqlite_store.subscribers.all()}
    assert postgres_store.subscribers.add("new@example.org", now=NOW).id > max(ids)
    assert len(postgres_store.claims.acquire(edition_id, "you", now=NOW, lease=LEASE, limit=5).deliveries) == 5
    keep(postgres_store, entry("c"))
    assert postgres_store.feeds.known(HERALD).keys() == {"a", "b", "c"}


def test_copy_into_a_store_with_rows_is_refused(store: Store, tmp_path: Path) -> None:
    keep(store, entry("a"))
    target = f"sqlite:///{tmp_path}/copy.db"
    with open_store(target, upgrade=True) as other:
        other.meta.set("mine", "stays")
    with pytest.raises(StoreError, match="is not empty: its table 'meta' has rows"):
        copy_store(url(store), target, quiet)
    with open_store(target) as other:
        assert other.meta.get("mine") == "stays"
        assert other.feeds.all() == []


def test_copy_that_differs_leaves_the_target_empty(sqlite_store: Store, tmp_path: Path) -> None:
    keep(sqlite_store, entry("a"), entry("b"))
    target = f"sqlite:///{tmp_path}/copy.db"
    with open_store(target, upgrade=True) as other, other.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER damage AFTER INSERT ON entries BEGIN UPDATE entries SET payload = 'x' WHERE id = 2; END"
        )
    with pytest.raises(StoreError, match="table 'entries' differs after the copy: 2 of 2 rows"):
        copy_store(url(sqlite_store), target, quiet)
    with open_store(target) as other:
        assert other.feeds.all() == []


def test_copy_of_a_database_that_is_not_there_names_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nothing\.db does not exist yet"):
        copy_store(f"sqlite:///{tmp_path}/nothing.db", f"sqlite:///{tmp_path}/copy.db", quiet)
    assert not (tmp_path / "copy.db").exists()
