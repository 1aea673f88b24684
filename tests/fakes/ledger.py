"""A sender's ledger in memory that checks the sender's promises while it runs and answers questions afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome
from digest.deliver.result import Result
from tests.fakes.smtp_server import SmtpServer


@dataclass
class Ledger:
    """`record` is what `smtp.send` wants. `bound` is the most that may be in doubt at once (connections * depth)."""

    bound: int = 10**9
    denied: frozenset[int] = frozenset()
    server: SmtpServer | None = None  # compare with it: who was taken and is not on record
    copies_bound: int = 10**9
    intended: dict[int, Message] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    commits: int = 0

    def record(self, results: Sequence[Result], intents: Sequence[Message]) -> Collection[int]:
        """Commit both, and complain of anything that breaks the promise."""
        self.commits += 1
        if self.server:
            taken = Counter(self.server.recipients)
            open_now = [i for i, m in self.intended.items() if i not in self.outcomes and taken[m.envelope_recipient]]
            assert len(open_now) <= self.copies_bound, "more copies could arise from a crash here than promised"
        for result in results:
            number = result.message.subscriber_id
            assert number in self.intended, f"{number} has a result but no intent"
            assert number not in self.outcomes, f"{number} has two results"
            self.outcomes[number] = result.outcome
        for message in intents:
            assert message.subscriber_id not in self.intended, f"{message.subscriber_id} was intended twice"
            if message.subscriber_id not in self.denied:
                self.intended[message.subscriber_id] = message
        assert len(self.intended) - len(self.outcomes) <= self.bound, "more in doubt than promised"
        return self.denied & {message.subscriber_id for message in intents}

    def states(self) -> dict[str, int]:
        """How many ended how."""
        return dict(Counter(outcome.state for outcome in self.outcomes.values()))

    def having(self, state: str) -> set[int]:
        """Return the subscribers whose delivery ended in this state."""
        return {number for number, outcome in self.outcomes.items() if outcome.state == state}
