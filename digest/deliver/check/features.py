"""HTML and CSS features that a mail uses, in the spelling of `data/caniemail.json`.

`display: flex`, `border-radius`, `@media prefers-color-scheme`, `E > F`, `<table>`, `[align]`, `.jpg`. Outlook's own
conditional comments are left out, since no other program reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import tinycss2

from digest.deliver.check.css import Token, walk

if TYPE_CHECKING:
    from lxml import etree

#: Elements that are reported under the name of another.
_PARTS: Final = {
    **dict.fromkeys(("td", "th", "tr", "tbody", "thead", "tfoot", "caption", "colgroup", "col"), "table"),
    **dict.fromkeys(("li", "dt", "dd"), "ul"),
}
#: Elements whose support depends on the value of this attribute.
_WITH_VALUE: Final = {"input": "type", "button": "type", "meta": "name"}
_COMBINATORS: Final = {">": "E > F", "+": "E + F", "~": "E ~ F", ",": "E, F"}
#: At-rules that hold rules; the others hold declarations.
_GROUPS: Final = frozenset(
    ("media", "supports", "layer", "container", "document", "-moz-document", "keyframes", "scope")
)
_ENDING: Final = re.compile(r"\.([a-z0-9]{2,4})(?:[?#]|\Z)", re.IGNORECASE)


def uses(page: etree._Element) -> frozenset[str]:
    """Return every feature that the page uses."""
    features: set[str] = {"<!doctype>"} if page.getroottree().docinfo.doctype else set()
    styles: set[str] = set()
    for element in page.iter():
        if not isinstance(element.tag, str):
            features.add("<!-- -->")
            continue
        name = _PARTS.get(element.tag, element.tag)
        features.add(f"<{name}>")
        for key, value in element.attrib.items():
            if key == "style":
                styles.add(str(value))
            else:
                features.add(f"[{key}]")
                features.update(_by_value(name, str(key), str(value)))
        if name == "style":
            features |= stylesheet(element.text or "")
    for style in styles:
        features |= declared(style)
    return frozenset(features)


def _by_value(name: str, key: str, value: str) -> Iterator[str]:
    if name == "a" and key == "href":
        yield from (f'<a href="{start}">' for start in ("#", "mailto:") if value.startswith(start))
    elif key == _WITH_VALUE.get(name):
        yield f'<{name} {key}="{value.lower()}">'
    elif name == "img" and key == "src" and (match := _ENDING.search(value)):
        yield f".{match[1].lower()}"


@lru_cache(maxsize=64)
def stylesheet(css: str) -> frozenset[str]:
    """Return the features of a `<style>`."""
    features: set[str] = set()
    nodes = [(node, False) for node in tinycss2.parse_stylesheet(css)]  # with whether it is inside a rule
    while nodes:
        node, nested = nodes.pop()
        if node.type == "comment":
            features.add("/* */")
        elif node.type == "declaration":
            features |= _declaration(node)
        elif node.type == "at-rule":
            name = f"@{node.lower_at_keyword}"
            features.add(name)
            features.update(f"{name} {feature}" for feature in _media_features(node.prelude))
            rules = node.lower_at_keyword in _GROUPS and not nested
            read = tinycss2.parse_rule_list if rules else tinycss2.parse_blocks_contents
            nodes += [(child, nested) for child in read(node.content or [])]
        elif node.type == "qualified-rule":
            features |= _selector(node.prelude)
            if nested:
                features.add("&")
            nodes += [(child, True) for child in tinycss2.parse_blocks_contents(node.content)]
    return frozenset(features)


def _media_features(prelude: Iterable[Token]) -> Iterator[str]:
    for token in walk(prelude):
        if token.type == "() block":
            name = next((part for part in token.content if part.type not in ("whitespace", "comment")), None)
            if name is not None and name.type == "ident":
                yield name.lower_value


def _selector(prelude: Iterable[Token]) -> set[str]:
    """Return the features of a rule's selector; arguments of `:not()` and the like are not looked into."""
    features: set[str] = set()
    previous, classes, spaced, compound = "", 0, False, False
    for token in prelude:
        kind = token.type
        sign = token.value if kind == "literal" else ""
        if kind in ("whitespace", "comment"):
            spaced, classes, previous = spaced or kind == "whitespace", 0, ""
            continue
        if sign in _COMBINATORS:
            features.add(_COMBINATORS[sign])
            previous, classes, spaced, compound = "", 0, False, False
            continue
        if spaced and compound:
            features.add("E F")
        spaced, compound = False, True
        if kind == "[] block":
            features.add("E[a]")
        elif kind == "hash":
            features.add("#a")
        elif sign in ("*", "&"):
            features.add(sign)
        elif kind in ("ident", "function") and previous == ":":
            features.add(f":{token.lower_name if kind == 'function' else token.lower_value}")
        elif kind == "ident" and previous == ".":
            classes += 1
            features.add(".a" if classes == 1 else ".a.b")
        elif kind == "ident":
            features.add("E")
        previous = sign or kind
    return features


@lru_cache(maxsize=2000)
def declared(style: str) -> frozenset[str]:
    """Return the features of the declarations in a `style` attribute."""
    features: set[str] = set()
    for node in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):
        if node.type == "declaration":
            features |= _declaration(node)
    return frozenset(features)


def _declaration(node: Token) -> set[str]:
    name = "--" if node.name.startswith("--") else node.lower_name
    features = {name}
    if node.important:
        features.add("!important")
    for token in walk(node.value):
        if token.type == "function" and token.lower_name != "url":
            features.add(f"{token.lower_name}()")
        elif token.type == "dimension":
            features.add(f"1{token.lower_unit}")
        elif token.type == "percentage":
            features.add("1%")
        elif token.type == "ident" and not token.value.startswith("-") and len(token.value) > 1:
            features.update((f"{name}: {token.lower_value}", f": {token.lower_value}"))
    return features
