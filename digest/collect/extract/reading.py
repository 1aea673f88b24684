"""Reading: bytes of a page or text -> `Article`, in child processes with limits.

`read_item` reads one in this process and is what a `Sandbox` runs; `read_page` and `read_many` bring the sandbox. What
is heavy is imported when the first page is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.extract.assemble import Known, LeadTarget, of_feed, understand, without_repeated
from digest.collect.extract.boilerplate import HostMemory, learn
from digest.collect.extract.page import Facts, Page
from digest.collect.sandbox import Failure, Sandbox
from digest.text.clean import one_line

#: For `Sandbox(preload=...)`: what reading needs, imported once for all child processes.
PRELOAD = ("digest.collect.extract.preload",)

_HTML = re.compile(
    rb"<!doctype html|<!--|<(?:html|head|body|title|meta|link|script|style|main|article|section|header|nav|form|div|"
    rb"span|p|a|br|h[1-6]|ul|ol|li|table|tr|td|blockquote|img|b|i|em|strong|font|center)(?:\s[^<>]*+)?+/?>",
    re.IGNORECASE,
)
_SECONDS, _MEGABYTES = 4, 500
_FEED_TEXT = 300_000  # characters of a feed's text that are looked at
_NO_PAGE = "the entry has no page to read"
_USUAL = LeadTarget()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to read. `source` is what the reader of the result knows it by: a URL or a file name.

    `language` is the one it is in, if that is certain; `blocks` is what its host is known to repeat.
    """

    source: str
    body: bytes
    url: str = ""
    content_type: str = ""
    entry: Entry | None = None
    language: str = ""
    blocks: HostMemory | None = None
    lead: LeadTarget = _USUAL


def read_page(
    body: bytes,
    *,
    url: str = "",
    content_type: str = "",
    entry: Entry | None = None,
    language: str = "",
    blocks: HostMemory | None = None,
    lead: LeadTarget = _USUAL,
    source: str = "",
) -> Article:
    """Read one page or text in a child process. Never raises: `Article.problem` says what was wrong."""
    item = Item(source or url, body, url, content_type, entry, language, blocks, lead)
    return next(read_many([item], workers=1))


def read_many(items: Iterable[Item], *, workers: int = 2, sandbox: Sandbox | None = None) -> Iterator[Article]:
    """Read many over several child processes, in the order of the items. Never raises for what they hold.

    `sandbox` uses one that is there already. Give it a `preload` of `PRELOAD`.
    """
    own = sandbox or Sandbox(workers, seconds=_SECONDS, megabytes=_MEGABYTES, preload=PRELOAD)
    ready: dict[int, Article] = {}
    position = 0
    try:
        for (number, item), result in own.map(_read_numbered, enumerate(items)):
            ready[number] = _unread(item, result) if isinstance(result, Failure) else result
            while position in ready:
                yield ready.pop(position)
                position += 1
    finally:
        if sandbox is None:
            own.close()


def _read_numbered(numbered: tuple[int, Item]) -> Article:
    return read_item(numbered[1])


def read_item(item: Item) -> Article:
    """Read one item in this process. Meant for a `Sandbox`: a hostile page can hold it for long."""
    article = understand(look(item), _known(item))
    return without_repeated(article, item.blocks, item.lead) if item.blocks else article


def read_entry_only(entry: Entry, problem: str | None = None, lead: LeadTarget = _USUAL) -> Article:
    """The article of an entry whose page could not be had: the feed's own text, or its title alone.

    `problem` says why; without one, the entry has no page.
    """
    item = Item(entry.url or entry.feed_url, b"", entry.url, entry=entry, lead=lead)
    return of_feed(_known(item), problem or _NO_PAGE)


def look(item: Item) -> Page:
    """What is behind an item, whatever its kind: HTML or plain text."""
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


def _known(item: Item) -> Known:
    return Known(item.source, item.url, item.language, item.entry, _feed_page(item.entry), item.lead)


def _feed_page(entry: Entry | None) -> Page | None:
    """The feed's own text as a page; without asking trafilatura, as all of it is article."""
    if entry is None:
        return None
    from digest.collect.extract.fragment import blocks

    title = one_line(entry.title)
    facts = Facts(title=title, titles=(title,) if title else (), author=one_line(entry.author))
    return Page(blocks((entry.content or entry.summary)[:_FEED_TEXT]), facts)


def _unread(item: Item, failure: Failure) -> Article:
    """The article of a page that its process could not read: what the feed has, with the reason."""
    return of_feed(_known(item), f"the page could not be read: {failure.reason}")


def read_together(
    items: Iterable[Item], *, workers: int = 2, done: Callable[[int], None] = lambda _: None
) -> list[Article]:
    """Read many as `read_many` does, learn from all of them what each host repeats, and take that out of each.

    For pages that came together, such as a folder. `done` is told how many are read.
    """
    targets: list[LeadTarget] = []

    def noted() -> Iterator[Item]:
        for item in items:
            targets.append(item.lead)
            yield item

    articles: list[Article] = []
    memories: dict[str, HostMemory] = {}
    for article in read_many(noted(), workers=workers):
        articles.append(article)
        done(len(articles))
        if host := host_of(article):
            memories[host] = learn(memories.get(host, HostMemory()), article.source, article.title, article.text)
    return [
        without_repeated(article, memory, target) if (memory := memories.get(host_of(article))) else article
        for article, target in zip(articles, targets, strict=True)
    ]


def host_of(article: Article) -> str:
    """The name of an article's host memory: the host of its URL without 'www.', else what the site calls itself."""
    host = urlsplit(article.url).hostname or "" if article.url else ""
    return host.removeprefix("www.") or article.site_name.casefold()
