"""Processes that are killed, and a disk that is full: nobody lost, nobody twice, and work goes on afterwards."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter

from digest.store import Store
from tests.paths import PROJECT
from tests.store.samples import HERALD, NOW, crowd, entry, keep, minutes, planned, stored_edition

#: Deliveries under way per sender, and so the most that one kill may leave in doubt.
IN_FLIGHT = 5


def start(store: Store, edition_id: str, owner: str, minute: float) -> subprocess.Popen[str]:
    """A sender on this store."""
    url = store.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.store.sender", url, edition_id, owner, str(minute)]
    root = PROJECT
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def wire_of(sender: subprocess.Popen[str], kill_after: int | None = None) -> list[int]:
    """The messages that left a sender; it is killed (SIGKILL) once so many have, else it ends by itself."""
    assert sender.stdout is not None
    lines = []
    for line in sender.stdout:  # whatever it still wrote before it died is read too
        lines.append(line.strip())
        if len(lines) == kill_after:
            sender.kill()
    sender.wait()
    sender.stdout.close()
    return [int(line) for line in lines if line != "done"]


def test_killed_senders_lose_nobody_and_double_nobody(store: Store) -> None:
    people, made = crowd(store, 150), stored_edition(store)
    planned(store, made.id, people)
    wire: Counter[int] = Counter()
    chance = random.Random(20261124)
    kills = 4
    for round_number in range(kills):
        wire.update(wire_of(start(store, made.id, "sender", 30 * round_number), chance.randint(1, 40)))
        released = store.claims.release_expired(now=minutes(30 * round_number + 20))
        assert released.unknown <= IN_FLIGHT
    wire.update(wire_of(start(store, made.id, "sender", 30 * kills)))

    states = {row.subscriber_id: row.state for row in store.deliveries.listing(made.id)}
    assert set(states) == {person.id for person in people}
    assert set(states.values()) <= {"accepted", "unknown"}
    assert {n for n, state in states.items() if state == "accepted"} <= set(wire)  # nobody is lost
    assert set(wire.values()) == {1}  # under 'hold' nobody has two copies
    assert sum(state == "unknown" for state in states.values()) <= kills * IN_FLIGHT
    assert store.deliveries.settle(made.id, now=minutes(999)).difference == 0


def test_two_senders_at_once_share_the_work(store: Store) -> None:
    people, made = crowd(store, 120), stored_edition(store)
    planned(store, made.id, people)
    both = [start(store, made.id, f"sender {n}", 0) for n in range(2)]
    wire = Counter(number for sender in both for number in wire_of(sender))
    assert wire == Counter(person.id for person in people)
    assert store.deliveries.summary(made.id) == {"accepted": 120}


def test_a_planner_that_is_killed_can_plan_again(store: Store) -> None:
    people, made = crowd(store, 6000), stored_edition(store)
    url = store.database.url.render_as_string(hide_password=False)
    code = f"""
import os, signal
from digest.deliver.delivery import Delivery
from digest.store import open_store
from tests.store.samples import NOW
store = open_store({url!r})
people = [subscriber for subscriber, _ in store.subscriptions.audience("morning")]
def rows():
    for number, person in enumerate(people, 1):
        if number == 5500: os.kill(os.getpid(), signal.SIGKILL)
        yield Delivery({made.id!r}, person.id, person.address, "v1")
store.deliveries.plan({made.id!r}, rows(), now=NOW)
"""
    subprocess.run([sys.executable, "-c", code], check=False, cwd=PROJECT)
    assert store.deliveries.summary(made.id) == {"planned": 5000}
    planned(store, made.id, people)
    books = store.deliveries.settle(made.id, now=NOW)
    assert (books.planned, books.states, books.difference) == (6000, {"planned": 6000}, 0)


def test_a_full_disk_is_said_and_nothing_half_written_stays(sqlite_store: Store) -> None:
    keep(sqlite_store, entry("a"))
    code = f"""
import resource, signal
from digest.errors import StoreError
from digest.store import open_store
from tests.store.samples import entry, keep
store = open_store("sqlite:///{sqlite_store.database.path}")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try: keep(store, *(entry(f"big{{n}}", summary="x" * 4000) for n in range(200)))
except StoreError as error: print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
keep(store, entry("b"))
"""
    root = PROJECT
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root).stdout
    assert "disk" in said
    assert sqlite_store.feeds.known(HERALD).keys() == {"a", "b"}
