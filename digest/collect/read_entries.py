"""Read the articles of entries: fetch their pages, parse them in child processes, fall back to the text of the feed.

Connects `http` and `sandbox`, so that fetching, reading and storing overlap and the bytes of a page are soon released.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.extract.reading import Item, read_entry_only, read_item
from digest.collect.http.page import FetchedPage
from digest.collect.sandbox import Failure, Sandbox

FetchPages = Callable[[Iterable[str]], Iterator[FetchedPage]]


def read_entries(entries: Sequence[Entry], fetch: FetchPages, sandbox: Sandbox) -> Iterator[tuple[Entry, Article]]:
    """Yield one article for each entry, in the order they are ready. `Article.problem` names the problem, if any.

    An entry without a link or without a readable page becomes an article of the text of the feed.
    """
    waiting: dict[str, list[Entry]] = {}
    unread: list[tuple[Entry, str | None]] = []
    for entry in entries:
        if entry.url:
            waiting.setdefault(entry.url, []).append(entry)
        else:
            unread.append((entry, None))

    def pages() -> Iterator[Item]:
        for page in fetch(list(waiting)):
            for entry in waiting[page.url]:
                if page.error:
                    unread.append((entry, page.error))
                else:
                    yield Item(page.url, page.body, page.final_url or page.url, page.content_type, entry)

    for item, article in sandbox.map(read_item, pages()):
        assert item.entry is not None
        if isinstance(article, Failure):
            unread.append((item.entry, f"the page could not be read: {article.reason}"))
        else:
            yield item.entry, article
    for entry, reason in unread:
        yield entry, read_entry_only(entry, reason)
