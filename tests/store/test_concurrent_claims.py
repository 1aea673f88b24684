"""Changes that must happen once among concurrent callers: history lines, compare and set, voided plans."""

from __future__ import annotations

from dataclasses import replace
from threading import Barrier, Thread

import pytest

from digest.compose.edition import frozen
from digest.errors import EditionError
from digest.store import Store
from tests.store.samples import NOW, edition, planned, reader, stored_edition


def test_of_many_who_note_the_same_line_one_does(store: Store) -> None:
    made = stored_edition(store, "in_review")
    start, won = Barrier(5), []

    def note() -> None:
        start.wait()
        if store.editions.note_once(made.id, "schedule", '{"do": "remind", "number": 1}', now=NOW):
            won.append(True)

    threads = [Thread(target=note) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [True]
    assert store.editions.note_once(made.id, "schedule", '{"do": "remind", "number": 2}', now=NOW)
    with pytest.raises(EditionError, match="there is no edition"):
        store.editions.note_once("nothing", "schedule", "{}", now=NOW)


def test_a_fact_is_swapped_by_one_of_all_who_saw_the_same(store: Store) -> None:
    assert store.meta.compare_and_set("told", None, "a")
    assert not store.meta.compare_and_set("told", None, "b")
    assert store.meta.compare_and_set("told", "a", "b")
    assert not store.meta.compare_and_set("told", "a", "c")
    assert store.meta.get("told") == "b"


def test_new_content_voids_the_frozen_recipients_and_a_change_of_state_does_not(store: Store) -> None:
    made = stored_edition(store, "in_review")
    store.editions.approve(made.id, made.content_hash, "ada", now=NOW)
    assert planned(store, made.id, [reader(store, "ada@example.org")]) == 1
    store.editions.approve(made.id, made.content_hash, "bob", now=NOW)
    assert store.deliveries.summary(made.id) == {"planned": 1}
    changed = frozen(replace(edition(), note="New", version=2, state="in_review"))
    store.editions.save(changed, 1, "ada", "{}", now=NOW)
    assert store.deliveries.summary(made.id) == {}
    assert store.deliveries.settle(made.id, now=NOW).difference == 0
