"""Ids of subscribers: links name them for years, so no id is ever given to a second person, in any store."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from sqlalchemy import insert

from digest.deliver.links import Links
from digest.deliver.subscriber import Subscriber
from digest.store import Store, open_store
from digest.store.subscriber_ids import FLOOR, STEP
from digest.store.tables import subscribers
from tests.store.samples import NOW, crowd

LINKS = Links("https://news.example.org", "a secret of at least thirty-two characters")


def test_ids_are_random_and_in_order_of_joining(store: Store) -> None:
    people = [store.subscribers.add(f"{name}@example.org", now=NOW) for name in "abc"] + crowd(store, 1100)
    ids = [person.id for person in people]
    assert ids == sorted(set(ids))
    assert min(ids) > FLOOR
    assert max(ids) < 2**53
    steps = {after - before for before, after in pairwise(ids)}
    assert len(steps) > 1000
    assert max(steps) <= STEP
    assert [person.id for person, _ in store.subscribers.all()] == ids


def test_id_of_an_erased_person_never_returns(store: Store) -> None:
    last = store.subscribers.add("ada@example.org", now=NOW)
    store.privacy.erase("ada@example.org")
    again = store.subscribers.add("ada@example.org", now=NOW)
    store.subscribers.import_many([(Subscriber(last.id, "bob@example.org"), ())], now=NOW)
    bob = store.subscribers.find("bob@example.org")
    assert bob is not None
    assert last.id < again.id < bob.id
    assert store.subscribers.get(last.id) is None


def test_known_person_keeps_their_id(store: Store) -> None:
    first = store.subscribers.add("ada@example.org", now=NOW)
    store.subscribers.import_many([(Subscriber(0, "ADA@example.org"), ())], now=NOW)
    assert store.subscribers.add("Ada@Example.org", now=NOW).id == first.id


def test_link_with_a_row_number_stays_valid_for_its_person_alone(store: Store, tmp_path: Path) -> None:
    row = {"address": "old@example.org", "address_hash": "h", "name": "", "language": "", "timezone": ""}
    with store.database.write() as connection:  # as a former version numbered people
        connection.execute(insert(subscribers), {"id": 1, **row, "created_at": NOW})
    token = LINKS.token(1, "morning")
    crowd(store, 3)
    subscriber_id, _ = LINKS.read_token(token) or (0, "")
    person = store.subscribers.get(subscriber_id)
    assert person is not None
    assert person.address == "old@example.org"
    with open_store(f"sqlite:///{tmp_path}/moved.db", upgrade=True) as other:
        other.subscribers.import_many(((person, ()) for person, _ in store.subscribers.all()), now=NOW)
        assert all(other.subscribers.get(person.id) is None for person, _ in store.subscribers.all())
