"""Read pages and texts to articles, in child processes with limits.

`read_item` reads one in this process and is the function that a `Sandbox` runs; `read_page` and `read_many` create the
sandbox. Heavy modules are imported when the first page is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.extract.assemble import LeadTarget, PageContext, assemble, assemble_from_feed, remove_repeated_lines
from digest.collect.extract.boilerplate import HostMemory, learn
from digest.collect.extract.page import Page, PageFacts
from digest.collect.sandbox import Failure, Sandbox
from digest.text.clean import one_line

#: For `Sandbox(preload=...)`: imported once for all child processes.
PRELOAD = ("digest.collect.extract.preload",)

_HTML = re.compile(
    rb"<!doctype html|<!--|<(?:html|head|body|title|meta|link|script|style|main|article|section|header|nav|form|div|"
    rb"span|p|a|br|h[1-6]|ul|ol|li|table|tr|td|blockquote|img|b|i|em|strong|font|center)(?:\s[^<>]*+)?+/?>",
    re.IGNORECASE,
)
_SECONDS, _MEGABYTES = 4, 500
_FEED_TEXT = 300_000  # characters of a feed's text that are read
_NO_PAGE = "the entry has no page to read"
_USUAL = LeadTarget()


@dataclass(frozen=True, slots=True)
class Item:
    """One page or text to read. `source` identifies it to the caller: a URL or a file name.

    `language` is set if it is certain; `memory` holds the lines that its host repeats.
    """

    source: str
    body: bytes
    url: str = ""
    content_type: str = ""
    entry: Entry | None = None
    language: str = ""
    memory: HostMemory | None = None
    lead: LeadTarget = _USUAL


def read_page(
    body: bytes,
    *,
    url: str = "",
    content_type: str = "",
    entry: Entry | None = None,
    language: str = "",
    memory: HostMemory | None = None,
    lead: LeadTarget = _USUAL,
    source: str = "",
) -> Article:
    """Return the article of one page or text, read in a child process. Never raises: see `Article.problem`."""
    item = Item(source or url, body, url, content_type, entry, language, memory, lead)
    return next(read_many([item], workers=1))


def read_many(items: Iterable[Item], *, workers: int = 2, sandbox: Sandbox | None = None) -> Iterator[Article]:
    """Yield the articles of many items in their order, read in several child processes. Never raises for their content.

    A `sandbox` that is passed in should have the `preload` PRELOAD; it stays open.
    """
    own = sandbox or Sandbox(workers, seconds=_SECONDS, megabytes=_MEGABYTES, preload=PRELOAD)
    ready: dict[int, Article] = {}
    position = 0
    try:
        for (number, item), result in own.map(_read_numbered, enumerate(items)):
            ready[number] = _failed(item, result) if isinstance(result, Failure) else result
            while position in ready:
                yield ready.pop(position)
                position += 1
    finally:
        if sandbox is None:
            own.close()


def _read_numbered(numbered: tuple[int, Item]) -> Article:
    return read_item(numbered[1])


def read_item(item: Item) -> Article:
    """Return the article of one item, read in this process. Run it in a `Sandbox`: a hostile page can take long."""
    article = assemble(parse_item(item), _context(item))
    return remove_repeated_lines(article, item.memory, item.lead) if item.memory else article


def read_entry_only(entry: Entry, problem: str | None = None, lead: LeadTarget = _USUAL) -> Article:
    """Return the article of an entry whose page is not available: the text of the feed, or the title alone.

    `problem` gives the reason; without one, the entry has no page.
    """
    item = Item(entry.url or entry.feed_url, b"", entry.url, entry=entry, lead=lead)
    return assemble_from_feed(_context(item), problem or _NO_PAGE)


def parse_item(item: Item) -> Page:
    """Return the parsed page of an item, HTML or plain text."""
    if _is_html(item):
        from digest.collect.extract import webpage

        return webpage.read(item.body, url=item.url, content_type=item.content_type)
    from digest.collect.extract import plaintext

    return plaintext.read(item.body, content_type=item.content_type, language=item.language)


def _is_html(item: Item) -> bool:
    kind = item.content_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        return True
    return kind != "text/plain" and bool(_HTML.search(item.body[:8192].replace(b"\0", b"")))


def _context(item: Item) -> PageContext:
    return PageContext(item.source, item.url, item.language, item.entry, _feed_page(item.entry), item.lead)


def _feed_page(entry: Entry | None) -> Page | None:
    """Return the text of the feed as a page. All of it is article, so nothing is extracted."""
    if entry is None:
        return None
    from digest.collect.extract.fragment import blocks

    title = one_line(entry.title)
    facts = PageFacts(title=title, titles=(title,) if title else (), author=one_line(entry.author))
    return Page(blocks((entry.content or entry.summary)[:_FEED_TEXT]), facts)


def _failed(item: Item, failure: Failure) -> Article:
    """Return the article of a page that its process could not read: the text of the feed, and the problem."""
    return assemble_from_feed(_context(item), f"the page could not be read: {failure.reason}")


def read_together(
    items: Iterable[Item], *, workers: int = 2, done: Callable[[int], None] = lambda _: None
) -> list[Article]:
    """Return the articles of many items, without the lines that hosts repeat among them.

    For pages that are read together, such as a folder. `done` is called with the number of pages read so far.
    """
    targets: list[LeadTarget] = []

    def record_targets() -> Iterator[Item]:
        for item in items:
            targets.append(item.lead)
            yield item

    articles: list[Article] = []
    memories: dict[str, HostMemory] = {}
    for article in read_many(record_targets(), workers=workers):
        articles.append(article)
        done(len(articles))
        if host := host_of(article):
            memories[host] = learn(memories.get(host, HostMemory()), article.source, article.title, article.text)
    return [
        remove_repeated_lines(article, memory, target) if (memory := memories.get(host_of(article))) else article
        for article, target in zip(articles, targets, strict=True)
    ]


def host_of(article: Article) -> str:
    """Return the key of an article's host memory: the host of its URL without 'www.', else the name of the site."""
    host = urlsplit(article.url).hostname or "" if article.url else ""
    return host.removeprefix("www.") or article.site_name.casefold()
