"""Several hands on one claim, readers who are erased, steps that fail: a sender knows what is so, not what was."""

from __future__ import annotations

import os

import pytest

from digest.deliver.delivery import Delivery
from digest.store import Store, open_store
from tests.store.samples import LEASE, NOW, accepted, claim, crowd, minutes, planned, progress, result, stored_edition


def test_what_another_hand_wrote_for_the_same_claim_is_known_at_the_next_step(store: Store) -> None:
    people, made = crowd(store, 6), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 4)
    progress(store, mine, (), mine[:2])
    with open_store(store.database.url.render_as_string(hide_password=False)) as again:
        said = [accepted(mine[0]), result(mine[1], "planned", "no server"), result(mine[2], "skipped", "no address")]
        assert progress(again, mine, said, mine[3:]).written == 3
    assert progress(store, mine, [accepted(row, "too late") for row in mine[:3]]).written == 0
    (row,) = claim(store, made.id, "you", minutes(1), LEASE, 1)
    assert row.id == mine[1].id
    fresh = claim(store, made.id, "me", minutes(1), LEASE, 9)
    assert [(d.subscriber_id, d.epoch) for d in fresh] == [(person.id, mine[0].epoch) for person in people[4:]]
    assert progress(store, mine, map(accepted, [*mine[3:], *fresh])).written == 3
    assert store.deliveries.summary(made.id) == {"accepted": 4, "claimed": 1, "skipped": 1}


def test_what_another_hand_claimed_gave_back_and_settled_is_not_taken_for_what_it_was(store: Store) -> None:
    people, made = crowd(store, 8), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    with open_store(store.database.url.render_as_string(hide_password=False)) as again:
        fresh = claim(again, made.id, "me", NOW, LEASE, 2)
        assert fresh[0].epoch == mine[0].epoch
        progress(again, mine, [result(mine[0], "planned")])
        progress(again, mine, (), mine[1:2])
        progress(again, mine, [accepted(mine[1])])  # nothing is under way again, as before
    assert progress(store, mine, (), mine).to_send == {mine[2].id}
    more = claim(store, made.id, "me", NOW, LEASE, 2)
    yours = claim(store, made.id, "you", NOW, LEASE, 9)
    taken = [d.id for d in (*mine[1:], *fresh, *more, *yours)]
    assert sorted(taken) == sorted(row.id for row in store.deliveries.listing(made.id))
    assert progress(store, mine, map(accepted, [mine[2], *more])).written == 3
    assert progress(store, mine, map(accepted, fresh)).written == 2  # its claim did not end before


def test_who_is_erased_while_somebody_holds_it_is_unwanted_and_stays_so(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    progress(store, mine, (), mine[:1])
    for person in people[:2]:
        store.privacy.erase(person.address)
    url = store.database.url.render_as_string(hide_password=False)
    with open_store(url) as again:  # which knows nothing of earlier steps
        asked = progress(again, mine, (), mine[1:])
        assert asked.to_send == {mine[2].id}
        assert asked.unwanted == {mine[1].id}
    assert store.claims.release_expired(now=NOW + LEASE) == (0, 1)
    assert store.deliveries.summary(made.id) == {"suppressed": 2, "unknown": 1}


def test_who_is_erased_while_put_off_leaves_nothing_to_wait_for(store: Store) -> None:
    (person, other), made = crowd(store, 2), stored_edition(store)
    rows = [Delivery(made.id, one.id, one.address, "v1", not_before=minutes(9)) for one in (person, other)]
    store.deliveries.plan(made.id, rows, now=NOW)
    store.privacy.erase(person.address)
    store.privacy.erase(other.address)
    assert store.deliveries.next_work(made.id) is None
    assert store.deliveries.due(minutes(10)) == []


def test_a_step_that_failed_leaves_no_memory_of_it(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 2)
    progress(store, mine, (), mine)
    nonsense = accepted(mine[0])._replace(reason=b"no text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        progress(store, mine, [nonsense])
    assert progress(store, mine, [accepted(mine[0])]).written == 1
    assert store.deliveries.summary(made.id) == {"accepted": 1, "handed_over": 1}


def test_what_is_to_be_sent_once_more_is_anybodys_while_its_first_sender_goes_on(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    progress(store, mine, (), mine)
    progress(store, mine, [result(mine[0], "refused", "550 no"), result(mine[1], "refused", "550 no")])
    assert store.deliveries.requeue(made.id, ["refused"], now=NOW, subscriber_ids=[people[0].id]) == 1
    assert store.deliveries.summary(made.id) == {"planned": 1, "refused": 1, "handed_over": 1}
    (again,) = claim(store, made.id, "you", NOW, LEASE, 9)
    assert (again.id, again.attempts) == (mine[0].id, 1)
    assert progress(store, mine, [accepted(mine[0]), accepted(mine[2])]).written == 1  # the first is another's now
    assert progress(store, [again], [accepted(again)], [again]).written == 1
    assert store.deliveries.summary(made.id) == {"accepted": 2, "refused": 1}


def test_who_was_skipped_can_be_planned_otherwise_while_its_sender_goes_on(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 2)
    progress(store, mine, [result(mine[0], "skipped", "no address")])
    rows = [Delivery(made.id, row.subscriber_id, row.address, "v2") for row in mine]
    assert store.deliveries.revise(made.id, rows, now=NOW) == 1
    assert [row.variant for row in store.deliveries.listing(made.id)] == ["v2", "v1"]
    (again,) = claim(store, made.id, "you", NOW, LEASE, 2)
    assert again.id == mine[0].id


def test_a_child_process_sends_by_a_connection_of_its_own(sqlite_store: Store) -> None:
    people, made = crowd(sqlite_store, 2), stored_edition(sqlite_store)
    planned(sqlite_store, made.id, people)
    child = os.fork()
    if child == 0:  # pragma: no cover
        os._exit(0 if len(claim(sqlite_store, made.id, "child", NOW, LEASE, 1)) == 1 else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    (mine,) = claim(sqlite_store, made.id, "parent", NOW, LEASE, 9)
    assert mine.subscriber_id == people[1].id
