"""Pace: how fast mail may leave, over all and for one domain. Pure: time comes in as seconds of any steady clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """At most `rate` a second over any while, in bursts of at most a second's worth. 0 is no limit."""

    rate: float
    _level: float = 1.0
    _since: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until the next may go, 0 for now."""
        if not self.rate:
            return 0.0
        if self._since is not None:
            self._level = min(max(1.0, self.rate), self._level + (now - self._since) * self.rate)
        self._since = now
        return 0.0 if self._level >= 1 - 1e-9 else (1 - self._level) / self.rate

    def take(self) -> None:
        """One goes."""
        if self.rate:
            self._level -= 1


class Pace:
    """`rate` and `domain_rate` are messages a second, `domain_connections` how many of a domain may be under way."""

    def __init__(self, rate: float = 0, domain_connections: int = 0, domain_rate: float = 0) -> None:
        self._all = Bucket(rate)
        self._domain_rate = domain_rate
        self._domain_connections = domain_connections
        self._buckets: dict[str, Bucket] = {}
        self._under_way: Counter[str] = Counter()
        self.by_domain = bool(domain_connections or domain_rate)

    def wait(self, now: float) -> float:
        """Seconds until anything may go."""
        return self._all.wait(now)

    def domain_wait(self, domain: str, now: float) -> float:
        """Seconds until something for that domain may go; infinite while enough of it is under way."""
        if self._domain_connections and self._under_way[domain] >= self._domain_connections:
            return float("inf")
        if not self._domain_rate:
            return 0.0
        bucket = self._buckets.get(domain)
        if bucket is None:
            bucket = self._buckets[domain] = Bucket(self._domain_rate)
        return bucket.wait(now)

    def take(self, domain: str) -> None:
        """One for that domain goes."""
        self._all.take()
        if self.by_domain:
            self._under_way[domain] += 1
            if bucket := self._buckets.get(domain):
                bucket.take()

    def done(self, domain: str) -> None:
        """One for that domain is through."""
        if self.by_domain:
            self._under_way[domain] -= 1
