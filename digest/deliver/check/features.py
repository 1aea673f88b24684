"""What HTML and CSS a mail uses, in the spelling of `data/caniemail.json`. Pure.

`display: flex`, `border-radius`, `@media prefers-color-scheme`, `E > F`, `<table>`, `[align]`, `.jpg`. What stands in
Outlook's own conditional comments is left out: nobody else reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml import etree

#: Elements that are told of in the name of another.
_PARTS: Final = {
    **dict.fromkeys(("td", "th", "tr", "tbody", "thead", "tfoot", "caption", "colgroup", "col"), "table"),
    **dict.fromkeys(("li", "dt", "dd"), "ul"),
}
#: Attributes on whose value it depends.
_WITH_VALUE: Final = {"input": "type", "button": "type", "meta": "name"}

_CSS_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)  # an open one hides all that follows
_PIECE: Final = re.compile(r"((?:[^{};\"'(]|\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|\([^)]*(?:\)|\Z))*)([{};]|\Z)")
_MEDIA: Final = re.compile(r"\(\s*([\w-]+)")
_BRACKETS: Final = re.compile(r"\[[^\]]*(?:\]|\Z)")
_ARGUMENTS: Final = re.compile(r"\([^)]*(?:\)|\Z)")
_PSEUDO: Final = re.compile(r"::?([\w-]+)")
_SELECTORS: Final = [
    ("E > F", re.compile(r">")),
    ("E + F", re.compile(r"\+")),
    ("E ~ F", re.compile(r"~")),
    ("E, F", re.compile(r",")),
    ("E F", re.compile(r"[^\s>+~,]\s+[^\s>+~,]")),
    ("*", re.compile(r"\*")),
    ("#a", re.compile(r"#[\w-]")),
    (".a", re.compile(r"\.[\w-]")),
    (".a.b", re.compile(r"\.[\w-]+\.[\w-]")),
    ("E", re.compile(r"(?:^|[\s>+~,])[a-zA-Z]")),
    ("&", re.compile(r"&")),
]
_STRINGS: Final = re.compile(r"\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|url\([^)]*(?:\)|\Z)", re.IGNORECASE)
_FUNCTION: Final = re.compile(r"([a-z][a-z-]*)\(")
_UNIT: Final = re.compile(r"(?<![\w#.-])[-+]?\.?\d[\d.]*([a-z]+|%)")
_WORD: Final = re.compile(r"(?<![\w#-])[a-z][a-z-]+(?![\w(-])")
_ENDING: Final = re.compile(r"\.([a-z0-9]{2,4})(?:[?#]|\Z)", re.IGNORECASE)


def uses(page: etree._Element) -> frozenset[str]:
    """Everything that the page uses; the same mail in other words uses the same."""
    found: set[str] = {"<!doctype>"} if page.getroottree().docinfo.doctype else set()
    styles: set[str] = set()
    for element in page.iter():
        if not isinstance(element.tag, str):
            found.add("<!-- -->")
            continue
        name = _PARTS.get(element.tag, element.tag)
        found.add(f"<{name}>")
        for key, value in element.attrib.items():
            if key == "style":
                styles.add(str(value))
            else:
                found.add(f"[{key}]")
                found.update(_valued(name, str(key), str(value)))
        if name == "style":
            found |= stylesheet(element.text or "")
    for style in styles:
        found |= declared(style)
    return frozenset(found)


def _valued(name: str, key: str, value: str) -> Iterator[str]:
    if name == "a" and key == "href":
        yield from (f'<a href="{start}">' for start in ("#", "mailto:") if value.startswith(start))
    elif key == _WITH_VALUE.get(name):
        yield f'<{name} {key}="{value.lower()}">'
    elif name == "img" and key == "src" and (match := _ENDING.search(value)):
        yield f".{match[1].lower()}"


@lru_cache(maxsize=64)
def stylesheet(css: str) -> frozenset[str]:
    """What a `<style>` uses."""
    found = {"/* */"} if "/*" in css else set()
    inside: list[bool] = []  # of each open block: is it a rule's?
    for piece, end in _PIECE.findall(_CSS_COMMENT.sub("", css)):
        text = piece.strip()
        if text.startswith("@"):
            name = re.split(r"[\s({]", text, maxsplit=1)[0].lower()
            found.add(name)
            found.update(f"{name} {feature.lower()}" for feature in _MEDIA.findall(text))
        elif end == "{":
            found |= _selected(text)
            if any(inside):
                found.add("&")
        elif text:
            found |= declared(text)
        if end == "{":
            inside.append(not text.startswith("@"))
        elif end == "}" and inside:
            inside.pop()
    return frozenset(found)


def _selected(selector: str) -> set[str]:
    found = set()
    if "[" in selector:
        found.add("E[a]")
    bare = _ARGUMENTS.sub("", _BRACKETS.sub("\ufffd", selector))
    found.update(f":{name.lower()}" for name in _PSEUDO.findall(bare))
    bare = _PSEUDO.sub("\ufffd", bare)
    found.update(name for name, pattern in _SELECTORS if pattern.search(bare))
    return found


@lru_cache(maxsize=2000)
def declared(style: str) -> frozenset[str]:
    """What the declarations of a rule or of a `style` attribute use."""
    found = set()
    for part in _STRINGS.sub("''", style).lower().split(";"):
        name, colon, value = part.partition(":")
        name = name.strip()
        if not colon or not name:
            continue
        found.add("--" if name.startswith("--") else name)
        if "!important" in value.replace(" ", ""):
            found.add("!important")
            value = value.replace("!", "").replace("important", "")
        found.update(f"{function}()" for function in _FUNCTION.findall(value))
        found.update(f"1{unit}" for unit in _UNIT.findall(value))
        for word in _WORD.findall(value):
            found.update((f"{name}: {word}", f": {word}"))
    return frozenset(found)
