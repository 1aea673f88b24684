"""From entries to articles: pages fetched through the guard, read in child processes, the feed's text as the fallback.

Edge: joins `http` and `sandbox`, so that fetching, reading and storing overlap and no page's bytes are kept longer
than needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from digest.collect.article import Article, Image
from digest.collect.entry import Entry
from digest.collect.fetched import FetchedPage
from digest.collect.given import visible
from digest.collect.lead import Lead, choose
from digest.collect.reading import Item, read_page
from digest.collect.sandbox import Failure, Sandbox
from digest.text.language import detect
from digest.text.url import host

FetchPages = Callable[[Iterable[str]], Iterator[FetchedPage]]


def read_entries(entries: Sequence[Entry], fetch: FetchPages, sandbox: Sandbox) -> Iterator[tuple[Entry, Article]]:
    """One article for each entry, in the order they are ready. What went wrong stands in `Article.problem`.

    An entry without a link, or whose page could not be had or read, becomes an article of the feed's own text.
    """
    waiting: dict[str, list[Entry]] = {}
    unread: list[tuple[Entry, str]] = []
    for entry in entries:
        if entry.url:
            waiting.setdefault(entry.url, []).append(entry)
        else:
            unread.append((entry, "the feed gives no link"))

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
            unread.append((item.entry, article.reason))
        else:
            yield item.entry, article
    for entry, reason in unread:
        yield entry, from_feed(entry, reason)


def read_item(item: Item) -> Article:
    """Read one page for its entry; runs in a child. Where the page gives no text, the feed's own stands in."""
    article = read_page(item.body, url=item.url, content_type=item.content_type, entry=item.entry, source=item.source)
    if article.text or item.entry is None:
        return article
    stand_in = from_feed(item.entry, article.problem or "no text")
    return replace(stand_in, title=article.title or stand_in.title, image=article.image or stand_in.image)


def from_feed(entry: Entry, problem: str) -> Article:
    """What the feed alone tells of an entry; `problem` says why its page does not."""
    text = visible(entry.content or entry.summary, 200_000)
    language = detect(text or entry.title, (entry.language,) if entry.language else ())
    lead = choose(text, entry.title, language, rung="feed-summary") if text else Lead()
    return Article(
        source=entry.url or entry.feed_url,
        url=entry.url,
        title=entry.title,
        language=language,
        text=text,
        lead=lead,
        author=entry.author,
        published=entry.published,
        image=Image(entry.image_url) if entry.image_url else None,
        site_name="" if entry.url else host(entry.feed_url),
        problem=problem,
    )
