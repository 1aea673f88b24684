"""Wave: many refusals of one kind, which are about us and not about the recipients. Pure.

One receiving domain that refuses `limit` in a row for policy, or all servers together that fail `limit` in a row, pause
the edition. A missing or full mailbox and greylisting concern their recipient and are no part of a wave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digest.deliver.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Streak:
    """Failures of one kind in a row. `refused` are the subscribers that they refused."""

    kind: str = ""
    count: int = 0
    reason: str = ""
    refused: tuple[int, ...] = ()

    def after(self, subscriber_id: int, outcome: Outcome) -> Streak:
        """The streak with one more failure; another kind begins a new one."""
        refused = (subscriber_id,) if outcome.state == "refused" else ()
        if outcome.kind != self.kind:
            return Streak(outcome.kind, 1, outcome.reason, refused)
        return Streak(self.kind, self.count + 1, outcome.reason, self.refused + refused)


@dataclass(frozen=True, slots=True)
class Wave:
    """The streaks of a run: of all servers together, and of each receiving domain that refuses for policy."""

    limit: int = 20
    overall: Streak = Streak()
    domains: Mapping[str, Streak] = field(default_factory=dict)

    def after(self, subscriber_id: int, outcome: Outcome, domain: str = "") -> Wave:
        """The wave with one more outcome. An acceptance ends the streak of its domain and the overall one.

        A message that no server had, and a refusal that concerns its recipient alone, change nothing.
        """
        if outcome.state == "accepted":
            if not self.active:
                return self
            others = {name: streak for name, streak in self.domains.items() if name != domain}
            return Wave(self.limit, Streak(), others)
        if not outcome.kind or (outcome.state == "planned" and not outcome.stops):
            return self
        domains = self.domains
        if domain and outcome.fault == "policy":
            domains = {**domains, domain: domains.get(domain, Streak()).after(subscriber_id, outcome)}
        return replace(self, overall=self.overall.after(subscriber_id, outcome), domains=domains)

    @property
    def active(self) -> bool:
        """True while there is a streak that an acceptance would end."""
        return bool(self.overall.count or self.domains)

    @property
    def worst(self) -> Streak:
        """The longest streak."""
        return max((self.overall, *self.domains.values()), key=lambda streak: streak.count)

    @property
    def count(self) -> int:
        """Failures of the longest streak."""
        return self.worst.count

    @property
    def reason(self) -> str:
        """The last reply of the longest streak."""
        return self.worst.reason

    @property
    def refused(self) -> tuple[int, ...]:
        """The subscribers that the longest streak refused: the cause was not theirs, so they are planned again."""
        return self.worst.refused

    @property
    def broke(self) -> bool:
        """True when a streak is too long to be the recipients' fault."""
        return self.count >= self.limit
