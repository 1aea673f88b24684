"""robots.txt: the pages that a site asks programs not to read (RFC 9309). Pure.

Our own parser: libraries turn a site's wildcards into regular expressions, which a hostile file can make run for hours.
Here the cost of a rule is at most the length of the rule times the length of the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

_MOST_RULES = 5_000
_LONGEST_RULE = 2_000


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for one program: (pattern, allowed), in the order of the file."""

    rules: tuple[tuple[str, bool], ...] = ()

    @classmethod
    def parse(cls, text: str, product: str) -> Self:
        """Return the rules for `product` (`digest` of `digest/1.0`): of its own groups, else of `*`."""
        own: list[tuple[str, bool]] = []
        others: list[tuple[str, bool]] = []
        agents: list[str] = []
        named, in_rules = False, False
        for line in text.lstrip("\ufeff").splitlines():
            field, _, value = line.partition("#")[0].partition(":")
            field, value = field.strip().lower(), value.strip()
            if field == "user-agent":
                agents = [value.lower()] if in_rules else [*agents, value.lower()]
                named, in_rules = named or product.lower() == value.lower(), False
            elif field in ("allow", "disallow"):
                in_rules = True
                if value and len(value) <= _LONGEST_RULE:
                    rule = (_encoded(value), field == "allow")
                    own.extend([rule] if product.lower() in agents else [])
                    others.extend([rule] if "*" in agents else [])
        return cls(tuple((own if named else others)[:_MOST_RULES]))

    def allows(self, url: str) -> bool:
        """Return whether the page may be read: the longest matching rule decides, of equal ones the permissive."""
        parts = urlsplit(url)
        path = _encoded((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        best, verdict = -1, True
        for pattern, allowed in self.rules:
            if (len(pattern) > best or (len(pattern) == best and allowed)) and _fits(pattern, path):
                best, verdict = len(pattern), allowed
        return verdict


def _encoded(path: str) -> str:
    return quote(path, safe="/?&=%*$:@!'(),;+~#[]")


def _fits(pattern: str, path: str) -> bool:
    """Return whether a pattern matches: `*` is anything, a final `$` the end; otherwise it is a prefix."""
    whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1] if whole else rest:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if not whole:
        return True
    return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= at if rest else at == len(path)
