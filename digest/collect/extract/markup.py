"""Map tags, classes, ids and roles of a page to labels such as 'caption'. The names are in data/markup.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache

from digest import resources

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[^a-z0-9]+")
_MAX_NAME = 300  # characters of class and id that are read; longer values are lists of utility classes

#: Tags with a label of their own: the reason, and whether it is strong.
_TAGS = {
    "figcaption": ("caption", True),
    "nav": ("navigation", True),
    "footer": ("footer", True),
    "form": ("form", True),
    "button": ("form", True),
    "select": ("form", True),
    "textarea": ("form", True),
    "label": ("form", False),
    "aside": ("aside", False),
    "time": ("date", False),
    "address": ("byline", False),
    "summary": ("navigation", False),
}
#: Tags that have a label whatever their class.
NAMED = frozenset(_TAGS)
_ROLES = {"navigation": "navigation", "search": "form", "contentinfo": "footer", "complementary": "aside"}


@dataclass(frozen=True, slots=True)
class Label:
    """The reason why an element is not part of the article. A weak label applies to short lines only."""

    reason: str
    strong: bool


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], dict[str, Label]]:
    data = tomllib.loads(resources.data("collect/extract/data/markup.toml"))
    labels: dict[str, Label] = {}
    for part, strong in (("weak", False), ("strong", True)):
        for reason, names in data[part].items():
            labels.update({name: Label(reason, strong) for name in names})
    ordered = sorted(labels, key=len, reverse=True)
    return _any_of(ordered), _any_of(data["standfirst"]["names"]), labels


def _any_of(names: list[str]) -> re.Pattern[str]:
    return re.compile(f"-({'|'.join(map(re.escape, names))})s?(?=-)")


@lru_cache(maxsize=4096)
def words_of(name: str) -> str:
    """Return a class or id as words: 'relatedPosts_box' is '-related-posts-box-'."""
    return f"-{_BREAK.sub('-', _CAPITAL.sub('-', name[:_MAX_NAME]).lower()).strip('-')}-"


@lru_cache(maxsize=4096)
def classify(tag: str, name: str, role: str = "", itemprop: str = "") -> tuple[Label | None, bool]:
    """Return the label of an element, and whether its name is that of an introduction."""
    return label(tag, name, role, itemprop), is_standfirst(name, itemprop)


@lru_cache(maxsize=4096)
def label(tag: str, name: str, role: str = "", itemprop: str = "") -> Label | None:
    """Return the label of an element; `name` is its class and id. A strong name takes precedence over a weak one."""
    if known := _TAGS.get(tag):
        return Label(*known)
    if role in _ROLES:
        return Label(_ROLES[role], strong=role != "complementary")
    if itemprop in ("author", "datePublished", "dateModified"):
        return Label("byline" if itemprop == "author" else "date", strong=False)
    if not name:
        return None
    pattern, _, labels = _patterns()
    matches = [labels[m[1]] for m in pattern.finditer(words_of(name))]
    return next((one for one in matches if one.strong), matches[0] if matches else None)


@lru_cache(maxsize=4096)
def is_standfirst(name: str, itemprop: str = "") -> bool:
    """Return whether the name of an element is that of an introduction."""
    return itemprop in ("description", "abstract") or bool(name and _patterns()[1].search(words_of(name)))
