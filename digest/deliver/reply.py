"""Reply: a mail server's reply, and its meaning for one delivery.

RFC 5321 for the codes; `server_words` reads the enhanced ones and the words. Two rules decide the rest: after the final
dot only a readable reply counts, and a 5xx before a recipient was named is about us and never about the recipient.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.deliver.outcome import Fault, Outcome, OutcomeState, Phase
from digest.deliver.server_words import blames_sender, is_greylisting, judge

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. `code` is 0 when nothing readable came; `text` then says what happened instead."""

    phase: Phase
    code: int
    text: str = ""

    def __str__(self) -> str:
        where = {"content": "after the message", "rcpt": "at the recipient"}.get(self.phase, f"at {self.phase}")
        return f"{self.code} {self.text} ({where})" if self.code else f"{self.text} ({where})"


def outcome(reply: Reply) -> Outcome:
    """The outcome of the reply that ended a message's transaction. Raises ValueError for one that does not end it."""
    if reply.phase == "content":
        return _after_content(reply)
    code, reason = reply.code, str(reply)[:500]
    if not 200 <= code <= 599 or 300 <= code < 400 or (reply.phase == "data" and code < 400):
        return Outcome("planned", reason, "line", "line", code, closes=True)
    if code < 400:
        raise ValueError(f"{reply}: the transaction goes on, this is no outcome")
    if code == 421:
        return Outcome("planned", reason, "server", "421", code, closes=True)
    if reply.phase in {"rcpt", "data"}:
        return _rejection(reply)
    if code >= 500:
        return Outcome("planned", reason, "policy", f"{reply.phase} {code}", code, closes=True, stops=True)
    state: OutcomeState = "deferred" if reply.phase == "mail" else "planned"
    return Outcome(state, reason, "server", f"{reply.phase} {code}", code)


def _after_content(reply: Reply) -> Outcome:
    code = reply.code
    if 200 <= code < 300:
        return Outcome("accepted", reply.text[:200], code=code)
    if not 400 <= code <= 599:
        return Outcome("unknown", str(reply)[:500], "line", "line", code, closes=True)
    if code == 421:  # even this is a reply: the server has not taken the message (RFC 5321 3.8)
        return Outcome("deferred", str(reply)[:500], "server", "421", code, closes=True)
    return _rejection(reply)


def _rejection(reply: Reply) -> Outcome:
    fault = _fault(reply)
    # RFC 5321 4.5.3.1.10: 552 at RCPT is to be treated as 452.
    temporary = reply.code < 500 or fault == "full" or (reply.phase == "rcpt" and reply.code == 552)
    return Outcome("deferred" if temporary else "refused", str(reply)[:500], fault, _kind(reply, fault), reply.code)


def _fault(reply: Reply) -> Fault:
    """Return the cause of a rejection at RCPT, DATA or after the content."""
    cause = judge(reply.text, code=reply.code).cause
    if cause == "greylist":
        return "server"
    if cause != "unknown":
        return cause
    return "server" if reply.code in {450, 451, 452, 552} else "policy"


def _kind(reply: Reply, fault: Fault) -> str:
    """The verdict that a wave counts, "" for one that concerns the recipient alone.

    At RCPT that is a mailbox that is missing or full, and every temporary refusal whose words do not blame the sender:
    greylisting refuses each first attempt.
    """
    if fault in ("mailbox", "full") or (reply.code < 500 and is_greylisting(reply.text)):
        return ""
    if reply.phase == "rcpt" and (reply.code < 500 or reply.code == 552) and not blames_sender(reply.text):
        return ""
    enhanced = _ENHANCED.search(reply.text)
    return f"{reply.phase} {reply.code}" + (f" {enhanced[0]}" if enhanced else "") + f" {fault}"
