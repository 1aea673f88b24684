"""Reply: what a mail server said, and what that means for one delivery. Pure.

RFC 5321 for the codes, RFC 3463 and RFC 5248 for the enhanced ones. Two rules decide everything: after the final dot
only a readable answer counts, and a 5xx before a recipient was named is about us and never about the recipient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Phase = Literal["connect", "tls", "auth", "mail", "rcpt", "data", "content"]
#: Whose fault: nobody's, the mailbox (gone), a full mailbox, what we sent or who we are, the server, the line.
Fault = Literal["none", "mailbox", "full", "policy", "server", "line"]
OutcomeState = Literal["accepted", "deferred", "refused", "unknown", "planned"]

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_POLICY = re.compile(
    r"spam|block|blacklist|reputation|policy|denied|reject|spf|dkim|dmarc|dnsbl|rbl\b|listed|virus|content|rate|relay",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `code` is 0 when nothing readable came, and `text` then says what happened instead."""

    phase: Phase
    code: int
    text: str = ""

    def __str__(self) -> str:
        where = {"content": "after the message", "rcpt": "at the recipient"}.get(self.phase, f"at {self.phase}")
        return f"{self.code} {self.text} ({where})" if self.code else f"{self.text} ({where})"


class Outcome(NamedTuple):
    """What becomes of the delivery. `kind` is the class that the wave breaker counts: the same text, the same illness.

    `closes`: this connection is of no more use. `stops`: no other message would fare better, so the run ends.
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
        """What `bounce` is to count against the address: hard for no such mailbox, soft for a full one, else ""."""
        if self.state == "refused" and self.fault == "mailbox":
            return "hard"
        return "soft" if self.fault == "full" else ""


ACCEPTED = Outcome("accepted", "", code=250)


def outcome(reply: Reply) -> Outcome:
    """The meaning of a reply that ended one message's transaction. Raises ValueError for one that does not end it."""
    if reply.phase == "content":
        return _after_the_dot(reply)
    code, reason = reply.code, str(reply)[:500]
    if not 200 <= code <= 599 or 300 <= code < 400 or (reply.phase == "data" and code < 400):
        return Outcome("planned", reason, "line", "line", code, closes=True)
    if code < 400:
        raise ValueError(f"{reply}: the transaction goes on, this is no outcome")
    if code == 421:
        return Outcome("planned", reason, "server", "421", code, closes=True)
    if reply.phase in {"rcpt", "data"}:
        return _no(reply)
    if code >= 500:
        return Outcome("planned", reason, "policy", f"{reply.phase} {code}", code, closes=True, stops=True)
    state: OutcomeState = "deferred" if reply.phase == "mail" else "planned"
    return Outcome(state, reason, "server", f"{reply.phase} {code}", code)


def _after_the_dot(reply: Reply) -> Outcome:
    code = reply.code
    if 200 <= code < 300:
        return Outcome("accepted", reply.text[:200], code=code)
    if not 400 <= code <= 599:
        return Outcome("unknown", str(reply)[:500], "line", "line", code, closes=True)
    if code == 421:  # even this is an answer: the server has not taken the message (RFC 5321 3.8)
        return Outcome("deferred", str(reply)[:500], "server", "421", code, closes=True)
    return _no(reply)


def _no(reply: Reply) -> Outcome:
    fault = _fault(reply)
    state: OutcomeState = "deferred" if reply.code < 500 or fault == "full" else "refused"
    return Outcome(state, str(reply)[:500], fault, _kind(reply, fault), reply.code)


#: Enhanced codes (RFC 3463) by whose fault they are; '4.' and '5.' in front say only for how long.
_FULL = {(2, 2)}
_MAILBOX = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)}  # 1.10 is a null MX (RFC 7505)
_SERVER = {3, 4}


def _fault(reply: Reply) -> Fault:
    """Whose fault a no at RCPT, DATA or after the content is."""
    fault: Fault = "policy"
    if match := _ENHANCED.search(reply.text):
        status = int(match[2]), int(match[3])
        fault = "full" if status in _FULL else "mailbox" if status in _MAILBOX else fault
        return "server" if status[0] in _SERVER else fault
    if reply.phase != "rcpt":
        return "server" if reply.code in {451, 452} else fault
    if reply.code in {452, 552}:  # RFC 5321 4.5.3.1.10: 552 at RCPT is to be treated as 452
        return "full"
    if reply.code in {550, 551, 553} and not _POLICY.search(reply.text):
        fault = "mailbox"
    return "server" if reply.code in {450, 451} else fault


def _kind(reply: Reply, fault: Fault) -> str:
    enhanced = _ENHANCED.search(reply.text)
    return f"{reply.phase} {reply.code}" + (f" {enhanced[0]}" if enhanced else "") + f" {fault}"


@dataclass(frozen=True, slots=True)
class Wave:
    """Counts the same kind of failure in a row. At `limit` the edition is to be paused and its editor told.

    `refused` are the subscribers that this wave refused: it was not about them after all, so they are planned again.
    """

    limit: int = 20
    kind: str = ""
    count: int = 0
    reason: str = ""
    refused: tuple[int, ...] = ()

    def after(self, subscriber_id: int, outcome: Outcome) -> Wave:
        """The count with one more outcome. Success begins anew; what never reached a server changes nothing."""
        if outcome.state == "planned" and not outcome.stops:
            return self
        if outcome.state == "accepted":
            return self if not self.count else Wave(self.limit)
        mine = (subscriber_id,) if outcome.state == "refused" else ()
        if outcome.kind != self.kind:
            return Wave(self.limit, outcome.kind, 1, outcome.reason, mine)
        return Wave(self.limit, self.kind, self.count + 1, outcome.reason, self.refused + mine)

    @property
    def broke(self) -> bool:
        """True when it cannot be the recipients' fault any more."""
        return self.count >= self.limit
