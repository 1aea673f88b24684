"""SPF: evaluates a sender policy (RFC 7208) and those it includes, from given records. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

#: Look-ups after which receivers stop and ignore the policy (4.6.4).
LOOK_UPS: Final = 10
_LOOKUP_TERMS: Final = {"include", "a", "mx", "ptr", "exists"}
_TERMS: Final = {*_LOOKUP_TERMS, "all", "ip4", "ip6"}
_TERM: Final = re.compile(r"([+?~-]?)([a-z0-9]+)(?:[:/](.*))?", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)


def policies(texts: Sequence[str]) -> list[str]:
    """The sender policies among the TXT records of a name."""
    return [text for text in texts if re.match(r"v=spf1(\s|$)", text, re.IGNORECASE)]


def included(policy: str) -> list[str]:
    """The names whose policies it includes or redirects to; names with macros depend on the mail and are left out."""
    names = [value for kind, value in _terms(policy) if kind in {"include", "redirect"}]
    return [name.lower().rstrip(".") for name in names if name and "%" not in name]


def all_qualifier(policy: str) -> str:
    """The qualifier of `all`, for servers that the policy does not name: `+`, `-`, `~`, `?`, "redirect", or ""."""
    for term in policy.split()[1:]:
        if (match := _TERM.fullmatch(term)) and match[2].lower() == "all":
            return match[1] or "+"
    return "redirect" if any(kind == "redirect" for kind, _ in _terms(policy)) else ""


def look_ups(domain: str, txt: Mapping[str, Sequence[str]]) -> int:
    """The look-ups that a receiver makes for mail from the server named last. A cycle of includes is too many."""
    return _cost(domain, txt, 0)


def _cost(domain: str, txt: Mapping[str, Sequence[str]], depth: int) -> int:
    records = policies(txt.get(domain, ()))
    if depth > LOOK_UPS or not records:
        return 0
    direct = sum(kind in _LOOKUP_TERMS or kind == "redirect" for kind, _ in _terms(records[0]))
    return direct + sum(_cost(name, txt, depth + 1) for name in included(records[0]))


def mistakes(domain: str, txt: Mapping[str, Sequence[str]]) -> list[str]:
    """Errors for which receivers ignore the policy of a name: invalid terms, and includes of names without a policy."""
    policy = policies(txt[domain])[0]
    wrong = [f"'{value}' is no SPF term" for kind, value in _terms(policy) if kind == ""]
    empty = [name for name in included(policy) if name in txt and len(policies(txt[name])) != 1]
    return wrong + [f"it includes {name}, which has not one SPF record" for name in empty]


def _terms(policy: str) -> list[tuple[str, str]]:
    """(mechanism or modifier, its value) of each term; ("", term) for an invalid one."""
    terms: list[tuple[str, str]] = []
    for term in policy.split()[1:]:
        if match := _MODIFIER.fullmatch(term):
            terms.append((match[1].lower(), match[2]))
        elif (match := _TERM.fullmatch(term)) and match[2].lower() in _TERMS:
            terms.append((match[2].lower(), match[3] or ""))
        else:
            terms.append(("", term))
    if any(kind == "all" for kind, _ in terms):  # then redirect is ignored (6.1)
        terms = [(kind, value) for kind, value in terms if kind != "redirect"]
    return terms
