"""Readers: one per address, asked for and left at will, left alone when they must be, and forgotten on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from digest.deliver.address import AddressError
from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber, Subscription, SubscriptionState
from digest.store import Store
from digest.store.claim import ProgressResult
from digest.store.subscribers import ImportCounts
from tests.store.samples import LEASE, NOW, accepted, claim, crowd, minutes, planned, progress, reader, stored_edition


def test_an_address_is_one_person_in_whatever_case(store: Store) -> None:
    first = store.subscribers.add("Ada@Example.ORG", "Ada", "fr", "Europe/Paris", now=NOW)
    again = store.subscribers.add(" ada@example.org ", "Other", "en", now=minutes(5))
    assert first == again == Subscriber(first.id, "Ada@example.org", "Ada", "fr", "Europe/Paris", NOW)
    assert store.subscribers.get(first.id) == store.subscribers.find("ADA@EXAMPLE.ORG") == first
    assert store.subscribers.find("else@example.org") is None
    assert store.subscribers.get(first.id + 1) is None


def test_what_is_no_address_is_refused(store: Store) -> None:
    with pytest.raises(AddressError):
        store.subscribers.add("ada@example.org> ORCPT=x", now=NOW)
    assert list(store.subscribers.all()) == []


def test_two_requests_at_once_make_one_person(store: Store) -> None:
    start, found = Barrier(4), []

    def add() -> None:
        start.wait()
        found.append(store.subscribers.add("ada@example.org", now=NOW).id)

    threads = [Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_double_opt_in_confirms_once_asked(store: Store) -> None:
    person = store.subscribers.add("ada@example.org", now=NOW)
    tie = store.subscriptions.subscribe(person.id, "morning", ["world"], now=NOW)
    assert tie == Subscription(person.id, "morning", "unconfirmed", ("world",))
    assert list(store.subscriptions.audience("morning")) == []
    assert store.subscriptions.confirm(person.id, "morning", now=minutes(1))
    assert store.subscriptions.confirm(person.id, "morning", now=minutes(9))  # a second click is no harm
    assert not store.subscriptions.confirm(person.id, "evening", now=minutes(1))
    confirmed = replace(tie, state="confirmed", confirmed_at=minutes(1))
    assert list(store.subscriptions.audience("morning")) == [(person, confirmed)]


def test_subscribing_again_changes_topics_and_keeps_the_confirmation(store: Store) -> None:
    person = reader(store, "ada@example.org", topics=["world"])
    tie = store.subscriptions.subscribe(person.id, "morning", ["culture"], now=minutes(1))
    assert (tie.state, tie.topics, tie.confirmed_at) == ("confirmed", ("culture",), NOW)


def test_unsubscribing_is_idempotent_and_final_until_asked_again(store: Store) -> None:
    person = reader(store, "ada@example.org")
    assert store.subscriptions.unsubscribe(person.id, "morning", now=minutes(1)) == ["morning"]
    assert store.subscriptions.unsubscribe(person.id, "morning", now=minutes(2)) == []
    assert store.subscriptions.unsubscribe(person.id + 1, "morning", now=minutes(2)) == []
    (tie,) = store.subscriptions.of(person.id)
    assert (tie.state, tie.unsubscribed_at) == ("unsubscribed", minutes(1))
    assert list(store.subscriptions.audience("morning")) == []
    assert not store.subscriptions.confirm(person.id, "morning", now=minutes(3))  # an old link does not bring them back
    tie = store.subscriptions.subscribe(person.id, "morning", now=minutes(4))
    assert (tie.state, tie.confirmed_at, tie.unsubscribed_at) == ("unconfirmed", None, None)


def test_one_request_ends_all_subscriptions(store: Store) -> None:
    person = reader(store, "ada@example.org")
    for name in ("evening", "weekly"):
        store.subscriptions.subscribe(person.id, name, state="unconfirmed", now=NOW)
    assert store.subscriptions.unsubscribe(person.id, now=NOW) == ["evening", "morning", "weekly"]
    assert {tie.state for tie in store.subscriptions.of(person.id)} == {"unsubscribed"}


def test_the_audience_is_confirmed_not_suppressed_and_complete_over_pages(store: Store) -> None:
    people = crowd(store, 2500)
    states: dict[str, SubscriptionState] = {"new@example.org": "unconfirmed", "gone@example.org": "unsubscribed"}
    for address, state in states.items():
        reader(store, address, state=state)
    store.suppressions.add("READER7@example.org", "bounce", now=NOW)
    found = [person.address for person, _ in store.subscriptions.audience("morning")]
    assert found == [person.address for person in people if person.address != "reader7@example.org"]
    assert list(store.subscriptions.audience("evening")) == []


def test_suppression_keeps_the_first_reason_but_a_complaint_outweighs_it(store: Store) -> None:
    store.suppressions.add("Ada@example.org", "bounce", "550 no such user", now=NOW)
    store.suppressions.add("ada@example.org", "manual", now=minutes(1))
    assert [(s.address, s.reason, s.since) for s in store.suppressions.all()] == [("Ada@example.org", "bounce", NOW)]
    store.suppressions.add("ada@example.org", "complaint", "abuse report", now=minutes(2))
    ((reason, since),) = [(s.reason, s.since) for s in store.suppressions.all()]
    assert (reason, since) == ("complaint", NOW)


def test_suppressed_answers_for_addresses_as_given(store: Store) -> None:
    store.suppressions.add("ada@example.org", "manual", now=NOW)
    assert store.suppressions.matching(["ADA@example.org", "bob@example.org", "not an address"]) == {"ADA@example.org"}
    assert store.suppressions.remove("Ada@Example.org")
    assert not store.suppressions.remove("ada@example.org")
    assert store.suppressions.matching(["ada@example.org"]) == set()


def test_counts_are_by_newsletter_and_state(store: Store) -> None:
    reader(store, "a@example.org")
    reader(store, "b@example.org")
    reader(store, "c@example.org", "evening", state="unconfirmed")
    store.suppressions.add("b@example.org", "bounce", now=NOW)
    assert store.subscriptions.counts() == {"morning": {"confirmed": 2, "suppressed": 1}, "evening": {"unconfirmed": 1}}


def test_an_import_adds_many_and_never_undoes_an_unsubscription(store: Store) -> None:
    gone = reader(store, "gone@example.org", state="unsubscribed")
    people = [
        (
            Subscriber(0, f"r{n % 1400}@example.org", language="fr"),
            [Subscription(0, "morning", "confirmed", ("world",))],
        )
        for n in range(1500)
    ]
    people += [(Subscriber(0, "Gone@example.org"), [Subscription(0, "morning", "confirmed")])]
    people += [(Subscriber(0, "alone@example.org"), [])]
    assert store.subscribers.import_many(people, now=NOW) == ImportCounts(added=1401, known=101, subscriptions=1400)
    assert [tie.state for tie in store.subscriptions.of(gone.id)] == ["unsubscribed"]
    assert sum(1 for _ in store.subscriptions.audience("morning")) == 1400
    everybody = list(store.subscribers.all())
    assert len(everybody) == 1402
    assert {len(ties) for person, ties in everybody if person.language == "fr"} == {1}
    assert store.subscribers.import_many([], now=NOW) == ImportCounts(0, 0, 0)


def test_preferences_are_changed_and_the_address_is_not(store: Store) -> None:
    person = store.subscribers.add("ada@example.org", now=NOW)
    store.subscribers.update(replace(person, address="other@example.org", language="de", timezone="Asia/Kathmandu"))
    assert store.subscribers.get(person.id) == replace(person, language="de", timezone="Asia/Kathmandu")


def test_a_person_can_learn_everything_known_of_them(store: Store) -> None:
    person = reader(store, "ada@example.org")
    made = stored_edition(store)
    planned(store, made.id, [person])
    store.subscriptions.unsubscribe(person.id, "morning", now=minutes(9), detail="one-click")
    store.suppressions.add("ada@example.org", "manual", "asked by phone", now=minutes(10))
    why = store.privacy.export("ADA@example.org")
    assert why.subscriber == person
    assert [tie.state for tie in why.subscriptions] == ["unsubscribed"]
    assert why.suppression is not None
    assert why.suppression.detail == "asked by phone"
    assert [(e.what, e.newsletter, e.detail) for e in why.events] == [
        ("added", "", ""),
        ("subscribed confirmed", "morning", ""),
        ("unsubscribed", "morning", "one-click"),
    ]
    assert why.deliveries == ((made.id, "planned", "", NOW),)
    assert store.privacy.export("else@example.org") == (None, (), None, (), ())


def test_erasing_forgets_the_person_and_keeps_anonymous_counts(store: Store) -> None:
    ada, bob, eve = (reader(store, f"{name}@example.org") for name in ("ada", "bob", "eve"))
    made = stored_edition(store)
    planned(store, made.id, [ada, bob])
    claimed = claim(store, made.id, "me", NOW, LEASE, 1)
    progress(store, claimed, (), claimed)
    progress(store, claimed, [accepted(claimed[0], "250 ok for ada@example.org")])
    store.suppressions.add("bob@example.org", "complaint", "told us so", now=NOW)
    store.bounces.record("bob@example.org", "complaint", "n1", at=NOW, detail="bob@example.org complains")

    assert store.privacy.erase("ADA@example.org")
    assert store.privacy.erase("bob@example.org")
    assert not store.privacy.erase("bob@example.org")

    assert store.subscribers.find("ada@example.org") is None
    assert [person for person, _ in store.subscribers.all()] == [eve]
    assert store.deliveries.summary(made.id) == {"accepted": 1, "suppressed": 1}
    rows = list(store.deliveries.listing(made.id))
    assert {(row.address, row.reason) for row in rows} == {("", "erased on request")}
    assert claim(store, made.id, "me", minutes(60), LEASE, 9) == []
    assert store.suppressions.matching(["bob@example.org"]) == {"bob@example.org"}  # never mailed again all the same
    assert "bob" not in str(store.suppressions.all())
    assert store.privacy.export("ada@example.org").events == ()


def test_a_number_is_never_given_to_a_second_person(store: Store) -> None:
    first = store.subscribers.add("ada@example.org", now=NOW)
    store.privacy.erase("ada@example.org")
    assert store.subscribers.add("bob@example.org", now=NOW).id > first.id


def test_limits_count_what_was_allowed_in_every_window(store: Store) -> None:
    limits = [(timedelta(minutes=15), 1), (timedelta(days=1), 3)]
    allowed = [
        n for n in (0, 5, 15, 29, 30, 45, 60, 1440, 1441) if store.rate_limits.allow("c:ada", limits, now=minutes(n))
    ]
    assert allowed == [0, 15, 30, 1440]
    assert store.rate_limits.allow("c:bob", limits, now=NOW)


def test_of_many_requests_at_once_no_more_pass_than_allowed(store: Store) -> None:
    start, passed = Barrier(6), []

    def ask() -> None:
        start.wait()
        if store.rate_limits.allow("c:ada", [(timedelta(hours=1), 2)], now=NOW):
            passed.append(True)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 2


def test_a_bounce_notice_counts_once(store: Store) -> None:
    assert store.bounces.record("Ada@example.org", "hard", "<n1@mx>", at=NOW, detail="550", edition_id="e")
    assert not store.bounces.record("ada@example.org", "hard", "<n1@mx>", at=minutes(9))
    assert store.bounces.record("ada@example.org", "soft", "<n2@mx>", at=minutes(9))
    assert [(b.kind, b.edition_id, b.detail) for b in store.bounces.of("ada@example.org", NOW)] == [
        ("hard", "e", "550"),
        ("soft", "", ""),
    ]
    assert [b.kind for b in store.bounces.of("ada@example.org", minutes(1))] == ["soft"]


def test_editors_are_kept_by_name(store: Store) -> None:
    assert store.editors.add("ada", "ada@example.org", "hash", now=NOW)
    assert not store.editors.add("ada", "other@example.org", "hash2", now=NOW)
    assert store.editors.set_password("ada", "hash3")
    assert not store.editors.set_password("bob", "hash3")
    found = store.editors.get("ada")
    assert found is not None
    assert (found.address, found.password_hash, found.role) == ("ada@example.org", "hash3", "editor")
    assert store.editors.remove("ada")
    assert not store.editors.remove("ada")
    assert store.editors.all() == []


def test_a_delivery_planned_before_goes_nowhere_once_its_reader_is_erased(store: Store) -> None:
    ada = reader(store, "ada@example.org")
    made = stored_edition(store)
    store.deliveries.plan(made.id, [Delivery(made.id, ada.id, ada.address, "v1")], now=NOW)
    claimed = claim(store, made.id, "me", NOW, LEASE, 9)
    store.privacy.erase("ada@example.org")
    assert progress(store, claimed, (), claimed) == ProgressResult(unwanted=frozenset({claimed[0].id}))
