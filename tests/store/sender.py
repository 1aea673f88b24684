"""A sender as a process of its own, to be killed: `python -m tests.store.sender URL EDITION OWNER MINUTE`.

It prints the number of each subscriber at the moment its message would leave, flushed, before it records the result.
"""

from __future__ import annotations

import sys

from digest.store import open_store
from digest.store.claim_results import DeliveryResult
from tests.store.samples import LEASE, minutes


def main(url: str, edition_id: str, owner: str, minute: str) -> None:
    """Send everything that is due, five messages a step."""
    now = minutes(float(minute))
    claim = open_store(url).claims.acquire(edition_id, owner, now=now, lease=LEASE, limit=20)
    results: list[DeliveryResult] = []
    while claimed := claim.deliveries:
        for start in range(0, len(claimed), 5):
            going = claimed[start : start + 5]
            to_send = claim.record_progress(results, going, now=now).to_send
            results = []
            for delivery in going:
                if delivery.id in to_send:
                    print(delivery.subscriber_id, flush=True)
                    results.append(DeliveryResult(delivery.id, "accepted"))
        claim.extend(20, now=now)
    claim.record_progress(results, now=now)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
