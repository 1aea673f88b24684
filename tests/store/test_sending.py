"""The sender's way: nobody gets a row twice at once, nothing stale is written, pausing stops everybody."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import update

from digest.deliver.delivery import Delivery
from digest.store import Store
from digest.store.claim import ProgressResult
from digest.store.tables import editions
from tests.store.samples import (
    LEASE,
    NOW,
    accepted,
    claim,
    claim_with,
    crowd,
    minutes,
    planned,
    progress,
    reader,
    result,
    stored_edition,
)


def test_a_claim_is_exclusive_and_has_an_epoch_of_its_own(store: Store) -> None:
    people, made = crowd(store, 5), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    yours = claim(store, made.id, "you", NOW, LEASE, 9)
    assert [d.subscriber_id for d in (*mine, *yours)] == [person.id for person in people]
    first = mine[0]
    assert (first.state, first.owner, first.epoch, first.lease_until) == ("claimed", "me", mine[1].epoch, NOW + LEASE)
    assert first == store.deliveries.get(made.id, first.subscriber_id)
    assert 0 != first.epoch != yours[0].epoch
    assert claim(store, made.id, "me", NOW, LEASE, 9) == []


def test_only_editions_being_sent_are_claimed_from(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store, "approved")
    planned(store, made.id, people)
    assert claim(store, made.id, "me", NOW, LEASE, 9) == []
    store.editions.set_state(made.id, ["approved"], "sending", now=NOW)
    assert len(claim(store, made.id, "me", NOW, LEASE, 1)) == 1
    store.editions.set_state(made.id, ["sending"], "paused", now=NOW)
    assert claim(store, made.id, "me", NOW, LEASE, 9) == []


def test_pausing_all_sending_stops_every_claim(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    store.meta.pause_sending("restored from a backup")
    assert store.meta.sending_paused() == "restored from a backup"
    assert claim(store, made.id, "me", NOW, LEASE, 9) == []
    store.meta.resume_sending()
    assert store.meta.sending_paused() is None
    assert len(claim(store, made.id, "me", NOW, LEASE, 9)) == 2


def test_nothing_is_claimed_before_its_time(store: Store) -> None:
    made = stored_edition(store)
    rows = [Delivery(made.id, n, f"r{n}@example.org", "v1", not_before=minutes(n)) for n in (5, 10)]
    store.deliveries.plan(made.id, rows, now=NOW)
    assert claim(store, made.id, "me", minutes(4), LEASE, 9) == []
    (found,) = claim(store, made.id, "me", minutes(5), LEASE, 9)
    assert (found.subscriber_id, found.not_before) == (5, minutes(5))


def test_a_result_needs_owner_and_epoch(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine, other = claim(store, made.id, "me", NOW, LEASE, 2)
    yours, older = (claim_with(store, made.id, *key) for key in (("you", mine.epoch), ("me", mine.epoch - 1)))
    assert yours.record_progress([accepted(mine)], now=NOW).written == 0
    assert older.record_progress([accepted(mine)], now=NOW).written == 0
    write = claim_with(store, made.id, "me", mine.epoch).record_progress
    assert write([accepted(mine, "250 2.0.0 queued as ü\ud800\0")], now=minutes(1)).written == 1
    assert write([result(mine, "refused"), accepted(other)], now=minutes(2)).written == 1
    found = store.deliveries.get(made.id, mine.subscriber_id)
    assert found is not None
    assert (found.state, found.reason, found.attempts) == ("accepted", "250 2.0.0 queued as ü\ufffd\ufffd", 1)
    assert (found.owner, found.lease_until, found.updated_at) == ("", None, minutes(1))


def test_who_is_due_with_the_edition_and_who_is_due_later_each_get_it_at_their_time(store: Store) -> None:
    made = stored_edition(store, send_at=minutes(5))
    moments = {1: minutes(5), 2: None, 3: minutes(3), 4: minutes(9), 5: minutes(5)}
    rows = [Delivery(made.id, n, f"r{n}@example.org", "v1", not_before=begins) for n, begins in moments.items()]
    store.deliveries.plan(made.id, rows, now=NOW)
    came: dict[int, set[int]] = {}
    for minute in (0, 2, 3, 4, 5, 8, 9):
        expected = None if not came else store.deliveries.next_work(made.id)
        taken = claim(store, made.id, f"sender {minute}", minutes(minute), 10 * LEASE, 9)
        assert not taken or expected in (None, minutes(minute))
        came[minute] = {delivery.subscriber_id for delivery in taken}
    assert came == {0: {2}, 2: set(), 3: {3}, 4: set(), 5: {1, 5}, 8: set(), 9: {4}}


def test_a_deferred_delivery_comes_due_again_at_its_time(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    mine = claim(store, made.id, "me", NOW, LEASE, 1)
    progress(store, mine, [result(mine[0], "deferred", "450 greylisted", minutes(7))])
    found = store.deliveries.get(made.id, person.id)
    assert found is not None
    assert (found.state, found.next_attempt, found.attempts) == ("deferred", minutes(7), 1)
    assert claim(store, made.id, "me", minutes(6), LEASE, 1) == []
    (again,) = claim(store, made.id, "you", minutes(7), LEASE, 1)
    assert (again.attempts, again.reason) == (1, "450 greylisted")
    assert again.epoch != mine[0].epoch


def test_a_row_given_back_unsent_is_due_at_once_and_counts_no_attempt(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 2)
    progress(store, mine, [result(mine[0], "planned")], now=minutes(1))  # the other one is still held
    (again,) = claim(store, made.id, "you", minutes(1), LEASE, 2)
    assert (again.id, again.attempts) == (mine[0].id, 0)
    assert progress(store, mine, [accepted(mine[0])], [mine[0]], now=minutes(2)) == ProgressResult()


def test_the_intent_is_written_only_for_what_is_still_ours(store: Store) -> None:
    people, made = crowd(store, 4), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 4)
    progress(store, mine, [accepted(mine[0])])
    going = progress(store, mine, (), mine, now=NOW + LEASE - timedelta(seconds=1))
    assert going.to_send == {delivery.id for delivery in mine[1:]}
    assert store.deliveries.summary(made.id) == {"accepted": 1, "handed_over": 3}
    assert progress(store, mine).to_send == set()


def test_a_turn_said_twice_counts_once(store: Store) -> None:
    people, made = crowd(store, 4), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 4)
    progress(store, mine, (), mine[:2])
    said = [accepted(mine[0]), result(mine[1], "deferred", "451 later", minutes(5))]
    first, again = (progress(store, mine, said, mine[2:], now=minutes(1)) for _ in range(2))
    assert first.to_send == again.to_send == {mine[2].id, mine[3].id}
    assert [row.attempts for row in store.deliveries.listing(made.id)] == [1, 1, 0, 0]
    assert store.deliveries.summary(made.id) == {"accepted": 1, "deferred": 1, "handed_over": 2}


def test_a_sender_that_slept_past_its_lease_sends_and_writes_nothing_more(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    sleeper = claim(store, made.id, "sleeper", NOW, LEASE, 9)
    woken = NOW + LEASE
    assert progress(store, sleeper, (), sleeper, now=woken).to_send == set()
    assert store.claims.release_expired(now=woken) == (2, 0)
    heir = claim(store, made.id, "heir", woken, LEASE, 9)
    assert {d.epoch for d in heir}.isdisjoint(d.epoch for d in sleeper)
    assert progress(store, sleeper, map(accepted, sleeper), now=woken).written == 0
    assert not claim_with(store, made.id, "sleeper", sleeper[0].epoch).renew(now=woken)
    assert progress(store, heir, map(accepted, heir), now=woken).written == 2


def test_an_answer_that_came_after_the_lease_still_counts_while_nobody_took_over(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 9)
    progress(store, mine, (), mine)
    assert progress(store, mine, [accepted(mine[0])], [mine[1]], now=NOW + LEASE) == ProgressResult(written=1)
    assert store.deliveries.summary(made.id) == {"accepted": 1, "handed_over": 1}


def test_an_owner_of_the_same_name_in_an_older_epoch_is_a_stranger(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    before = claim(store, made.id, "me", NOW, LEASE, 1)
    store.claims.release_expired(now=minutes(30))
    claim(store, made.id, "me", minutes(30), LEASE, 1)
    assert progress(store, before, [accepted(before[0])], before, now=minutes(31)) == ProgressResult()


def test_who_claims_again_after_its_lease_begins_anew(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    before = claim(store, made.id, "me", NOW, LEASE, 2)
    progress(store, before, (), before[:1])
    after = claim(store, made.id, "me", NOW + LEASE, LEASE, 9)
    assert [d.subscriber_id for d in after] == [people[1].id, people[2].id]
    assert store.deliveries.summary(made.id) == {"unknown": 1, "claimed": 2}
    assert progress(store, before, map(accepted, before), before, now=NOW + LEASE) == ProgressResult()


@pytest.mark.postgresql
def test_a_late_answer_that_is_being_written_while_its_sender_claims_anew_is_kept(postgres_store: Store) -> None:
    store, claimed = postgres_store, list[Delivery]()
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 2)
    progress(store, mine, (), mine)

    def anew() -> None:
        claimed.extend(claim(store, made.id, "me", NOW + LEASE, LEASE, 2))

    with store.database.quick() as run:  # a step, half-way
        run("UPDATE deliveries SET state = 'accepted' WHERE id = ?", (mine[0].id,))
        run("UPDATE claims SET under_way = ?, step = step + 1 WHERE id = ?", (f"[{mine[1].id}]", mine[0].epoch))
        claimer = Thread(target=anew)
        claimer.start()
        claimer.join(0.2)  # until it waits for us
    claimer.join()
    assert claimed == []
    assert store.deliveries.summary(made.id) == {"accepted": 1, "unknown": 1}


def test_what_was_in_flight_when_a_lease_ended_is_unknown_and_listed(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    progress(store, mine, (), mine[:1])
    assert store.claims.release_expired(now=minutes(19)) == (0, 0)
    assert store.claims.release_expired(now=minutes(20)) == (2, 1)
    (lost,) = store.deliveries.listing(made.id, "unknown")
    assert (lost.subscriber_id, lost.attempts) == (mine[0].subscriber_id, 1)
    assert "before the server's answer" in lost.reason


def test_a_sender_can_release_what_it_left_in_an_earlier_life(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    claim(store, made.id, "me", NOW, LEASE, 1)
    claim(store, made.id, "you", NOW, LEASE, 1)
    assert store.claims.owners() == {"me", "you"}
    assert store.claims.release_owner("me", now=minutes(1)) == (1, 0)
    assert store.deliveries.summary(made.id) == {"planned": 2, "claimed": 1}
    assert store.claims.owners() == {"you"}


def test_a_renewed_lease_holds(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 9)
    assert claim_with(store, made.id, "me", mine[0].epoch).renew(now=minutes(15))
    assert store.claims.release_expired(now=minutes(34)) == (0, 0)
    assert len(progress(store, mine, (), mine, now=minutes(34)).to_send) == 2


def test_late_unsubscribes_and_suppressions_are_honoured_to_the_last_moment(store: Store) -> None:
    stay, leave, bounce, waver, gone = (reader(store, f"{n}@example.org") for n in ("stay", "leave", "bo", "wav", "go"))
    made = stored_edition(store)
    planned(store, made.id, [stay, leave, bounce, waver, gone])
    claimed = claim(store, made.id, "me", NOW, LEASE, 9)
    store.subscriptions.unsubscribe(leave.id, now=NOW)
    store.suppressions.add("BO@example.org", "bounce", now=NOW)
    store.subscriptions.subscribe(waver.id, "evening", now=NOW)
    store.privacy.erase("go@example.org")
    going = progress(store, claimed, (), claimed)
    by_id = {delivery.id: delivery.subscriber_id for delivery in claimed}
    assert {by_id[number] for number in going.to_send} == {stay.id, waver.id}
    assert {by_id[number] for number in going.unwanted} == {leave.id, bounce.id, gone.id}


def test_one_turn_writes_results_and_intents_in_one_commit(store: Store) -> None:
    people, made = crowd(store, 5), stored_edition(store)
    planned(store, made.id, people)
    claimed = claim(store, made.id, "me", NOW, LEASE, 5)
    first = progress(store, claimed, (), claimed[:2])
    assert (first.written, len(first.to_send), len(first.unwanted)) == (0, 2, 0)
    store.subscriptions.unsubscribe(people[3].id, now=NOW)
    second = progress(store, claimed, map(accepted, claimed[:2]), claimed[2:])
    assert second.written == 2
    assert second.to_send == {claimed[2].id, claimed[4].id}
    assert second.unwanted == {claimed[3].id}
    assert store.deliveries.summary(made.id) == {"accepted": 2, "handed_over": 2, "claimed": 1}


def test_a_pause_between_two_turns_lets_answers_in_and_nothing_out(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    claimed = claim(store, made.id, "me", NOW, LEASE, 3)
    progress(store, claimed, (), claimed[:1])
    store.editions.set_state(made.id, ["sending"], "paused", now=NOW)
    assert progress(store, claimed, [accepted(claimed[0])], claimed[1:]) == ProgressResult(written=1, halted=True)
    store.editions.set_state(made.id, ["paused"], "sending", now=NOW)
    store.meta.pause_sending("restored from a backup")
    assert progress(store, claimed, (), claimed[1:]).halted
    assert store.deliveries.summary(made.id) == {"accepted": 1, "claimed": 2}


def test_who_is_planned_behind_the_line_is_sent_to_as_well(store: Store) -> None:
    people, made = crowd(store, 9), stored_edition(store)
    planned(store, made.id, people[4:])
    mine = claim(store, made.id, "me", NOW, LEASE, 3)
    planned(store, made.id, people)
    assert store.deliveries.due(NOW) == [made.id]
    rest = claim(store, made.id, "you", NOW, LEASE, 9)
    assert sorted(d.subscriber_id for d in (*mine, *rest)) == [person.id for person in people]


def test_who_was_lost_from_the_line_is_found_at_its_end(store: Store) -> None:
    people, made = crowd(store, 5), stored_edition(store)
    planned(store, made.id, people)
    mine = claim(store, made.id, "me", NOW, LEASE, 2)
    with store.database.write() as connection:  # as nothing of ours ever does
        connection.execute(update(editions).values(reached=people[4].id))
    found = claim(store, made.id, "you", NOW, LEASE, 9)
    assert [d.subscriber_id for d in found] == [person.id for person in people[2:]]
    assert progress(store, mine, map(accepted, mine)).written == 2


def test_many_senders_at_once_never_hold_the_same_row(store: Store) -> None:
    people, made = crowd(store, 400), stored_edition(store)
    planned(store, made.id, people)
    start = Barrier(4)
    taken: list[tuple[str, int]] = []

    def send(owner: str) -> None:
        start.wait()
        while claimed := claim(store, made.id, owner, NOW, LEASE, 30):
            assert len(claimed) <= 30
            assert len(progress(store, claimed, (), claimed).to_send) == len(claimed)
            taken.extend((owner, d.subscriber_id) for d in claimed)
            assert progress(store, claimed, map(accepted, claimed)).written == len(claimed)

    threads = [Thread(target=send, args=(f"sender {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for _, number in taken) == [person.id for person in people]
    assert store.deliveries.summary(made.id) == {"accepted": 400}
