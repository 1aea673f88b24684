"""Adapter to trafilatura: parse the bytes of an HTML page to a `Page`.

trafilatura selects the article; `walk` reads the lines of the page with their markup; `alignment` finds the selection
among the lines; `selection` completes it. `clean` removes selected lines that are not part of the article.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from copy import copy
from functools import cache
from itertools import islice
from typing import Any

import trafilatura
from trafilatura.settings import Extractor

from digest.collect.decoding import decode
from digest.collect.extract import selection, teasers
from digest.collect.extract.alignment import Alignment, align
from digest.collect.extract.dom import Element, drop_unseen, parse, text_of
from digest.collect.extract.fragment import blocks_of
from digest.collect.extract.lines import PageLines
from digest.collect.extract.metadata import Declarations, read_facts
from digest.collect.extract.page import LISTING, Block, Page, PageFacts
from digest.collect.extract.phrases import key
from digest.collect.extract.typography import join_drop_caps, join_ruby
from digest.collect.extract.walk import read_lines
from digest.text.clean import plain

for _name in ("trafilatura", "readability", "htmldate", "justext"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

MAX_BYTES = 5_000_000
_MOST_ELEMENTS = 30_000  # beyond this a page is not an article, and trafilatura takes minutes
_ENOUGH = 0.4  # minimum share of the page's prose in the quick extraction
_MOST = 0.8  # minimum share of it in a widened selection that needs no second extraction
_BETTER = 1.5  # minimum ratio of prose at which the thorough extraction replaces the quick one
_OUTWEIGHS = 8  # ratio of prose at which it does so even if it does not contain the quick one
_LITTLE = 600  # characters of prose below which the thorough extraction is tried
_LARGE = 400  # minimum CSS pixels of a picture that may represent the article
_TITLE = 1_000  # characters of a title that are read
_CAPTION, _MOST_CAPTIONS = (
    40,
    200,
)  # minimum characters of an alternative text that is read; and maximum number
_AROUND, _SHOWN = 40, 2_000  # lines and characters kept of the surroundings of the article
_LINE_BREAK = "\u2028"  # LINE SEPARATOR, which pages do not use


def read(body: bytes, *, url: str = "", content_type: str = "") -> Page:
    """Return the parsed page. Never raises for its content; `Page.problem` names the problem."""
    problem = None
    if len(body) > MAX_BYTES:
        problem = f"the page has {len(body) / 1e6:.0f} MB; only its first {MAX_BYTES / 1e6:.0f} MB were read"
        body = body[:MAX_BYTES]
    text, broken = decode(body, content_type)
    tree, cut = parse(text)
    problem = problem or cut or broken
    if tree is None:
        return Page(problem=problem or "the page is empty")
    facts = read_facts(_declared(tree, url))
    captions = _captions(tree, facts)
    join_ruby(tree)
    join_drop_caps(tree)
    drop_unseen(tree)
    page_lines = read_lines(tree)
    if page_lines.cut:
        problem = problem or f"the page has more than {len(page_lines.lines)} lines; the rest was not read"
    lines = page_lines.lines
    picked, unmatched = _pick(tree, page_lines, {key(title) for title in facts.titles})
    if not facts.single and not unmatched and teasers.is_listing(page_lines, picked):
        problem, picked = LISTING, []
    blocks, introduction, end = _article(page_lines, facts, picked, unmatched)
    shown = " ".join(line.text for line in lines[:_AROUND])[:_SHOWN]
    after = " ".join(line.text for line in lines[end : end + _AROUND])[:_SHOWN]
    return Page(blocks, facts, introduction, shown, after, sum(len(line.text) for line in lines), captions, problem)


def _pick(tree: Element, page_lines: PageLines, titles: Collection[str]) -> tuple[list[int], tuple[str, ...]]:
    """Return the lines of the article; or its paragraphs if they come from a script and match no lines."""
    opening = selection.unlabel_opening(page_lines, titles)
    beside = teasers.beside(page_lines, titles)
    whole = [i for i in selection.prose(page_lines) if i not in beside]
    chosen = _extract_lines(tree, page_lines, whole)
    if chosen.unmatched and not chosen.lines:
        return [], chosen.unmatched
    picked = selection.widen(page_lines, [i for i in chosen.lines if i not in beside], whole)
    picked = sorted({*picked, *opening, *selection.restore(page_lines, picked, whole)})
    picked = sorted({*picked, *selection.between(page_lines, picked, whole)})
    return sorted((*picked, *selection.headings(page_lines, picked))), ()


def _article(
    page_lines: PageLines, facts: PageFacts, picked: list[int], unmatched: Sequence[str]
) -> tuple[tuple[Block, ...], int | None, int]:
    """Return the blocks of the article, the index of its standfirst, and the index of the line after its last."""
    if unmatched:
        return tuple(Block(text) for one in unmatched if (text := plain(one).strip())), None, 0
    titles = {key(title) for title in facts.titles}
    introduction = selection.standfirst(page_lines, picked, titles, facts.description)
    if introduction is not None and introduction not in picked:
        picked = sorted((*picked, introduction))
    blocks, places = blocks_of(page_lines, picked, selection.heading(page_lines, picked, titles))
    place = places.index(introduction) if introduction in places else None
    return blocks, place, picked[-1] + 1 if picked else 0


def _extract_lines(tree: Element, page_lines: PageLines, whole: Sequence[int]) -> Alignment:
    """Return trafilatura's selection of lines: its fast extraction, or the thorough one if that omits most prose.

    `whole` is all prose of the page. A selection that `widen` completes needs no second extraction.
    """
    if page_lines.elements > _MOST_ELEMENTS:
        return Alignment()
    prose = selection.size(page_lines, whole)
    texts = [line.text for line in page_lines.lines]
    quick = align(_extract(tree, fast=True), texts)
    have = selection.size(page_lines, quick.lines)
    enough = have >= _ENOUGH * prose and have > _LITTLE
    if enough or quick.unmatched or (quick.lines and prose <= _BETTER * have):
        return quick
    if quick.lines and selection.size(page_lines, selection.widen(page_lines, quick.lines, whole)) >= _MOST * prose:
        return quick
    thorough = align(_extract(tree, fast=False), texts)
    better = selection.size(page_lines, thorough.lines) + sum(map(len, thorough.unmatched))
    kept = selection.size(page_lines, set(quick.lines) & set(thorough.lines))
    contains = kept >= have / 2 or better > _OUTWEIGHS * have  # else it may have taken the comments for the article
    return thorough if not quick.lines or (contains and better > _BETTER * have) else quick


def _declared(tree: Element, url: str) -> Declarations:
    """Return the metadata of a page: meta tags, JSON-LD, and marked elements."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        if content := meta.get("content"):
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                if name := meta.get(attribute):
                    metas.setdefault(name.lower(), []).append(content)
    canonical = next(
        (c.get("href") or "" for c in tree.iter("link") if (c.get("rel") or "").lower() == "canonical"), ""
    )
    return Declarations(
        metas=metas,
        scripts=[s.text for s in tree.iter("script") if s.text and "ld+json" in (s.get("type") or "")],
        title=next((text_of(t)[:_TITLE] for t in tree.iter("title")), ""),
        headings=[text_of(h)[:_TITLE] for h in islice(tree.iter("h1"), 10)],
        canonical=canonical,
        language=tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or tree.get("xml:lang")
        or "",
        author=next((text_of(a) for a in tree.iter("a", "span", "address") if _is_author(a)), ""),
        published=_time(tree),
        picture=next((dict(i.items()) for i in tree.iter("img") if _is_large(i)), {}),
        url=url or canonical,
    )


def _captions(tree: Element, facts: PageFacts) -> frozenset[str]:
    """Return keys of the alternative texts of pictures, except those that repeat the page's title or description."""
    texts = (image.get("alt") or "" for image in tree.iter("img"))
    captions = {key(text) for text in islice((t for t in texts if len(t) >= _CAPTION), _MOST_CAPTIONS)}
    captions -= _decks(tree) if captions else set()
    described = " ".join(key(text) for text in (*facts.titles, facts.description))
    return frozenset(
        text for text in captions if text not in described and not (facts.description and text[:60] in described)
    )


def _decks(tree: Element) -> set[str]:
    """Return keys of the elements right below the page's heading, before any picture: `alt` may repeat them."""
    decks = set()
    for heading in islice(tree.iter("h1"), 3):
        for below in islice(heading.itersiblings(), 2):
            if below.tag == "figure" or next(below.iter("img"), None) is not None:
                break
            decks.add(key(text_of(below)[:_TITLE]))
    return decks


def _is_author(element: Element) -> bool:
    return "author" in (element.get("rel"), element.get("itemprop"))


def _is_large(image: Element) -> bool:
    """Return whether a picture is large: by its width, or because it is in a <figure>."""
    width, source = (image.get("width") or "").strip().removesuffix("px"), image.get("src") or ""
    if not source or source.startswith("data:"):
        return False
    parent = image.getparent()
    return (
        int(width) >= _LARGE if width.isdecimal() and len(width) < 6 else parent is not None and parent.tag == "figure"
    )


def _time(tree: Element) -> str:
    """Return the time marked as that of publication, else the first marked time."""
    times = [t for t in tree.iter("time") if t.get("datetime")][:50]
    marked = [t for t in times if t.get("pubdate") is not None or t.get("itemprop") == "datePublished"]
    return next((t.get("datetime") or "" for t in (*marked, *times)), "")


def _extract(tree: Element, *, fast: bool) -> list[str]:
    """Return the texts that trafilatura extracts."""
    document: Any = trafilatura.bare_extraction(tree, options=copy(_options(fast=fast)))
    return [] if document is None else [text for element in document.body for text in _texts(element)]


@cache
def _options(*, fast: bool) -> Extractor:
    """Return the options, created once: the constructor reads a settings file."""
    options = Extractor(fast=fast, comments=False)
    if fast:
        options.focus = "quick"  # a value of ours: 'balanced' would restart when the result is short
    return options


def _texts(element: Any) -> Iterator[str]:
    """Yield the lines of one element of trafilatura's result."""
    if not isinstance(element.tag, str):
        return
    parts = list(element.iter("item", "row")) if element.tag in ("list", "table") else [element]
    for part in parts:
        for inner in part.iter("lb", "p"):
            if inner.tag == "lb":
                inner.tail = f"{_LINE_BREAK}{inner.tail or ''}"
            elif inner is not part:
                inner.text, inner.tail = f"{_LINE_BREAK}{inner.text or ''}", f"{_LINE_BREAK}{inner.tail or ''}"
        for one in "".join(part.itertext()).split(_LINE_BREAK):
            if text := " ".join(one.split()):
                yield text
    if element.tail and (text := " ".join(element.tail.split())):
        yield text
