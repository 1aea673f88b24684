"""Result: what became of one message, as those who carry it tell those who keep the books."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from digest.deliver.mime.message import Message
from digest.deliver.reply import Outcome


class Result(NamedTuple):
    """What became of one message. `outcome.state` is what the delivery becomes (`delivery.settle`)."""

    message: Message
    outcome: Outcome
    relay: str = ""


#: Commits results and intents (what is about to be sent), durably and together; returns the subscriber ids among the
#: intents that must not be mailed after all.
Record = Callable[[Sequence[Result], Sequence[Message]], Collection[int]]
