"""Server: the state of one relay during a run."""

from __future__ import annotations

from digest.deliver.outcome import Outcome
from digest.deliver.smtp.connect import Relay
from digest.deliver.smtp.rate_limit import RateLimit


class Server:
    """One relay in this run: its connections, failures, and the messages assigned to it."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.depth = relay.pipeline  # intents that each of its connections may have recorded without a result
        self.chunking = True  # false: it offers BDAT and does not understand it
        self.name = f"{relay.host}:{relay.port}"
        self.rate_limit = RateLimit(relay.rate, relay.per_domain, relay.domain_rate)
        self.limited = bool(relay.rate or relay.per_domain or relay.domain_rate)
        self.connection_limit = relay.connections
        self.live = self.dialling = self.failures = 0
        self.assigned = 0.0  # messages, for its share by weight
        self.next_dial = 0.0
        self.fault: Outcome | None = None  # set: it cannot be used any more in this run
        self.last_error = ""

    @property
    def share(self) -> float:
        """Messages assigned to it, divided by its weight."""
        return self.assigned / self.relay.weight
