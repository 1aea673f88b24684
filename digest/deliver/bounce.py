"""Bounce: a report that an accepted mail came back, and the rule by which bounces suppress an address.

A notice counts only with proof of where it belongs: a signed return address, a signed link of ours in the returned
mail, or an authenticated webhook. Everything else is ignored: anybody can write a mail that claims a bounce.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digest.deliver.server_words import Verdict, judge

#: hard: no such mailbox. soft: full, or the server gave up trying. refusal: about us or this mail.
NoticeKind = Literal["hard", "soft", "refusal", "complaint", "unsubscribe"]
BounceKind = Literal["hard", "soft", "refusal"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of returned mail, proven to be about us.

    It names `subscriber_id` with `edition_code` (see `return_path.edition_code`; "" when not known), or `address` where
    only an authenticated vendor does. `key` is the same for the same notice read again.
    """

    kind: NoticeKind
    key: str
    subscriber_id: int | None = None
    edition_code: str = ""
    address: str = ""
    detail: str = ""
    newsletter: str = ""  # known where the proof was a link of ours


@dataclass(frozen=True, slots=True)
class Rules:
    """When bounces suppress an address: `hard` hard ones in a row, or `soft` of any kind, each of another edition.

    In a row means that no edition in between arrived. So a mailbox that was full for a day is forgiven, and a monthly
    newsletter comes to an end as a daily one does. A single bounce may be the server's bad day; a mailbox may be full
    for `soft_days` however often it is written to. Bounces older than `memory` do not count. A complaint suppresses at
    once, and a refusal that is about us never does.
    """

    hard: int = 2
    soft: int = 8
    soft_days: timedelta = timedelta(days=3)
    memory: timedelta = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Event:
    """A bounce or complaint on record. `at` is aware; `edition` is "" when it is not known."""

    at: datetime
    kind: str
    edition: str = ""


#: The editions sent to a subscriber, the latest first: id, and whether a server accepted it.
History = Sequence[tuple[str, bool]]


def verdict(
    events: Iterable[Event], now: datetime, rules: Rules = Rules(), history: History = ()
) -> Literal["", "bounce", "complaint"]:
    """Why the address must not be mailed any more, or ""."""
    events = list(events)
    if any(event.kind == "complaint" for event in events):
        return "complaint"
    missed = _missed_in_a_row([event for event in events if now - event.at <= rules.memory], history)
    if sum(event.kind == "hard" for event in missed) >= rules.hard:
        return "bounce"
    if len(missed) < rules.soft:
        return ""
    times = [event.at for event in missed]
    return "bounce" if max(times) - min(times) >= rules.soft_days else ""


def _missed_in_a_row(events: Iterable[Event], history: History) -> list[Event]:
    """The worst bounce of each edition, without those that precede an edition that arrived.

    Editions accepted after the last bounce may still come back, so they say nothing yet.
    """
    worst: dict[str, Event] = {}
    for number, event in enumerate(events):
        if event.kind not in ("hard", "soft"):
            continue
        key = event.edition or f"#{number}"
        if key not in worst or event.kind == "hard":
            worst[key] = event
    forgiven, bounced = False, False
    for edition, accepted in history:
        if edition in worst:
            bounced = True
            if forgiven:
                del worst[edition]
        elif accepted and bounced:
            forgiven = True
    return list(worst.values())


def kind_of_status(status: str, text: str = "") -> BounceKind:
    """The kind of a failed delivery, by its enhanced status (RFC 3463) and the words of the server."""
    return kind_of(judge(text, status))


def kind_of(verdict: Verdict, otherwise: BounceKind = "refusal") -> BounceKind:
    """The kind of bounce that a server's refusal is. `otherwise` is for one that neither code nor words explain."""
    cause, permanent = verdict
    if cause == "mailbox":
        return "hard" if permanent else "soft"
    if cause in ("full", "route"):
        return "soft"
    if cause in ("policy", "greylist"):
        return "refusal"
    if not permanent:  # it tried for days
        return "soft"
    return otherwise if cause == "unknown" else "refusal"
