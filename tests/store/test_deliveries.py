"""Deliveries: everybody planned once, the books closed, and decisions about many at a time."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import event, select

from digest.deliver.delivery import Delivery
from digest.errors import EditionError
from digest.store import Store, open_store
from digest.store.tables import editions
from tests.store.samples import LEASE, NOW, accepted, claim, crowd, minutes, planned, progress, result, stored_edition


def test_planning_again_adds_who_is_missing_and_changes_nothing_else(store: Store) -> None:
    people, made = crowd(store, 2300), stored_edition(store)
    assert planned(store, made.id, people[:1500]) == 1500
    claim(store, made.id, "me", NOW, LEASE, 10)
    assert planned(store, made.id, people) == 800
    assert planned(store, made.id, people) == 0
    assert store.deliveries.summary(made.id) == {"planned": 2290, "claimed": 10}


def test_the_plan_of_an_unknown_edition_is_refused(store: Store) -> None:
    (person,) = crowd(store, 1)
    with pytest.raises(EditionError, match="there is no edition 'nothing'"):
        planned(store, "nothing", [person])
    assert planned(store, "nothing", []) == 0


def test_a_planned_row_is_frozen_as_it_was_given(store: Store) -> None:
    made = stored_edition(store)
    later = Delivery(made.id, 7, "ada@example.org", "fr/world", not_before=minutes(90))
    never = Delivery(made.id, 8, "bob@example.org", "v1", "suppressed", "bounced three times")
    store.deliveries.plan(made.id, [later, never], now=NOW)
    found = store.deliveries.get(made.id, 7)
    assert found is not None
    assert found.id > 0
    assert found == later._replace(updated_at=NOW, id=found.id)
    found = store.deliveries.get(made.id, 8)
    assert found is not None
    assert (found.state, found.reason) == ("suppressed", "bounced three times")
    assert store.deliveries.get(made.id, 9) is None


def test_the_listing_is_complete_over_pages_and_can_be_narrowed(store: Store) -> None:
    people, made = crowd(store, 2100), stored_edition(store)
    planned(store, made.id, people)
    claim(store, made.id, "me", NOW, LEASE, 3)
    assert [row.subscriber_id for row in store.deliveries.listing(made.id)] == [person.id for person in people]
    assert len(list(store.deliveries.listing(made.id, "claimed"))) == 3
    assert list(store.deliveries.listing("nothing")) == []


def test_next_work_is_the_first_time_anybody_must_look(store: Store) -> None:
    made = stored_edition(store)
    assert store.deliveries.next_work() is None
    rows = [Delivery(made.id, n, f"r{n}@example.org", "v1", not_before=minutes(60 * n)) for n in (1, 2)]
    store.deliveries.plan(made.id, rows, now=NOW)
    assert store.deliveries.due(minutes(59)) == []
    assert store.deliveries.due(minutes(60)) == [made.id]
    assert store.deliveries.next_work() == store.deliveries.next_work(made.id) == minutes(60)
    claim(store, made.id, "me", minutes(60), LEASE, 9)
    assert store.deliveries.next_work() == minutes(60) + LEASE  # a lease that ends is work too
    store.editions.set_state(made.id, ["sending"], "paused", now=minutes(61))
    assert store.deliveries.next_work() is None
    assert store.deliveries.due(minutes(999)) == []


def test_what_is_too_late_is_skipped_and_keeps_the_servers_last_word(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    (first,) = claim(store, made.id, "me", NOW, LEASE, 1)
    progress(store, [first], [result(first, "deferred", "450 later", minutes(10))])
    (held,) = claim(store, made.id, "me", NOW, LEASE, 1)
    assert store.deliveries.close_open(made.id, "skipped", "too late", now=minutes(200)) == 2
    assert {row.subscriber_id: row.reason for row in store.deliveries.listing(made.id, "skipped")} == {
        first.subscriber_id: "too late; the server's last word: 450 later",
        people[2].id: "too late",
    }
    assert [row.subscriber_id for row in store.deliveries.listing(made.id, "claimed")] == [held.subscriber_id]
    assert claim(store, made.id, "you", minutes(999), LEASE, 9) == []


def test_what_is_in_doubt_is_sent_again_only_when_decided(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    claimed = claim(store, made.id, "me", NOW, LEASE, 9)
    progress(store, claimed, (), claimed)
    store.claims.release_expired(now=minutes(20))
    assert store.deliveries.summary(made.id) == {"unknown": 3}
    assert claim(store, made.id, "me", minutes(30), LEASE, 9) == []
    one = people[0].id
    assert store.deliveries.requeue(made.id, ["unknown"], now=minutes(30), subscriber_ids=[one]) == 1
    assert [row.subscriber_id for row in claim(store, made.id, "me", minutes(30), LEASE, 9)] == [one]
    assert store.deliveries.requeue(made.id, ["unknown"], now=minutes(31), tried_below=1) == 0  # each was tried once
    assert store.deliveries.requeue(made.id, ["unknown"], now=minutes(31), tried_below=2) == 2


def test_what_somebody_holds_is_never_requeued(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    claimed = claim(store, made.id, "me", NOW, LEASE, 1)
    progress(store, claimed, (), claimed)
    assert store.deliveries.requeue(made.id, ["planned", "claimed", "handed_over"], now=NOW) == 1  # the other


def test_a_bounce_marks_what_was_accepted(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    assert not store.deliveries.mark_bounced(made.id, person.id, "550", now=NOW)
    claimed = claim(store, made.id, "me", NOW, LEASE, 1)
    progress(store, claimed, [accepted(claimed[0])])
    assert store.deliveries.mark_bounced(made.id, person.id, "550 no such user", now=minutes(5))
    assert not store.deliveries.mark_bounced(made.id, person.id, "550 no such user", now=minutes(6))
    assert store.deliveries.summary(made.id) == {"bounced": 1}


def test_the_books_close_when_nothing_is_open_and_not_before(store: Store) -> None:
    people, made = crowd(store, 4), stored_edition(store)
    planned(store, made.id, people)
    open_books = store.deliveries.settle(made.id, now=NOW)
    assert (open_books.planned, open_books.open, open_books.difference) == (4, 4, 0)
    assert kept(store, made.id) == ""
    claimed = claim(store, made.id, "me", NOW, LEASE, 9)
    states = ("accepted", "refused", "suppressed", "skipped")
    progress(store, claimed, [result(d, s) for d, s in zip(claimed, states, strict=True)])  # type: ignore[arg-type]
    books = store.deliveries.settle(made.id, now=minutes(9))
    assert books == (4, dict.fromkeys(states, 1), 0, 0)
    assert json.loads(kept(store, made.id))["states"] == dict.fromkeys(states, 1)
    with pytest.raises(EditionError, match="there is no edition"):
        store.deliveries.settle("nothing", now=NOW)


def kept(store: Store, edition_id: str) -> str:
    """The books as they are kept with the edition."""
    with store.database.read() as connection:
        return str(connection.scalar(select(editions.c.settled).where(editions.c.id == edition_id)))


def test_a_lost_row_shows_in_the_books(store: Store) -> None:
    from sqlalchemy import delete

    from digest.store.tables import deliveries

    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    with store.database.write() as connection:
        connection.execute(delete(deliveries).where(deliveries.c.subscriber_id == people[0].id))
    assert store.deliveries.settle(made.id, now=NOW).difference == 1


def test_every_reader_has_one_delivery_whatever_the_order_of_plans(store: Store) -> None:
    people, made = crowd(store, 50), stored_edition(store)
    for start in range(0, 50, 7):
        planned(store, made.id, [*people[start:], *people[: start + 3]])
    counts = Counter(row.subscriber_id for row in store.deliveries.listing(made.id))
    assert set(counts.values()) == {1}
    assert len(counts) == 50
    assert store.deliveries.settle(made.id, now=NOW + timedelta(1)).planned == 50


def test_a_summary_is_of_one_moment_whatever_senders_do_meanwhile(store: Store) -> None:
    people, made = crowd(store, 9), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 9)
    progress(store, mine, (), mine)
    asked: list[str] = []

    def meanwhile(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if sql.startswith("SELECT"):
            progress(again, mine, [accepted(mine[len(asked)])])
            asked.append(sql)

    with open_store(store.database.url.render_as_string(hide_password=False)) as again:
        event.listen(store.database.engine, "after_cursor_execute", meanwhile)
        try:
            found = store.deliveries.summary(made.id)
        finally:
            event.remove(store.database.engine, "after_cursor_execute", meanwhile)
    assert len(asked) > 1
    assert found == {"handed_over": 9}
    assert store.deliveries.summary(made.id) == Counter(accepted=len(asked), handed_over=9 - len(asked))


def test_the_books_are_not_compared_with_a_plan_that_grows_meanwhile(store: Store) -> None:
    people, made = crowd(store, 4), stored_edition(store)
    planned(store, made.id, people[:2])
    later: list[Thread] = []

    def meanwhile(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if "planned" in sql and not later:
            later.append(Thread(target=planned, args=(again, made.id, people)))
            later[0].start()
            later[0].join(0.1)  # until it waits for us

    with open_store(store.database.url.render_as_string(hide_password=False)) as again:
        event.listen(store.database.engine, "after_cursor_execute", meanwhile)
        try:
            books = store.deliveries.settle(made.id, now=NOW)
        finally:
            event.remove(store.database.engine, "after_cursor_execute", meanwhile)
        later[0].join()
    assert (books.planned, books.open, books.difference) == (2, 2, 0)
    assert store.deliveries.settle(made.id, now=NOW).planned == 4
