"""SPF: what a sender policy (RFC 7208) adds up to, with those that it includes. Pure: the records are an argument."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

#: Receivers stop after so many look-ups, and then the policy counts for nothing (4.6.4).
LOOK_UPS: Final = 10
_ASKING: Final = {"include", "a", "mx", "ptr", "exists"}
_KNOWN: Final = {*_ASKING, "all", "ip4", "ip6"}
_TERM: Final = re.compile(r"([+?~-]?)([a-z0-9]+)(?:[:/](.*))?", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)


def policies(texts: Sequence[str]) -> list[str]:
    """Those of a name's TXT records that are sender policies."""
    return [text for text in texts if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]


def included(policy: str) -> list[str]:
    """The names whose policies it includes or hands over to; those with macros depend on the mail and are left out."""
    names = [value for kind, value in _terms(policy) if kind in {"include", "redirect"}]
    return [name.lower().rstrip(".") for name in names if name and "%" not in name]


def last_word(policy: str) -> str:
    """What becomes of servers that it does not name: `+`, `-`, `~`, `?`, or "" when it says nothing."""
    for term in policy.split()[1:]:
        if (match := _TERM.fullmatch(term)) and match[2].lower() == "all":
            return match[1] or "+"
    return "redirect" if any(kind == "redirect" for kind, _ in _terms(policy)) else ""


def look_ups(domain: str, txt: Mapping[str, Sequence[str]]) -> int:
    """How many look-ups its policy costs a receiver whose mail comes from a server named last. Counts a circle of
    includes as too many.
    """
    return _cost(domain, txt, 0)


def _cost(domain: str, txt: Mapping[str, Sequence[str]], depth: int) -> int:
    found = policies(txt.get(domain, ()))
    if depth > LOOK_UPS or not found:
        return 0
    asking = sum(kind in _ASKING or kind == "redirect" for kind, _ in _terms(found[0]))
    return asking + sum(_cost(name, txt, depth + 1) for name in included(found[0]))


def mistakes(domain: str, txt: Mapping[str, Sequence[str]]) -> list[str]:
    """What makes receivers throw the policy of a name away: terms that are none, includes of what is no policy."""
    policy = policies(txt[domain])[0]
    wrong = [f"'{value}' is no SPF term" for kind, value in _terms(policy) if kind == ""]
    empty = [name for name in included(policy) if name in txt and len(policies(txt[name])) != 1]
    return wrong + [f"it includes {name}, which has not one SPF record" for name in empty]


def _terms(policy: str) -> list[tuple[str, str]]:
    """(mechanism or modifier, its value) of each term; ("", term) for what is neither."""
    found: list[tuple[str, str]] = []
    for term in policy.split()[1:]:
        if match := _MODIFIER.fullmatch(term):
            found.append((match[1].lower(), match[2]))
        elif (match := _TERM.fullmatch(term)) and match[2].lower() in _KNOWN:
            found.append((match[2].lower(), match[3] or ""))
        else:
            found.append(("", term))
    if any(kind == "all" for kind, _ in found):  # then nothing is handed over (6.1)
        found = [(kind, value) for kind, value in found if kind != "redirect"]
    return found
