"""From entries to articles: pages fetched through the guard, read in child processes, the feed's text as the fallback.

Edge: joins `http` and `sandbox`, so that fetching, reading and storing overlap and no page's bytes are kept longer
than needed.
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
    """One article for each entry, in the order they are ready. What went wrong stands in `Article.problem`.

    An entry without a link, or whose page could not be had or read, becomes an article of the feed's own text.
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
