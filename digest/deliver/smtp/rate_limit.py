"""Rate limit: how fast mail may leave, in total and for one domain. Pure: time is seconds of any monotonic clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """A token bucket: at most `rate` a second, in bursts of at most one second's worth. 0 is no limit."""

    rate: float
    _level: float = 1.0
    _since: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until the next token is available, 0 when one is."""
        if not self.rate:
            return 0.0
        if self._since is not None:
            self._level = min(max(1.0, self.rate), self._level + (now - self._since) * self.rate)
        self._since = now
        return 0.0 if self._level >= 1 - 1e-9 else (1 - self._level) / self.rate

    def take(self) -> None:
        """Use one token."""
        if self.rate:
            self._level -= 1


class RateLimit:
    """`rate` and `domain_rate` are messages a second, `domain_connections` the most of a domain in flight."""

    def __init__(self, rate: float = 0, domain_connections: int = 0, domain_rate: float = 0) -> None:
        self._all = Bucket(rate)
        self._domain_rate = domain_rate
        self._domain_connections = domain_connections
        self._buckets: dict[str, Bucket] = {}
        self._in_flight: Counter[str] = Counter()
        self.by_domain = bool(domain_connections or domain_rate)

    def wait(self, now: float) -> float:
        """Seconds until any message may leave."""
        return self._all.wait(now)

    def domain_wait(self, domain: str, now: float) -> float:
        """Seconds until a message for that domain may leave; infinite while too many are in flight."""
        if self._domain_connections and self._in_flight[domain] >= self._domain_connections:
            return float("inf")
        if not self._domain_rate:
            return 0.0
        bucket = self._buckets.get(domain)
        if bucket is None:
            bucket = self._buckets[domain] = Bucket(self._domain_rate)
        return bucket.wait(now)

    def start(self, domain: str) -> None:
        """Count a message for that domain that leaves now."""
        self._all.take()
        if self.by_domain:
            self._in_flight[domain] += 1
            if bucket := self._buckets.get(domain):
                bucket.take()

    def finish(self, domain: str) -> None:
        """Count a message for that domain that was answered."""
        if self.by_domain:
            self._in_flight[domain] -= 1
