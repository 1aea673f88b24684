"""Reading: bytes of a page or file -> `Article`, down the ladder: page, structured data, feed text, title alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from digest.collect import clean as cleaning
from digest.collect import plaintext
from digest.collect.article import Article, Removed
from digest.collect.decoding import decode
from digest.collect.entry import Entry
from digest.collect.lead import Lead
from digest.collect.page import Block, Page

_HTML = re.compile(rb"<(?:!doctype|html|head|body|article|div|p|meta)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to read. `source` is what the reader of the result knows it by: a URL or a file name."""

    source: str
    body: bytes
    url: str = ""
    content_type: str = ""
    entry: Entry | None = None
    language: str = ""


def read_page(
    body: bytes,
    *,
    url: str = "",
    content_type: str = "",
    entry: Entry | None = None,
    language: str = "",
    source: str = "",
    sentences: int = 2,
    characters: int = 280,
) -> Article:
    """Read one page or text. Never raises for what stands in it: `Article.problem` says what was wrong."""
    page = look(Item(source or url, body, url, content_type, entry, language))
    return understand(
        page, Item(source or url, body, url, content_type, entry, language), sentences=sentences, characters=characters
    )


def read_many(items: Iterable[Item], *, workers: int = 2) -> Iterator[Article]:
    """Read many, in order, over several processes."""
    todo = list(items)
    if len(todo) < 4 or workers < 2:
        yield from map(_read_item, todo)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_read_item, todo, chunksize=4)


def _read_item(item: Item) -> Article:
    return understand(look(item), item)


def look(item: Item) -> Page:
    """The page behind an item, whatever its kind."""
    if "html" in item.content_type or _HTML.search(item.body[:4096]):
        from digest.collect import webpage

        return webpage.read(item.body, url=item.url, content_type=item.content_type)
    from digest.text.language import detect

    text = decode(item.body, item.content_type)
    return plaintext.read(text, language=item.language or detect(text[:5000]))


def understand(page: Page, item: Item, *, sentences: int = 2, characters: int = 280) -> Article:
    """Judge what a page holds: clean it, find its language, credit and lead."""
    from digest.collect.lead import choose
    from digest.text.language import detect

    facts = page.facts
    declared = (item.language, *facts.languages, item.entry.language if item.entry else "")
    raw = " ".join(b.text for b in page.blocks)
    language = item.language or detect(raw[:5000] or facts.title, tuple(d for d in declared if d))
    cleaned = cleaning.clean(page, language)
    blocks, credit, removed = _take_credit(cleaned.blocks, language)
    text = cleaning.join(blocks)
    title = facts.title or (item.entry.title if item.entry else "")
    lead = choose(text, title, language, sentences=sentences, characters=characters) if text else Lead()
    return Article(
        source=item.source,
        url=facts.url or item.url,
        title=title,
        language=language,
        text=text,
        lead=lead,
        author=facts.author,
        credit=credit,
        published=facts.published,
        modified=facts.modified,
        section=facts.section,
        site_name=facts.site_name,
        image=facts.image,
        removed=(*cleaned.removed, *removed),
        problem=page.problem or (None if text else "no text"),
    )


def _take_credit(blocks: Sequence[Block], language: str) -> tuple[list[Block], str, tuple[Removed, ...]]:
    """Move credit lines out of the text; a block that loses a part keeps its kind."""
    from digest.collect.credit import split as split_credit

    texts = [b.text for b in blocks]
    left, credit, removed = split_credit(texts, language)
    kinds = {b.text: b for b in blocks}
    kept: list[Block] = []
    position = 0
    for text in left:
        if text in kinds:
            kept.append(kinds[text])
        else:
            while position < len(blocks) and text not in blocks[position].text:
                position += 1
            kept.append(replace(blocks[position], text=text) if position < len(blocks) else Block(text))
    return kept, credit, tuple(removed)
