"""Slots: exactly one winner, whoever asks, whoever dies."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from digest.store import Store
from digest.store.leases import SLOT_LEASE
from tests.store.samples import NOW, edition, minutes, stored_edition

SLOT = "2026-11-24T07:00"


def test_the_first_to_ask_gets_the_slot_and_nobody_after(store: Store) -> None:
    assert store.slots.claim("morning", SLOT, NOW)
    assert not store.slots.claim("morning", SLOT, NOW)
    assert store.slots.claim("morning", "2026-11-25T07:00", NOW)
    assert store.slots.claim("evening", SLOT, NOW)


def test_of_many_schedulers_at_once_one_wins(store: Store) -> None:
    start, won = Barrier(6), []

    def ask() -> None:
        start.wait()
        if store.slots.claim("morning", SLOT, NOW):
            won.append(True)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [True]


def test_a_claim_whose_owner_died_is_taken_over_by_one_after_its_lease(store: Store) -> None:
    store.slots.claim("morning", SLOT, NOW)
    assert not store.slots.claim("morning", SLOT, NOW + SLOT_LEASE - timedelta(seconds=1))
    assert store.slots.claim("morning", SLOT, NOW + SLOT_LEASE)
    assert not store.slots.claim("morning", SLOT, NOW + SLOT_LEASE)


def test_a_claim_whose_owner_is_known_to_be_gone_is_taken_over_at_once_and_by_one(store: Store) -> None:
    assert store.slots.claim("morning", SLOT, NOW, owner="dead")

    def dead(name: str) -> bool:
        return name == "dead"

    assert not store.slots.claim("morning", SLOT, minutes(1), owner="other")
    assert store.slots.claim("morning", SLOT, minutes(1), owner="second", is_gone=dead)
    assert not store.slots.claim("morning", SLOT, minutes(1), owner="third", is_gone=dead)
    (slot,) = store.slots.of("morning")
    assert (slot.outcome, slot.reason) == ("", "second")
    assert store.slots.claim("morning", SLOT, minutes(2), owner="second")  # its work came to an error
    store.slots.decide("morning", SLOT, "skipped", "holiday", now=minutes(3))
    assert not store.slots.claim("morning", SLOT, minutes(4), owner="second")


def test_a_slot_with_an_outcome_is_never_claimed_again(store: Store) -> None:
    store.slots.decide("morning", SLOT, "skipped", "holiday", now=NOW)
    assert not store.slots.claim("morning", SLOT, NOW + timedelta(days=9))
    (slot,) = store.slots.of("morning")
    assert (slot.slot, slot.outcome, slot.reason, slot.edition_id) == (SLOT, "skipped", "holiday", "")


def test_creating_the_edition_decides_the_slot(store: Store) -> None:
    store.slots.claim("morning", SLOT, NOW)
    made = stored_edition(store)
    (slot,) = store.slots.of("morning")
    assert (slot.outcome, slot.edition_id) == ("composed", made.id)
    assert not store.slots.claim("morning", SLOT, NOW + timedelta(days=9))


def test_a_skipped_edition_says_so_in_its_slot(store: Store) -> None:
    store.editions.create(edition(state="skipped", reason="2 stories, 3 wanted"), "{}", now=NOW)
    (slot,) = store.slots.of("morning")
    assert (slot.outcome, slot.reason) == ("skipped", "2 stories, 3 wanted")


def test_slots_are_listed_from_a_local_time_on_in_order(store: Store) -> None:
    for day in (26, 24, 25):
        store.slots.claim("morning", f"2026-11-{day}T07:00", NOW)
    found = store.slots.of("morning", since="2026-11-25")
    assert [slot.slot for slot in found] == ["2026-11-25T07:00", "2026-11-26T07:00"]


def test_what_is_done_with_the_claim_is_undone_with_it(store: Store) -> None:
    def fails(connection: object) -> None:
        raise RuntimeError("the queue is full")

    with pytest.raises(RuntimeError):
        store.slots.claim("morning", SLOT, NOW, then=fails)
    assert store.slots.of("morning") == []

    def enqueue(connection: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute("INSERT INTO meta (key, value) VALUES ('job', 'compose')")

    assert store.slots.claim("morning", SLOT, minutes(1), then=enqueue)
    assert store.meta.get("job") == "compose"
    store.slots.claim("morning", SLOT, minutes(1), then=fails)  # lost: nothing is enqueued
