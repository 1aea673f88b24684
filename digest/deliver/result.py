"""Result: the outcome of sending one message or one edition, as a transport reports it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome


class Result(NamedTuple):
    """The outcome of one message. `outcome.state` is the next state of its delivery (`delivery.settle`)."""

    message: Message
    outcome: Outcome
    relay: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended. `stopped` is "" when every message was tried, else a sentence that says why the run ended early.

    `fault` is the server's reply that stopped the run, if there was one.
    """

    stopped: str = ""
    fault: Outcome | None = None


class Interrupted(Exception):
    """`record` failed, so nothing more was sent. `results` are the answers that could not be recorded.

    The cause is the exception that `record` raised. Messages with a recorded intent and no result here are in doubt.
    """

    def __init__(self, results: Sequence[Result]) -> None:
        super().__init__(f"sending stopped: {len(results)} results could not be recorded")
        self.results = tuple(results)


#: Commits results and intents (the messages about to be sent) durably and together. Returns the subscriber ids among
#: the intents that must not be mailed after all.
Record = Callable[[Sequence[Result], Sequence[Message]], Collection[int]]
