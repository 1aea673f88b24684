"""Features of a mail that some mail programs do not support, by caniemail.com's data and our rules on it. Pure.

`data/caniemail.json` lists the support of each feature. `data/support.toml` lists the features that our themes use and
the reason why each is accepted; any other feature that a client of the settings lacks is reported with its remedy.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from digest import resources
from digest.deliver.check.features import uses

if TYPE_CHECKING:
    from lxml import etree

_SIDES: Final = re.compile(
    r"(border|margin|padding|overflow|background-position)-(?:top|right|bottom|left|x|y|color|style|width)(?:-\w+)?"
)


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of HTML or CSS: its name at caniemail.com, and the clients with partial or no support (our names)."""

    slug: str
    partly: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consequence:
    """The effect of a missing feature for subscribers, and the remedy; blocking where words or pictures are lost."""

    description: str
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class SupportTable:
    """Support and rules. `accepted` maps features to reasons; `untested` are features that caniemail does not list."""

    clients: tuple[str, ...]
    features: Mapping[str, Feature]
    accepted: Mapping[str, str]
    untested: frozenset[str]
    consequences: Mapping[str, Consequence]

    def feature(self, use: str) -> Feature | None:
        """Return the feature of a use; `border-top-color` counts as `border`."""
        side = _SIDES.fullmatch(use)
        return self.features.get(use) or (self.features.get(side[1]) if side else None)

    def accepts(self, use: str) -> bool:
        """Return whether a use is accepted as harmless where it is not supported."""
        side = _SIDES.fullmatch(use)
        return use in self.accepted or bool(side and side[1] in self.accepted)


@dataclass(frozen=True, slots=True)
class MissingSupport:
    """A feature that the mail uses, the clients with no or partial support, and the effect there."""

    used: str
    without: tuple[str, ...]
    partly: tuple[str, ...]
    consequence: Consequence


@cache
def table() -> SupportTable:
    """Return caniemail's data and our rules, read once."""
    data, judged = json.loads(_read("caniemail.json")), tomllib.loads(_read("support.toml"))
    columns = {
        name: [data["clients"].index(column) for column in columns] for name, columns in judged["clients"].items()
    }
    features = {}
    for slug, written, letters in data["features"]:
        worst = {name: {letters[column] for column in found} for name, found in columns.items()}
        without = tuple(name for name, seen in worst.items() if "n" in seen)
        partly = tuple(name for name, seen in worst.items() if "a" in seen and "n" not in seen)
        features.update(dict.fromkeys(written, Feature(slug, partly, without)))
    return SupportTable(
        clients=tuple(columns),
        features=features,
        accepted=_by_use(judged["accepted"], lambda entry: entry["why"]),
        untested=frozenset(judged["untested"]["uses"]),
        consequences=_by_use(judged["harm"], lambda entry: Consequence(entry["harm"], entry.get("blocking", False))),
    )


def lacks(page: etree._Element, clients: Collection[str] = ()) -> list[MissingSupport]:
    """Return the features of the mail that some of the clients (none given: all known) lack; one entry each."""
    known = table()
    wanted = set(clients or known.clients)
    found: dict[str, MissingSupport] = {}
    for use in sorted(uses(page)):
        feature = known.feature(use)
        if feature is None or known.accepts(use) or feature.slug in found:
            continue
        without, partly = (tuple(c for c in names if c in wanted) for names in (feature.without, feature.partly))
        if without or partly:
            consequence = known.consequences.get(use) or Consequence(
                f"see www.caniemail.com/features/{feature.slug}/ for what is shown"
            )
            found[feature.slug] = MissingSupport(use, without, partly, consequence)
    return list(found.values())


def _by_use(entries: Iterable[Mapping[str, Any]], value: Any) -> dict[str, Any]:
    return {use: value(entry) for entry in entries for use in entry["uses"]}


def _read(name: str) -> str:
    return resources.data(f"deliver/check/data/{name}")
