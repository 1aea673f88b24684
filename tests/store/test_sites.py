"""Sites: each is held by one collector at a time, until it lets go or dies."""

from __future__ import annotations

import threading
from datetime import timedelta

from digest.store import Store
from digest.store.leases import SITES_LEASE
from tests.store.samples import NOW


def test_of_many_who_ask_at_once_each_site_is_held_by_one(store: Store) -> None:
    wanted = [f"{number}.example" for number in range(20)]
    begin, got = threading.Barrier(8), list[frozenset[str]]()

    def ask(name: str) -> None:
        begin.wait()
        got.append(Store(store.database).sites.acquire(wanted, name, now=NOW))

    threads = [threading.Thread(target=ask, args=(f"collector {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(site for sites in got for site in sites) == sorted(wanted)


def test_what_is_held_by_others_is_left_to_them_and_the_rest_is_shared_out(store: Store) -> None:
    assert store.sites.acquire(["a.example", "b.example"], "one", now=NOW) == {"a.example", "b.example"}
    assert store.sites.acquire(["b.example", "c.example"], "two", now=NOW) == {"c.example"}


def test_taking_gives_back_what_was_held_before(store: Store) -> None:
    store.sites.acquire(["a.example"], "one", now=NOW)
    store.sites.acquire(["b.example"], "one", now=NOW)
    assert store.sites.acquire(["a.example", "b.example"], "two", now=NOW) == {"a.example"}


def test_a_hold_ends_with_its_lease_with_its_owner_or_by_letting_go(store: Store) -> None:
    for name in ("a", "b", "c"):
        store.sites.acquire([name], name, now=NOW)
    store.sites.release("b")
    assert store.sites.acquire("abc", "d", now=NOW, is_gone=lambda owner: owner == "c") == {"b", "c"}
    later = NOW + SITES_LEASE
    store.sites.renew("d", now=later)
    assert store.sites.acquire("abc", "e", now=later) == {"a"}


def test_who_lost_its_sites_while_it_slept_does_not_get_them_back_by_saying_that_it_lives(store: Store) -> None:
    store.sites.acquire(["a.example"], "sleeper", now=NOW)
    later = NOW + SITES_LEASE + timedelta(seconds=1)
    assert store.sites.acquire(["a.example"], "two", now=later) == {"a.example"}
    store.sites.renew("sleeper", now=later)
    assert store.sites.acquire(["a.example"], "two", now=later) == {"a.example"}
