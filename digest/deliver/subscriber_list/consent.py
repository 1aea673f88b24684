"""Consent of a row of a subscriber list: the most restrictive of everything that its columns say.

A word that is not known, or an empty cell where consent should be, is never taken for consent.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from digest.deliver.subscriber_list.columns import normalized

#: From the least to the most restrictive.
Consent = Literal["confirmed", "unconfirmed", "unsubscribed", "bounced", "blocked", "complained"]
ORDER: Final[tuple[Consent, ...]] = ("confirmed", "unconfirmed", "unsubscribed", "bounced", "blocked", "complained")

#: Consent that a yes or a no in a column of this meaning stands for; None says nothing.
_FLAGS: Final[dict[str, tuple[Consent | None, Consent | None]]] = {
    "receives": ("confirmed", "unsubscribed"),
    "confirmed": ("confirmed", "unconfirmed"),
    "left": ("unsubscribed", None),
    "blocked": ("blocked", None),
    "bounced": ("bounced", None),
    "complained": ("complained", None),
}
#: Consent that a value, whatever it is, in a column of this meaning stands for.
_TIMES: Final[dict[str, Consent]] = {
    "left_at": "unsubscribed",
    "bounced_at": "bounced",
    "complained_at": "complained",
}
#: Consent of every row of a file with a column of this meaning.
_LISTS: Final[dict[str, Consent]] = {"list_of_left": "unsubscribed", "list_of_bounced": "bounced"}
#: Columns in which an empty cell is no consent.
_REQUIRED: Final = ("state", "receives", "confirmed")


class Unknown(NamedTuple):
    """The row does not tell whether there is consent."""

    reason: str


def consent(cells: Iterable[tuple[str, str, str]]) -> Consent | Unknown:
    """Return the consent of a row.

    `cells` are (meaning, heading, value) of the columns about consent. Without any, the person counts as confirmed:
    whoever imports a plain list of addresses answers for their consent.
    """
    signals: list[Consent] = ["confirmed"]
    problem = ""
    for meaning, heading, value in cells:
        signal = _signal(meaning, value)
        if signal == "unknown":
            shown = f"{value[:60]!r} in column {heading!r}" if value else f"column {heading!r} is empty"
            problem = problem or f"{shown}: not known to be consent; write 'confirmed' or 'unsubscribed'"
        elif signal is not None:
            signals.append(signal)
    most = max(signals, key=ORDER.index)
    # A signal that forbids mail decides, even beside an unknown word.
    return Unknown(problem) if problem and most in ("confirmed", "unconfirmed") else most


def _signal(meaning: str, value: str) -> Consent | Literal["unknown"] | None:
    """Return the consent that one cell stands for; None when it says nothing."""
    if meaning in _LISTS:
        return _LISTS[meaning]
    word = normalized(value)
    if meaning in _TIMES:
        happened = word and word not in _words()["no"] and not word.startswith("0000")
        return _TIMES[meaning] if happened else None
    if not word:
        return "unknown" if meaning in _REQUIRED else None
    if meaning == "state":
        return _state(word)
    return _flag(meaning, word)


def _flag(meaning: str, word: str) -> Consent | Literal["unknown"] | None:
    """Return the consent of a yes or a no; a column such as 'subscribed' may hold a word for the state instead."""
    if word in _words()["yes"]:
        return _FLAGS[meaning][0]
    if word in _words()["no"]:
        return _FLAGS[meaning][1]
    return _state(word) if meaning == "receives" else "unknown"


def _state(word: str) -> Consent | Literal["unknown"]:
    """Return the consent of a word; of a word in several groups the most restrictive."""
    matches = [group for group in ORDER if word in _words()[group]]
    return matches[-1] if matches else "unknown"


@cache
def _words() -> dict[str, frozenset[str]]:
    table = tomllib.loads((files("digest.deliver.subscriber_list") / "data" / "consent.toml").read_text("utf-8"))
    return {group: frozenset(map(normalized, words)) for group, words in table.items()}
