"""Adapter to lxml: parse any text to an element tree of bounded depth, size and number of attributes.

libxml2 stops at 255 nested elements and drops the rest of the page; 100,000 attributes on one element take it 20
seconds (it compares each with all others). Both are reduced in the text before it is parsed, with patterns that cannot
backtrack.
"""

from __future__ import annotations

import re

import lxml.html
from lxml import etree

_DEEPEST = 250
_STEP = 2_000  # half the minimum length of a long tag, in characters
_LONG_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*+)[^<>]{4000,}+>")
_ATTRIBUTE = re.compile(r"""[\s/]+([^\s=<>"'/]++)(?:\s*+=\s*+("[^"]*"|'[^']*'|[^\s"'<>]++))?""")
_MOST_ATTRIBUTES = 300
_CUT = "data-attributes-were-cut"
_WRAPPERS = re.compile(
    r"(?:</?(?:div|span|section|article|main|center|font|b|i|u|em|strong|big|small|table|tbody|tr|td|ul|ol|dl|blockquote|"
    r"select|optgroup|a|form|fieldset|ins|label)\b[^<>]*+>\s*+)++",
    re.IGNORECASE,
)
_NAMES = """
a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math picture q rb rp rt rtc ruby s
samp small source span strike strong sub sup time tt u var wbr
"""
#: Elements that do not break a line.
INLINE = frozenset(_NAMES.split())
_FORMATTING = (
    "abbr",
    "b",
    "big",
    "em",
    "font",
    "i",
    "ins",
    "mark",
    "s",
    "small",
    "strong",
    "sub",
    "sup",
    "tt",
    "u",
    "wbr",
)
_KICKER = re.compile(r"kicker|eyebrow|overline|surtitre|overtitle|spitzmarke|dachzeile|antetitulo", re.I)
_CONTROLS = ("nav", "footer", "form", "button", "select", "dialog")
_UNSEEN = ("head", "script", "style", "noscript", "template", "svg", "iframe", "object", "math", "meta", "link")

Element = lxml.html.HtmlElement
#: lxml.html calls a Python function for the class of each element it touches; one class for all is 10 % faster.
_SAME_CLASS = etree.ElementDefaultClassLookup(element=Element)


def parse(text: str) -> tuple[Element | None, str | None]:
    """Return the tree of a page, None for an empty one, and the problem if anything had to be cut.

    A page nested too deeply for libxml2 is parsed without the elements that only wrap others.
    """
    if _has_long_tag(text):  # faster than the pattern, and nearly always False
        text = _LONG_TAG.sub(_with_fewer_attributes, text)
    problem = "an element has thousands of attributes; they were cut" if _CUT in text else None
    tree = _parse(text)
    if tree is not None and _is_too_deep(tree):
        tree = _parse(_WRAPPERS.sub("\n<br>", text))
        problem = "the page is nested too deeply; it was read as flat text"
    return tree, problem


def _has_long_tag(text: str) -> bool:
    """Return whether there may be a long tag: it would fill one of these steps."""
    return any(text.find(">", at, at + _STEP) < 0 for at in range(0, len(text) - _STEP, _STEP))


def _with_fewer_attributes(tag: re.Match[str]) -> str:
    """Return the tag, without attributes if it has more than any real page needs."""
    for count, _ in enumerate(_ATTRIBUTE.finditer(tag[0]), 1):
        if count > _MOST_ATTRIBUTES:
            return f"<{tag[1]} {_CUT}>"
    return tag[0]


def _parse(text: str) -> Element | None:
    if not text.strip():
        return None
    parser = lxml.html.HTMLParser(
        collect_ids=False, remove_comments=True, remove_pis=True, encoding="utf-8", default_doctype=False
    )
    parser.set_element_class_lookup(_SAME_CLASS)
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return tree


def _is_too_deep(tree: Element) -> bool:
    """Return whether the last branch of the tree reaches the depth limit of libxml2: only that one is cut."""
    depth, element = 0, tree
    while len(element):
        element, depth = element[-1], depth + 1
    return depth >= _DEEPEST


def drop_unseen(tree: Element) -> None:
    """Remove elements that are never shown as text, and controls: menus, forms, buttons, page footers.

    Formatting tags, one element in five, are unwrapped. A form that contains most of the page is the frame of an old
    site and stays.
    """
    for element in list(tree.iter(*_UNSEEN)):
        element.drop_tree()
    for element in tree.iter("span", "strong", "b", "em"):
        if (name := element.get("class")) and _KICKER.search(name):
            element.tag = "div"  # a line of its own; otherwise it is joined to the first word of the introduction
    etree.strip_tags(tree, *_FORMATTING)
    controls = list(tree.iter(*_CONTROLS))
    most = len(tree.text_content()) / 3 if controls else 0
    for element in controls:
        if len(element.text_content()) <= most:
            element.drop_tree()


def text_of(element: Element) -> str:
    """Return the text of an element on one line, with a blank at each block or line break."""
    parts: list[str] = []
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part.tag not in INLINE:
            parts.append(" ")
        text = part.text if event == "start" else part.tail if part is not element else None
        parts.append(text or "")
    return " ".join("".join(parts).split())
