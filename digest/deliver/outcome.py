"""Outcome: the consequence of a server's reply for one delivery. Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

Phase = Literal["connect", "tls", "auth", "mail", "rcpt", "data", "content"]
#: The cause of a failure: nothing, the mailbox (missing), a full mailbox, our mail or identity, the way to the
#: recipient's server, the server, the connection.
Fault = Literal["none", "mailbox", "full", "policy", "route", "server", "line"]
OutcomeState = Literal["accepted", "deferred", "refused", "unknown", "planned"]


class Outcome(NamedTuple):
    """The consequence for the delivery. `kind` is the verdict that a wave counts, "" where it is the recipient's own.

    `closes`: this connection cannot be used any more. `stops`: no other message would fare better, so the run ends.
    A tuple, since every message makes one and a frozen dataclass takes four times as long to make.
    """

    state: OutcomeState
    reason: str
    fault: Fault = "none"
    kind: str = ""
    code: int = 0
    closes: bool = False
    stops: bool = False

    @property
    def bounce(self) -> Literal["", "hard", "soft"]:
        """How it counts against the address: hard for no such mailbox, soft for a full or unreachable one, else ""."""
        if self.fault == "full":
            return "soft"
        if self.state != "refused":
            return ""
        return "hard" if self.fault == "mailbox" else "soft" if self.fault == "route" else ""


ACCEPTED = Outcome("accepted", "", code=250)
