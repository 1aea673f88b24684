"""Which clients will not show what a mail uses: a small table of our own, after the manner of caniemail. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_RULE: Final = re.compile(r"([^{}]*)\{([^{}]*)\}?")
_STYLE: Final = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"<[a-z][^>]*?\sstyle=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?-->|/\*.*?\*/", re.DOTALL)
_TAG: Final = re.compile(r"<[a-z][a-z0-9]*\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that not every client shows; `harm` "" means that nobody misses it."""

    pattern: re.Pattern[str]
    without: tuple[str, ...]
    harm: str = ""


@dataclass(frozen=True, slots=True)
class Lack:
    """What the mail uses, who does not show it, and what they see."""

    used: str
    clients: tuple[str, ...]
    harm: str


@cache
def table() -> tuple[tuple[str, ...], tuple[Feature, ...]]:
    """All clients, and all features."""
    data = tomllib.loads(resources.files("digest.deliver").joinpath("data/support.toml").read_text(encoding="utf-8"))
    features = (Feature(re.compile(f["pattern"]), tuple(f["without"]), f.get("harm", "")) for f in data["feature"])
    return tuple(data["clients"]), tuple(features)


def lacks(html: str, clients: Collection[str] = ()) -> list[Lack]:
    """What of the mail some of the clients (none: all that we know) do not show, to their readers' harm."""
    known, features = table()
    wanted = set(clients or known)
    found: list[Lack] = []
    used = sorted(set(uses(html)))
    for feature in features:
        losers = tuple(client for client in feature.without if client in wanted)
        if feature.harm and losers and (example := next((u for u in used if feature.pattern.match(u)), "")):
            found.append(Lack(example[:60], losers, feature.harm))
    return found


def uses(html: str) -> Iterator[str]:
    """Everything the mail uses that the table may know: declarations, at-rules and tags, in one spelling.

    Styles of Outlook's own conditional comments are left out: nobody else reads them.
    """
    html = _COMMENT.sub("", html)
    for style in _STYLE.findall(html):
        flat = _COMMENT.sub("", style)
        for head, body in _RULE.findall(flat):
            yield " ".join(head.split())
            yield from _declared(body.split(";"))
        yield from (line.strip() for line in flat.split(";") if line.strip().startswith("@"))
    for match in _ATTRIBUTE.finditer(html):
        yield from _declared((match[1] or match[2]).replace("&quot;", "'").split(";"))
    for tag in _TAG.findall(html):
        yield tag.lower()


def _declared(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        name, colon, value = part.partition(":")
        if colon:
            yield f"{name.strip().lower()}:{value.strip().lower()}"
