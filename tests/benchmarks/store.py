"""The store on the send path: microseconds of our CPU and of time a row, from import to the last result.

python -m tests.benchmarks.store [--readers 100000] [--url postgresql://…]

Without a URL a fresh SQLite file is used; a URL names an *empty* database. It ends with code 1 when planning 100,000
readers on SQLite takes 5 s or more, and prints the memory that streaming the audience takes.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber, Subscription
from digest.store import Store, open_store
from digest.store.claim_results import DeliveryResult
from tests.store.samples import LEASE, NOW, stored_edition

BATCH = 500


class Meter:
    """Adds up CPU and time by step."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure one piece of a step."""
        cpu, wall = time.process_time(), time.perf_counter()
        yield
        before = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = (before[0] + time.process_time() - cpu, before[1] + time.perf_counter() - wall)

    def table(self, readers: int) -> None:
        """Print what was spent."""
        print(f"{'step':<24}{'CPU µs/row':>12}{'time µs/row':>13}{'seconds':>10}")
        for name, (cpu, wall) in self.spent.items():
            print(f"{name:<24}{cpu / readers * 1e6:>12.1f}{wall / readers * 1e6:>13.1f}{wall:>10.2f}")


def fill(store: Store, readers: int) -> None:
    """Yield `count` confirmed subscribers."""
    people = (
        (Subscriber(0, f"reader{n}@example.org"), [Subscription(0, "morning", "confirmed")]) for n in range(readers)
    )
    store.subscribers.import_many(people, now=NOW)


def plan(store: Store, edition_id: str) -> None:
    """The whole way from audience to rows."""
    rows = (
        Delivery(edition_id, person.id, person.address, "v1") for person, _ in store.subscriptions.audience("morning")
    )
    store.deliveries.plan(edition_id, rows, now=NOW)


def send(store: Store, edition_id: str, meter: Meter) -> None:
    """Claim, intend and record everything, as a sender does, one turn behind the wire."""
    results: list[DeliveryResult] = []
    with meter.step("claim"):
        claim = store.claims.acquire(edition_id, "bench", now=NOW, lease=LEASE, limit=BATCH)
    while claimed := claim.deliveries:
        with meter.step("record progress"):
            claim.record_progress(results, claimed, now=NOW)
        results = [DeliveryResult(d.id, "accepted", f"250 queued as {d.subscriber_id:x}") for d in claimed]
        with meter.step("claim"):
            claim.extend(BATCH, now=NOW)
    with meter.step("record progress"):
        claim.record_progress(results, now=NOW)


def memory(work: Callable[[], object]) -> float:
    """By how many MB the peak of this process grows."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    work()
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> int:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--readers", type=int, default=100_000)
    options.add_argument("--url")
    asked = options.parse_args()
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        with open_store(asked.url or f"sqlite:///{folder}/digest.db", upgrade=True) as store:
            edition = stored_edition(store)
            with meter.step("import"):
                fill(store, asked.readers)
            grown = memory(lambda: sum(1 for _ in store.subscriptions.audience("morning")))
            with meter.step("audience and plan"):
                plan(store, edition.id)
            send(store, edition.id, meter)
            with meter.step("settle"):
                books = store.deliveries.settle(edition.id, now=NOW + timedelta(hours=1))
            with meter.step("expired leases"):
                store.claims.release_expired(now=NOW + timedelta(hours=1))
    meter.table(asked.readers)
    print(f"streaming the audience: {grown:.1f} MB; books: {dict(books.states)}, difference {books.difference}")
    too_slow = asked.url is None and meter.spent["audience and plan"][1] / asked.readers * 1e5 >= 5
    return 1 if too_slow or books.difference or books.states != {"accepted": asked.readers} else 0


if __name__ == "__main__":
    sys.exit(main())
