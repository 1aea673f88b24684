"""A sender as a process of its own, to be killed: `python -m tests.store.sender URL EDITION OWNER MINUTE`.

It prints the number of each subscriber at the moment its message would leave, flushed, before it records the result.
"""

from __future__ import annotations

import sys

from digest.store import open_store
from digest.store.records import DeliveryResult
from tests.store.samples import LEASE, minutes


def main(url: str, edition_id: str, owner: str, minute: str) -> None:
    """Send everything that is due, five messages a turn."""
    now = minutes(float(minute))
    deliveries = open_store(url).deliveries
    results: list[DeliveryResult] = []
    epoch = 0
    while claimed := deliveries.claim(edition_id, owner, now, LEASE, 20):
        epoch = claimed[0].epoch
        for start in range(0, len(claimed), 5):
            going = claimed[start : start + 5]
            ours = deliveries.turn(epoch, owner, results, going, now=now).ours
            results = []
            for delivery in going:
                if delivery.id in ours:
                    print(delivery.subscriber_id, flush=True)
                    results.append(DeliveryResult(delivery.id, "accepted"))
    deliveries.turn(epoch, owner, results, now=now)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
