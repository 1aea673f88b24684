"""DMARC: finds the record that applies to a domain, and its organisational domain, by tree walk (RFC 9989 4.10). Pure.

The walk asks `_dmarc.` of the domain and of each parent; no list of public suffixes is needed. `txt` maps names (lower
case, no final dot) to TXT records.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

Txt = Mapping[str, Sequence[str]]

_MAX_LABELS: Final = 8  # a longer name is asked for itself, then from its last seven labels on
_VERSION: Final = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")


def walk(domain: str) -> tuple[str, ...]:
    """The domain and its parents, in the order of the tree walk."""
    labels = domain.lower().rstrip(".").split(".")
    first = 0 if len(labels) <= _MAX_LABELS else len(labels) - _MAX_LABELS + 1
    names = [".".join(labels[at:]) for at in range(first, len(labels))]
    return tuple(dict.fromkeys((".".join(labels), *names)))


def record_names(domain: str) -> tuple[str, ...]:
    """The names whose TXT records the tree walk of a domain needs."""
    return tuple(f"_dmarc.{name}" for name in walk(domain))


def records(domain: str, txt: Txt) -> tuple[str, ...]:
    """The DMARC records published at this very domain."""
    return tuple(text for text in txt.get(f"_dmarc.{domain}", ()) if _VERSION.match(text))


def tags(record: str) -> dict[str, str]:
    """The tags of a record, names in lower case, values without white space."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): re.sub(r"\s", "", value) for name, _, value in pairs}


def organisation(domain: str, txt: Txt) -> str:
    """The organisational domain: the highest one with a record, unless `psd` marks where the organisation begins.

    `psd=n` marks the organisational domain itself, `psd=y` a public suffix, under which it is the next domain. A domain
    without any record is its own organisation.
    """
    names = walk(domain)
    highest = names[0]
    for at, name in enumerate(names):
        record = _only(name, txt)
        if record is None:
            continue
        psd = tags(record).get("psd", "u").lower()
        if psd == "n":
            return name
        if psd == "y" and at > 0:
            return names[at - 1] if names[at - 1].endswith(f".{name}") else highest
        highest = name
    return highest


def applicable(domain: str, txt: Txt) -> tuple[str, ...]:
    """The records that apply to mail from a domain: its own, else those of its organisation, else of its suffix."""
    names = walk(domain)
    if own := records(names[0], txt):
        return own
    if inherited := records(organisation(domain, txt), txt):
        return inherited
    suffixes = (records(name, txt) for name in names[1:])
    return next((texts for texts in suffixes if texts and tags(texts[0]).get("psd", "").lower() == "y"), ())


def _only(name: str, txt: Txt) -> str | None:
    """The record of a name; None when it has none or several."""
    texts = records(name, txt)
    return texts[0] if len(texts) == 1 else None
