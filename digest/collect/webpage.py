"""The edge to HTML: bytes -> `Page`, by lxml and trafilatura. Nothing of theirs leaves this module."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, cast

import lxml.html
import trafilatura
from lxml import etree

from digest.collect.decoding import decode
from digest.collect.page import Block, BlockKind, Mark, Page
from digest.collect.structured import Declared, understand

logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("readability").setLevel(logging.CRITICAL)

MAX_BYTES = 5_000_000
_PARSER_OPTIONS: dict[str, Any] = {
    "collect_ids": False,
    "default_doctype": False,
    "encoding": "utf-8",
    "remove_comments": True,
    "remove_pis": True,
}
_KINDS: dict[str, BlockKind] = {"head": "heading", "quote": "quote", "code": "code", "row": "row", "item": "item"}
_UNSEEN = ("script", "style", "noscript", "template", "svg", "iframe")


def read(body: bytes, *, url: str = "", content_type: str = "") -> Page:
    """One page. Never raises for what stands in `body`; `Page.problem` says what was wrong with it."""
    problem = None
    if len(body) > MAX_BYTES:
        problem = f"the page has {len(body) / 1e6:.0f} MB; only its first {MAX_BYTES / 1e6:.0f} MB were read"
        body = body[:MAX_BYTES]
    tree = _parse(decode(body, content_type))
    if tree is None:
        return Page(problem="the page is empty")
    declared = _declared(tree, url)
    for element in list(tree.iter(*_UNSEEN)):
        element.drop_tree()
    visible = len(" ".join(tree.text_content().split()))
    links = frozenset(t for a in tree.iter("a") if (t := _line(a)))
    marks = tuple(_marks(tree))
    blocks = tuple(_extract(tree, url))
    return Page(blocks, understand(declared), links, marks, visible=visible, problem=problem)


def _parse(text: str) -> lxml.html.HtmlElement | None:
    if not text.strip():
        return None
    parser = lxml.html.HTMLParser(**_PARSER_OPTIONS)
    try:
        return cast(
            "lxml.html.HtmlElement", lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
        )
    except (etree.LxmlError, ValueError):
        return None


def _line(element: lxml.html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _declared(tree: lxml.html.HtmlElement, url: str) -> Declared:
    """Collect the declarations in one walk over the head and the few elements that carry any."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        if content := meta.get("content"):
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                if name := meta.get(attribute):
                    metas.setdefault(name.lower(), []).append(content)
    scripts = [s.text for s in tree.iter("script") if s.text and "ld+json" in (s.get("type") or "")]
    title = next((_line(t) for t in tree.iter("title")), "")
    canonical = next(
        (c.get("href") or "" for c in tree.iter("link") if (c.get("rel") or "").lower() == "canonical"), ""
    )
    times = (
        t.get("datetime")
        for t in tree.iter("time")
        if t.get("pubdate") is not None or t.get("itemprop") == "datePublished"
    )
    first_time = next((t.get("datetime") for t in tree.iter("time") if t.get("datetime")), None)
    return Declared(
        metas=metas,
        scripts=scripts,
        title=title,
        headings=[_line(h) for h in tree.iter("h1")][:10],
        canonical=canonical,
        language=tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "",
        author=next(
            (
                _line(a)
                for a in tree.iter("a", "span", "address")
                if a.get("rel") == "author" or a.get("itemprop") == "author"
            ),
            "",
        ),
        published=next((t for t in times if t), None) or first_time or "",
        url=url or canonical,
    )


def _marks(tree: lxml.html.HtmlElement) -> Iterator[Mark]:
    for element in tree.iter("figcaption", "time"):
        if text := _line(element):
            yield Mark(text, "caption" if element.tag == "figcaption" else "date")


def _extract(tree: lxml.html.HtmlElement, url: str) -> Iterator[Block]:
    document = trafilatura.bare_extraction(tree, url=url or None, include_comments=False)
    if document is not None:
        yield from _blocks(document.body)


def _blocks(body: Any) -> Iterator[Block]:
    """Flatten trafilatura's body: one block for each paragraph, heading, item, quotation and row, in order."""
    for element in body:
        if not isinstance(element.tag, str):
            continue
        if element.tag in ("list", "table"):
            for part in element.iter("item", "row"):
                if part.tag == "row":
                    text = " | ".join(t for cell in part if (t := " ".join("".join(cell.itertext()).split())))
                else:
                    text = _text_of(part)
                if text:
                    yield Block(text, _KINDS[part.tag])
        else:
            for text in _runs(element):
                yield Block(text, _KINDS.get(element.tag, "paragraph"))
        if element.tail and (text := " ".join(element.tail.split())):
            yield Block(text)


def _runs(element: Any) -> list[str]:
    """Text of an element, broken where the page breaks it: at line breaks and at paragraphs inside it."""
    if element.tag == "code":
        code = "".join(element.itertext()).strip("\n")
        return [code] if code.strip() else []
    for inner in element.iter("lb", "p"):
        if inner.tag == "lb":
            inner.tail = f"\n{inner.tail or ''}"
        elif inner is not element:
            inner.text, inner.tail = f"\n{inner.text or ''}", f"\n{inner.tail or ''}"
    return [line for raw in "".join(element.itertext()).split("\n") if (line := " ".join(raw.split()))]


def _text_of(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())
