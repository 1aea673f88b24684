"""The sender's way: nobody gets a row twice at once, nothing stale is written, pausing stops everybody."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

from digest.deliver.delivery import Delivery
from digest.store import Store
from digest.store.records import DeliveryResult
from tests.store.samples import LEASE, NOW, crowd, minutes, planned, reader, stored_edition


def accepted(delivery: Delivery, reason: str = "250 ok") -> DeliveryResult:
    """The server took it."""
    return DeliveryResult(delivery.edition_id, delivery.subscriber_id, delivery.epoch, "accepted", reason)


def test_a_claim_is_exclusive_and_raises_the_epoch(store: Store) -> None:
    people, made = crowd(store, 5), stored_edition(store)
    planned(store, made.id, people)
    mine = store.deliveries.claim(made.id, "me", NOW, LEASE, 3)
    yours = store.deliveries.claim(made.id, "you", NOW, LEASE, 9)
    assert [d.subscriber_id for d in (*mine, *yours)] == [person.id for person in people]
    first = mine[0]
    assert (first.state, first.owner, first.epoch, first.lease_until) == ("claimed", "me", 1, NOW + LEASE)
    assert first == store.deliveries.get(made.id, first.subscriber_id)
    assert store.deliveries.claim(made.id, "me", NOW, LEASE, 9) == []


def test_only_editions_being_sent_are_claimed_from(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store, "approved")
    planned(store, made.id, people)
    assert store.deliveries.claim(made.id, "me", NOW, LEASE, 9) == []
    assert store.deliveries.claim(None, "me", NOW, LEASE, 9) == []
    store.editions.set_state(made.id, ["approved"], "sending", now=NOW)
    assert len(store.deliveries.claim(None, "me", NOW, LEASE, 1)) == 1
    store.editions.set_state(made.id, ["sending"], "paused", now=NOW)
    assert store.deliveries.claim(None, "me", NOW, LEASE, 9) == []


def test_pausing_all_sending_stops_every_claim(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    store.meta.pause_sending("restored from a backup")
    assert store.meta.sending_paused() == "restored from a backup"
    assert store.deliveries.claim(made.id, "me", NOW, LEASE, 9) == []
    store.meta.resume_sending()
    assert store.meta.sending_paused() is None
    assert len(store.deliveries.claim(made.id, "me", NOW, LEASE, 9)) == 2


def test_nothing_is_claimed_before_its_time(store: Store) -> None:
    made = stored_edition(store)
    rows = [Delivery(made.id, n, f"r{n}@example.org", "v1", not_before=minutes(n)) for n in (5, 10)]
    store.deliveries.plan(made.id, rows, now=NOW)
    assert store.deliveries.claim(made.id, "me", minutes(4), LEASE, 9) == []
    (found,) = store.deliveries.claim(made.id, "me", minutes(5), LEASE, 9)
    assert (found.subscriber_id, found.not_before) == (5, minutes(5))


def test_a_result_needs_owner_and_epoch(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    (mine,) = store.deliveries.claim(made.id, "me", NOW, LEASE, 1)
    stale = DeliveryResult(made.id, person.id, mine.epoch - 1, "accepted")
    assert store.deliveries.record([accepted(mine)], "you", now=NOW) == 0
    assert store.deliveries.record([stale], "me", now=NOW) == 0
    assert store.deliveries.record([accepted(mine, "250 2.0.0 queued as ü\ud800")], "me", now=minutes(1)) == 1
    assert store.deliveries.record([accepted(mine)], "me", now=minutes(2)) == 0
    found = store.deliveries.get(made.id, person.id)
    assert found is not None
    assert (found.state, found.reason, found.attempts) == ("accepted", "250 2.0.0 queued as ü\ufffd", 1)
    assert (found.owner, found.lease_until, found.updated_at) == ("", None, minutes(1))


def test_a_deferred_delivery_comes_due_again_at_its_time(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    (mine,) = store.deliveries.claim(made.id, "me", NOW, LEASE, 1)
    result = DeliveryResult(made.id, person.id, mine.epoch, "deferred", "450 greylisted", minutes(7))
    store.deliveries.record([result], "me", now=NOW)
    found = store.deliveries.get(made.id, person.id)
    assert found is not None
    assert (found.state, found.next_attempt, found.attempts) == ("deferred", minutes(7), 1)
    assert store.deliveries.claim(made.id, "me", minutes(6), LEASE, 1) == []
    (again,) = store.deliveries.claim(made.id, "you", minutes(7), LEASE, 1)
    assert (again.epoch, again.attempts, again.reason) == (2, 1, "450 greylisted")


def test_a_row_given_back_unsent_is_due_at_once_and_counts_no_attempt(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    (mine,) = store.deliveries.claim(made.id, "me", NOW, LEASE, 1)
    store.deliveries.record([DeliveryResult(made.id, person.id, mine.epoch, "planned")], "me", now=minutes(1))
    (again,) = store.deliveries.claim(made.id, "you", minutes(1), LEASE, 1)
    assert (again.attempts, again.epoch) == (0, 2)


def test_the_intent_is_written_only_for_what_is_still_ours(store: Store) -> None:
    people, made = crowd(store, 4), stored_edition(store)
    planned(store, made.id, people)
    mine = store.deliveries.claim(made.id, "me", NOW, LEASE, 4)
    store.deliveries.record([accepted(mine[0])], "me", now=NOW)
    ours = store.deliveries.mark_handed_over(mine, now=NOW + LEASE - timedelta(seconds=1))
    assert ours == {(made.id, d.subscriber_id) for d in mine[1:]}
    assert store.deliveries.summary(made.id) == {"accepted": 1, "handed_over": 3}
    assert store.deliveries.mark_handed_over([], now=NOW) == set()


def test_a_sender_that_slept_past_its_lease_sends_and_writes_nothing_more(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    sleeper = store.deliveries.claim(made.id, "sleeper", NOW, LEASE, 9)
    woken = NOW + LEASE
    assert store.deliveries.mark_handed_over(sleeper, now=woken) == set()
    assert store.deliveries.release_expired(now=woken) == (2, 0)
    heir = store.deliveries.claim(made.id, "heir", woken, LEASE, 9)
    assert [d.epoch for d in heir] == [2, 2]
    assert store.deliveries.record([accepted(d) for d in sleeper], "sleeper", now=woken) == 0
    assert store.deliveries.renew(sleeper, "sleeper", now=woken, lease=LEASE) == 0
    assert store.deliveries.record([accepted(d) for d in heir], "heir", now=woken) == 2


def test_an_owner_of_the_same_name_in_an_older_epoch_is_a_stranger(store: Store) -> None:
    (person,), made = crowd(store, 1), stored_edition(store)
    planned(store, made.id, [person])
    (before,) = store.deliveries.claim(made.id, "me", NOW, LEASE, 1)
    store.deliveries.release_expired(now=minutes(30))
    store.deliveries.claim(made.id, "me", minutes(30), LEASE, 1)
    assert store.deliveries.mark_handed_over([before], now=minutes(31)) == set()
    assert store.deliveries.record([accepted(before)], "me", now=minutes(31)) == 0


def test_what_was_in_flight_when_a_lease_ended_is_unknown_and_listed(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    mine = store.deliveries.claim(made.id, "me", NOW, LEASE, 3)
    store.deliveries.mark_handed_over(mine[:1], now=NOW)
    assert store.deliveries.release_expired(now=minutes(19)) == (0, 0)
    assert store.deliveries.release_expired(now=minutes(20)) == (2, 1)
    (lost,) = store.deliveries.listing(made.id, "unknown")
    assert (lost.subscriber_id, lost.attempts) == (mine[0].subscriber_id, 1)
    assert "before the server's answer" in lost.reason


def test_a_sender_can_release_what_it_left_in_an_earlier_life(store: Store) -> None:
    people, made = crowd(store, 3), stored_edition(store)
    planned(store, made.id, people)
    store.deliveries.claim(made.id, "me", NOW, LEASE, 1)
    store.deliveries.claim(made.id, "you", NOW, LEASE, 1)
    assert store.deliveries.release_expired(now=minutes(1), owner="me") == (1, 0)
    assert store.deliveries.summary(made.id) == {"planned": 2, "claimed": 1}


def test_a_renewed_lease_holds(store: Store) -> None:
    people, made = crowd(store, 2), stored_edition(store)
    planned(store, made.id, people)
    mine = store.deliveries.claim(made.id, "me", NOW, LEASE, 9)
    assert store.deliveries.renew(mine, "me", now=minutes(15), lease=LEASE) == 2
    assert store.deliveries.release_expired(now=minutes(34)) == (0, 0)
    assert len(store.deliveries.mark_handed_over(mine, now=minutes(34))) == 2


def test_late_unsubscribes_and_suppressions_are_honoured_to_the_last_moment(store: Store) -> None:
    stay, leave, bounce, waver = (reader(store, f"{n}@example.org") for n in ("stay", "leave", "bounce", "waver"))
    made = stored_edition(store)
    planned(store, made.id, [stay, leave, bounce, waver])
    claimed = store.deliveries.claim(made.id, "me", NOW, LEASE, 9)
    store.readers.unsubscribe(leave.id, now=NOW)
    store.readers.suppress("BOUNCE@example.org", "bounce", now=NOW)
    store.readers.subscribe(waver.id, "evening", now=NOW)
    assert store.deliveries.still_wanted(made.id, [d.subscriber_id for d in claimed]) == {stay.id, waver.id}
    assert store.deliveries.still_wanted("nothing", [stay.id]) == set()


def test_one_turn_writes_results_and_intents_in_one_commit(store: Store) -> None:
    people, made = crowd(store, 5), stored_edition(store)
    planned(store, made.id, people)
    claimed = store.deliveries.claim(made.id, "me", NOW, LEASE, 5)
    first = store.deliveries.turn([], claimed[:2], "me", now=NOW)
    assert (first.written, len(first.ours), first.unwanted) == (0, 2, set())
    store.readers.unsubscribe(people[3].id, now=NOW)
    stale = DeliveryResult(made.id, people[4].id, 99, "accepted")
    second = store.deliveries.turn([*map(accepted, claimed[:2]), stale], claimed[2:], "me", now=NOW)
    assert second.written == 2
    assert second.ours == {(made.id, people[2].id), (made.id, people[4].id)}
    assert second.unwanted == {(made.id, people[3].id)}
    assert store.deliveries.summary(made.id) == {"accepted": 2, "handed_over": 2, "claimed": 1}


def test_many_senders_at_once_never_hold_the_same_row(store: Store) -> None:
    people, made = crowd(store, 400), stored_edition(store)
    planned(store, made.id, people)
    start = Barrier(4)
    taken: list[tuple[str, int]] = []

    def send(owner: str) -> None:
        start.wait()
        while claimed := store.deliveries.claim(made.id, owner, NOW, LEASE, 30):
            assert len(claimed) <= 30
            ours = store.deliveries.mark_handed_over(claimed, now=NOW)
            assert len(ours) == len(claimed)
            taken.extend((owner, d.subscriber_id) for d in claimed)
            assert store.deliveries.record(map(accepted, claimed), owner, now=NOW) == len(claimed)

    threads = [Thread(target=send, args=(f"sender {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for _, number in taken) == [person.id for person in people]
    assert store.deliveries.summary(made.id) == {"accepted": 400}


def test_a_claim_takes_no_more_than_asked_for_from_several_editions(store: Store) -> None:
    people = crowd(store, 20)
    for day in (24, 25):
        made = stored_edition(store, id=f"morning-{day}", slot=f"2026-11-{day}T07:00")
        planned(store, made.id, people)
    claimed = store.deliveries.claim(None, "me", NOW, LEASE, 30)
    assert len(claimed) == 30
    assert {d.edition_id for d in claimed} == {"morning-24", "morning-25"}
    ours = store.deliveries.mark_handed_over(claimed, now=NOW)
    assert ours == {(d.edition_id, d.subscriber_id) for d in claimed}
    assert store.deliveries.record(map(accepted, claimed), "me", now=NOW) == 30
