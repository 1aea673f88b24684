"""The edge to lxml: text -> an element tree of bounded depth, size and attributes, whatever the text does.

libxml2 stops at 255 nested elements and drops the rest of the page; 100,000 attributes on one element hold it for
20 seconds (it compares each with all). Both are cut in the text, before it is parsed, with patterns that cannot
backtrack.
"""

from __future__ import annotations

import re
from typing import Any

import lxml.html
from lxml import etree

_DEEPEST = 250
_LONG_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*+)[^<>]{20000,}+>")
_WRAPPERS = re.compile(
    r"</?(?:div|span|section|article|main|center|font|b|i|u|em|strong|big|small|table|tbody|tr|td|ul|ol|dl|blockquote|"
    r"select|optgroup|a|form|fieldset|ins|label)\b[^<>]*+>",
    re.IGNORECASE,
)
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe", "object", "math")

Element = lxml.html.HtmlElement


def parse(text: str) -> tuple[Element | None, str | None]:
    """The tree of a page, None when there is nothing in it; and what had to be cut, if anything.

    A page nested too deeply for libxml2 is read without the elements that only wrap others.
    """
    text, cut = _LONG_TAG.subn(r"<\1>", text)
    problem = "an element has thousands of attributes; they were cut" if cut else None
    tree = _parse(text)
    if tree is not None and _is_too_deep(tree):
        tree = _parse(_WRAPPERS.sub("\n<br>", text))
        problem = "the page is nested too deeply; it was read as flat text"
    return tree, problem


def _parse(text: str) -> Element | None:
    options: dict[str, Any] = {"collect_ids": False, "remove_comments": True, "remove_pis": True, "encoding": "utf-8"}
    if not text.strip():
        return None
    try:
        parser = lxml.html.HTMLParser(default_doctype=False, **options)
        tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    return tree


def _is_too_deep(tree: Element) -> bool:
    """Whether the last branch of the tree ends where libxml2 gave up: what was cut is always the last."""
    depth, element = 0, tree
    while len(element):
        element, depth = element[-1], depth + 1
    return depth >= _DEEPEST


def drop_unseen(tree: Element) -> None:
    """Take out what is never shown as text."""
    for element in list(tree.iter(*_UNSEEN)):
        element.drop_tree()


def line(element: Element) -> str:
    """Text of an element on one line."""
    return " ".join(str(element.text_content()).split())
