"""Review policy: what happens to an edition that its editor reviews in time, late, or never. Pure.

`auto` approves at once. `required` waits for an editor until it is too late to send. `window` waits until the
sending time and then does what `if_unreviewed` says. Nothing is ever sent past `max_late`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digest.compose.edition import Edition

Review = Literal["auto", "required", "window"]
IfUnreviewed = Literal["send", "hold", "skip"]


@dataclass(frozen=True, slots=True)
class Policy:
    """A newsletter's policy. `remind` is how long before the deadline editors are reminded again."""

    review: Review
    if_unreviewed: IfUnreviewed = "hold"
    max_late: timedelta = timedelta(hours=3)
    remind: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of an edition, with the reason (for the history and the reminder)."""

    do: Literal["wait", "approve", "skip", "send", "remind"]
    reason: str = ""


def first_state(policy: Policy) -> Literal["approved", "in_review"]:
    """Return the state of a newly composed edition."""
    return "approved" if policy.review == "auto" else "in_review"


def next_step(edition: Edition, policy: Policy, now: datetime, reminded: int = 0) -> Step:
    """Return the step that is due for an edition at `now`; `reminded` counts the reminders sent so far."""
    if edition.state in ("sent", "skipped", "cancelled", "paused"):
        return Step("wait")
    late = now > edition.send_at + policy.max_late
    if late and edition.state != "sending":
        waited = "nobody approved it" if edition.state != "approved" else "it was not sent in time"
        return Step("skip", f"{waited}; past the limit of {_span(policy.max_late)} after the sending time")
    if edition.state in ("approved", "sending"):
        return Step("send") if now >= edition.send_at else Step("wait")
    return _unreviewed(edition, policy, now, reminded)


def _unreviewed(edition: Edition, policy: Policy, now: datetime, reminded: int) -> Step:
    """Return the step of a draft that no editor has reviewed."""
    if now >= edition.send_at and policy.review == "window" and policy.if_unreviewed != "hold":
        if policy.if_unreviewed == "send":
            return Step("approve", "nobody reviewed it in time; if_unreviewed = send")
        return Step("skip", "nobody reviewed it in time; if_unreviewed = skip")
    if reminded == 0:
        return Step("remind", f"edition {edition.id} waits for review: {len(edition.stories)} stories")
    if reminded == 1 and now >= edition.send_at - policy.remind:
        return Step("remind", f"edition {edition.id} still waits; {_fate(policy)}")
    return Step("wait")


def fate(policy: Policy) -> IfUnreviewed:
    """Return what happens to an edition that nobody reviews."""
    return policy.if_unreviewed if policy.review == "window" else "hold"


def _fate(policy: Policy) -> str:
    return {
        "send": "it goes out as it is at its sending time",
        "skip": "it is skipped at its sending time",
        "hold": f"it is not sent without approval, and skipped {_span(policy.max_late)} after its sending time",
    }[fate(policy)]


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
