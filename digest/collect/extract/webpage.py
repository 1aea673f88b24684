"""The edge to trafilatura: bytes of an HTML page -> `Page`.

trafilatura chooses the article; `outline` reads the page's lines with what their markup says of them; `alignment` finds
the choice among the lines; `selection` completes it. What is chosen and is no article after all is for `clean` to say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from copy import copy
from functools import cache
from itertools import islice
from typing import Any

import trafilatura
from trafilatura.settings import Extractor

from digest.collect.decoding import decode
from digest.collect.extract import selection
from digest.collect.extract.alignment import Chosen, align
from digest.collect.extract.dom import Element, drop_unseen, line, parse
from digest.collect.extract.fragment import blocks_of
from digest.collect.extract.lines import Outline
from digest.collect.extract.metadata import Declared, understand
from digest.collect.extract.page import LISTING, Block, Facts, Page
from digest.collect.extract.phrases import key
from digest.collect.extract.teasers import is_listing
from digest.collect.extract.walk import outline
from digest.text.clean import plain

for _name in ("trafilatura", "readability", "htmldate", "justext"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)

MAX_BYTES = 5_000_000
_MOST_ELEMENTS = 30_000  # beyond this a page is no article, and a library that compares its parts takes minutes
_ENOUGH = 0.4  # share of the page's prose that the quick choice must hold
_MOST = 0.8  # share of it that makes a widened choice good enough
_BETTER = 1.5  # how many times more prose makes the second opinion the better one
_OUTWEIGHS = 8
_LITTLE = 600  # characters of prose, below which a second opinion is asked for
_LARGE = 400  # CSS pixels of a picture that may stand for its article
_TITLE = 1_000  # characters of a title that are looked at
_CAPTION, _MOST_CAPTIONS = 40, 200  # characters of a picture's text from which it may be its caption; and how many
_AROUND, _SHOWN = 40, 2_000  # lines and characters kept of what surrounds the article
_LINE_BREAK = "\u2028"  # Unicode's own, which pages do not use


def read(body: bytes, *, url: str = "", content_type: str = "") -> Page:
    """One page. Never raises for what stands in `body`; `Page.problem` says what was wrong with it."""
    problem = None
    if len(body) > MAX_BYTES:
        problem = f"the page has {len(body) / 1e6:.0f} MB; only its first {MAX_BYTES / 1e6:.0f} MB were read"
        body = body[:MAX_BYTES]
    text, broken = decode(body, content_type)
    tree, cut = parse(text)
    problem = problem or cut or broken
    if tree is None:
        return Page(problem=problem or "the page is empty")
    facts = understand(_declared(tree, url))
    captions = _captions(tree, facts)
    drop_unseen(tree)
    lines = outline(tree)
    if lines.cut:
        problem = problem or f"the page has more than {len(lines.runs)} lines; the rest was not read"
    runs = lines.runs
    picked, strangers = _pick(tree, lines)
    if not facts.single and not strangers and is_listing(lines, picked):
        problem, picked = LISTING, []
    blocks, introduction, end = _article(lines, facts, picked, strangers)
    shown = " ".join(run.text for run in runs[:_AROUND])[:_SHOWN]
    after = " ".join(run.text for run in runs[end : end + _AROUND])[:_SHOWN]
    return Page(blocks, facts, introduction, shown, after, sum(len(run.text) for run in runs), captions, problem)


def _pick(tree: Element, lines: Outline) -> tuple[list[int], tuple[str, ...]]:
    """The lines of the article; or its paragraphs that are no lines, as they were found in a script, as JSON."""
    whole = selection.prose(lines)
    chosen = _choose(tree, lines, whole)
    if chosen.strangers and not chosen.lines:
        return [], chosen.strangers
    picked = selection.widen(lines, chosen.lines, whole)
    picked = sorted({*picked, *selection.between(lines, picked, whole)})
    return sorted((*picked, *selection.headings(lines, picked))), ()


def _article(
    lines: Outline, facts: Facts, picked: list[int], strangers: Sequence[str]
) -> tuple[tuple[Block, ...], int | None, int]:
    """The blocks of the article, the index of its standfirst, and the line after its last."""
    if strangers:
        return tuple(Block(text) for one in strangers if (text := plain(one).strip())), None, 0
    titles = {key(title) for title in facts.titles}
    introduction = selection.standfirst(lines, picked, titles, facts.description)
    if introduction is not None and introduction not in picked:
        picked = sorted((*picked, introduction))
    blocks, places = blocks_of(lines, picked, selection.heading(lines, picked, titles))
    place = places.index(introduction) if introduction in places else None
    return blocks, place, picked[-1] + 1 if picked else 0


def _choose(tree: Element, lines: Outline, whole: Sequence[int]) -> Chosen:
    """trafilatura's choice among the lines: its fast way, and its thorough one if that left most of the prose out.

    `whole` is all prose of the page. What `widen` makes good needs no second opinion.
    """
    if lines.elements > _MOST_ELEMENTS:
        return Chosen()
    prose = selection.size(lines, whole)
    texts = [run.text for run in lines.runs]
    quick = align(_extract(tree, fast=True), texts)
    have = selection.size(lines, quick.lines)
    enough = have >= _ENOUGH * prose and have > _LITTLE
    if enough or quick.strangers or (quick.lines and prose <= _BETTER * have):
        return quick
    if quick.lines and selection.size(lines, selection.widen(lines, quick.lines, whole)) >= _MOST * prose:
        return quick
    thorough = align(_extract(tree, fast=False), texts)
    better = selection.size(lines, thorough.lines) + sum(map(len, thorough.strangers))
    kept = selection.size(lines, set(quick.lines) & set(thorough.lines))
    contains = kept >= have / 2 or better > _OUTWEIGHS * have  # else it may have taken the comments for the article
    return thorough if not quick.lines or (contains and better > _BETTER * have) else quick


def _declared(tree: Element, url: str) -> Declared:
    """Collect the page's declarations: meta tags, JSON-LD, and the few elements that carry any."""
    metas: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        if content := meta.get("content"):
            for attribute in ("property", "name", "itemprop", "http-equiv"):
                if name := meta.get(attribute):
                    metas.setdefault(name.lower(), []).append(content)
    canonical = next(
        (c.get("href") or "" for c in tree.iter("link") if (c.get("rel") or "").lower() == "canonical"), ""
    )
    return Declared(
        metas=metas,
        scripts=[s.text for s in tree.iter("script") if s.text and "ld+json" in (s.get("type") or "")],
        title=next((line(t)[:_TITLE] for t in tree.iter("title")), ""),
        headings=[line(h)[:_TITLE] for h in islice(tree.iter("h1"), 10)],
        canonical=canonical,
        language=tree.get("lang")
        or tree.get("{http://www.w3.org/XML/1998/namespace}lang")
        or tree.get("xml:lang")
        or "",
        author=next((line(a) for a in tree.iter("a", "span", "address") if _is_author(a)), ""),
        published=_time(tree),
        picture=next((dict(i.items()) for i in tree.iter("img") if _is_large(i)), {}),
        url=url or canonical,
    )


def _captions(tree: Element, facts: Facts) -> frozenset[str]:
    """Keys of the texts that stand for pictures, but for those that are filled with the page's title or description."""
    texts = (image.get("alt") or "" for image in tree.iter("img"))
    found = {key(text) for text in islice((t for t in texts if len(t) >= _CAPTION), _MOST_CAPTIONS)}
    found -= _decks(tree) if found else set()
    said = " ".join(key(text) for text in (*facts.titles, facts.description))
    return frozenset(text for text in found if text not in said and not (facts.description and text[:60] in said))


def _decks(tree: Element) -> set[str]:
    """Keys of what stands right below a heading of the page, before any picture: pages fill `alt` with it, too."""
    decks = set()
    for heading in islice(tree.iter("h1"), 3):
        for below in islice(heading.itersiblings(), 2):
            if below.tag == "figure" or next(below.iter("img"), None) is not None:
                break
            decks.add(key(line(below)[:_TITLE]))
    return decks


def _is_author(element: Element) -> bool:
    return "author" in (element.get("rel"), element.get("itemprop"))


def _is_large(image: Element) -> bool:
    """A picture to show: its width is given and large, or it stands in a <figure> that is not a portrait or a logo."""
    width, source = (image.get("width") or "").strip().removesuffix("px"), image.get("src") or ""
    if not source or source.startswith("data:"):
        return False
    parent = image.getparent()
    return (
        int(width) >= _LARGE if width.isdecimal() and len(width) < 6 else parent is not None and parent.tag == "figure"
    )


def _time(tree: Element) -> str:
    """The time that the page marks as that of its publication, else the first it marks at all."""
    times = [t for t in tree.iter("time") if t.get("datetime")][:50]
    marked = [t for t in times if t.get("pubdate") is not None or t.get("itemprop") == "datePublished"]
    return next((t.get("datetime") or "" for t in (*marked, *times)), "")


def _extract(tree: Element, *, fast: bool) -> list[str]:
    """The texts that trafilatura takes for the article."""
    document: Any = trafilatura.bare_extraction(tree, options=copy(_options(fast=fast)))
    return [] if document is None else [text for element in document.body for text in _texts(element)]


@cache
def _options(*, fast: bool) -> Extractor:
    """Made once: it reads its settings file and makes up its dates each time."""
    options = Extractor(fast=fast, comments=False)
    if fast:
        options.focus = "quick"  # none of its own: 'balanced' starts again by itself when the result is short
    return options


def _texts(element: Any) -> Iterator[str]:
    """The lines of one element of trafilatura's result."""
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
