"""How an edition is sent: the options of a run, the transport that takes its messages, and its result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from digest.deliver.mime.message import Message
from digest.deliver.outcome import Outcome
from digest.deliver.result import Record
from digest.errors import EditionError

#: How long a claim is held. It is renewed after a quarter of that, so that three quarters always remain: more than the
#: longest wait for a server (600 s after the final dot, RFC 5321 4.5.3.2.6). With less left, `smtp.send` sends nothing.
LEASE: Final = timedelta(minutes=20)


class LeaseLost(EditionError):
    """Another sender has taken over the claim of this one, which must send nothing more."""


class Transport(Protocol):
    """Takes messages: SMTP relays or an outbox folder."""

    def __call__(
        self, messages: Iterable[Message], record: Record, should_stop: Callable[[], bool]
    ) -> tuple[str, Outcome | None]:
        """Hand all messages over; return why the run broke off ("" when it did not) and the outcome behind it."""


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How to send one edition. `owner` names this sender; `last_moment` is slot plus `max_late`.

    A reader with a later time of their own, by the clock of their zone, has as much time after that.
    """

    owner: str
    last_moment: datetime
    in_doubt: Literal["resend", "hold"] = "resend"
    pause_after: int = 20
    should_stop: Callable[[], bool] = lambda: False
    lease: timedelta = LEASE
    is_gone: Callable[[str], bool] = lambda owner: False  # whether a sender of that name has certainly ended
    wait: Callable[[float], object] = time.sleep  # between two tries to reach the store
    bounced: Callable[[int, Outcome], None] = lambda subscriber_id, outcome: None  # a server refused this mailbox


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a run ended. `counts` are all deliveries of the edition by state; `sent` those accepted in this run."""

    edition_id: str
    state: str
    sent: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    stopped: str = ""

    @property
    def open(self) -> int:
        """The number of deliveries that still wait."""
        return sum(self.counts.get(state, 0) for state in ("planned", "claimed", "handed_over", "deferred"))
