"""Bounce: what came back from a mail that was accepted, and when an address has had enough of us. Pure.

A notice counts only with proof of where it belongs: a signed return address, a signed link of ours in the returned
mail, or an authenticated webhook. Everything else is ignored: anybody can write a mail that says another one bounced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

#: hard: no such mailbox. soft: full, or it gave up trying. refusal: about us or this mail, no word about the address.
NoticeKind = Literal["hard", "soft", "refusal", "complaint", "unsubscribe"]

#: Postfix says 4.4 of a domain that is not there any more; other trouble on the way there (4.x) may pass.
_MAILBOX: Final = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1), (4, 4)}
_FULL: Final = {(2, 2)}
_ROUTE, _CONTENT, _POLICY = 4, 6, 7
#: Words that make it a matter of who sends, whatever else it says.
_ABOUT_US: Final = ("sender", "policy", "spam", "blacklist", "blocklist", "dns mx")


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of returned mail, proven to be about us.

    Whose it is: `subscriber_id` with `edition_code` (see `returnpath.edition_code`; "" when not known), or `address`
    where only an authenticated vendor's word names it. `key` is the same for the same notice read again.
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
    """When bounces suppress: a score of `threshold`, each bounce counting its weight and fading with `half_life`.

    By default two hard bounces, or eight soft ones, within a few weeks; a single one may be the server's bad day, and
    bounces of one edition count once. A complaint suppresses at once.
    """

    hard: float = 1.0
    soft: float = 0.25
    threshold: float = 1.9  # two hard ones of yesterday and today have faded a little
    half_life: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Event:
    """A bounce or complaint on record. `at` is aware; `edition` "" when it is not known."""

    at: datetime
    kind: str
    edition: str = ""


def score(events: Iterable[Event], now: datetime, rules: Rules = Rules()) -> float:
    """The faded sum of an address's bounces, the worst of each edition."""
    weights = {"hard": rules.hard, "soft": rules.soft}
    worst: dict[str, float] = {}
    for number, event in enumerate(events):
        age = max(timedelta(0), now - event.at)
        value = weights.get(event.kind, 0.0) * 0.5 ** (age / rules.half_life)
        key = event.edition or f"#{number}"
        worst[key] = max(worst.get(key, 0.0), value)
    return sum(worst.values())


def verdict(
    events: Iterable[Event],
    now: datetime,
    rules: Rules = Rules(),
) -> Literal["", "bounce", "complaint"]:
    """Why the address must not be mailed any more, or ""."""
    events = list(events)
    if any(event.kind == "complaint" for event in events):
        return "complaint"
    return "bounce" if score(events, now, rules) >= rules.threshold else ""


def kind_of_status(status: str, text: str = "") -> NoticeKind:
    """A failed delivery by its enhanced status (RFC 3463), as `5.1.1`, and the server's words where that is vague."""
    numbers = [int(part) for part in status.split(".") if part.isdecimal()]
    if len(numbers) != 3:
        numbers = [5, 0, 0]
    where = (numbers[1], numbers[2])
    if where in _FULL:
        return "soft"
    if where in _MAILBOX:
        return "hard" if numbers[0] == 5 else "soft"
    if numbers[0] == 4:
        return "soft"
    if where[0] not in {_CONTENT, _POLICY}:  # there a word about users is a word about their wishes
        if _says(_FULL_WORDS, text):
            return "soft"
        if _says(_GONE_WORDS, text) and not _says(_ABOUT_US, text):
            return "hard"
    return "soft" if where[0] == _ROUTE else "refusal"


def says_full(text: str) -> bool:
    """Whether a server's prose says that the mailbox is full."""
    return _says(_FULL_WORDS, text)


#: What servers say of a full mailbox, and of one that is not there, where their number says neither: 5.0.0 of Yahoo,
#: 5.5.0 of Outlook.com, 5.4.1 of Exchange Online, 5.3.0 of sendmail.
_FULL_WORDS: Final = (
    "over quota",
    "quota exceeded",
    "exceeded its quota",
    "exceeds the quota",
    "mailbox is full",
    "mailbox full",
)
_GONE_WORDS: Final = (
    "user unknown",
    "unknown user",
    "no such user",
    "user not found",
    "recipient unknown",
    "unknown recipient",
    "recipient not found",
    "invalid recipient",
    "does not exist",
    "user doesn't have a",
    "no longer on server",
    "no mailbox here",
    "no such mailbox",
    "mailbox not found",
    "mailbox unavailable",
    "mailbox is disabled",
    "account is disabled",
    "unrouteable address",
    "recipient address rejected: access denied",
)


def _says(signs: tuple[str, ...], text: str) -> bool:
    low = text.lower()
    return any(sign in low for sign in signs)
