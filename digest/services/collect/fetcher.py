"""Fetcher: HTTP and the sandbox as `[collect]` configures them, the only way from a service to the web."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from digest.errors import ArticleError
from digest.services.context import Context

if TYPE_CHECKING:
    from digest.collect.article import Article
    from digest.collect.discover import FoundFeed
    from digest.collect.entry import Entry
    from digest.collect.feed import Feed, FetchOutcome, ParsedFeed
    from digest.collect.http.fetch import HttpConfig
    from digest.collect.http.page import FetchedPage
    from digest.collect.sandbox import Failure, Sandbox

T = TypeVar("T")
R = TypeVar("R")

#: Modules that every sandbox process imports before its first task.
_PRELOAD = ("digest.collect.parse.feedparser", "digest.collect.extract.preload")


class Fetcher:
    """Fetches through the guard and reads what came in child processes. Close it to end those."""

    def __init__(self, context: Context) -> None:
        self._settings = context.settings.collect
        self._stopping = context.stopping
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def http(self) -> HttpConfig:
        """The HTTP configuration."""
        from digest.collect.http.fetch import HttpConfig

        settings = self._settings
        config = HttpConfig(
            allow_private=settings.allow_private_networks,
            at_once=settings.concurrency,
            per_host=settings.per_host,
            timeout=settings.timeout.total_seconds(),
            max_body=settings.max_body,
            should_stop=self._stopping.is_set,
        )
        return replace(config, user_agent=settings.user_agent) if settings.user_agent else config

    @property
    def sandbox(self) -> Sandbox:
        """The child processes, started when first used. Jobs in several threads share them."""
        from digest.collect.sandbox import Sandbox

        with self._lock:
            if self._sandbox is None:
                sandbox = Sandbox(self._settings.processes, preload=_PRELOAD, should_stop=self._stopping.is_set)
                self._sandbox = self._stack.enter_context(sandbox)
            return self._sandbox

    def feeds(self, feeds: Sequence[Feed]) -> Iterator[FetchOutcome]:
        """Fetch feeds with their validators; yield one outcome each, as they come."""
        from digest.collect.http.fetch import fetch_feeds

        return fetch_feeds(feeds, self.http)

    def parsed(self, outcomes: Iterable[FetchOutcome]) -> Iterator[tuple[FetchOutcome, ParsedFeed]]:
        """Parse fetched feeds in the sandbox."""
        from digest.collect.parse.feedparser import parse_feeds

        return parse_feeds(outcomes, self.sandbox)

    def articles(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Article]]:
        """Fetch and read the pages of entries; yield one article each, whatever happened to its page."""
        from digest.collect.http.fetch import fetch_pages
        from digest.collect.read_entries import read_entries

        return read_entries(entries, lambda urls: fetch_pages(urls, self.http), self.sandbox)

    def article(self, url: str) -> Article:
        """Fetch and read one page that a person named.

        Raises ArticleError when it cannot be fetched; `Article.problem` says what was wrong with the page.
        """
        from digest.collect.extract.reading import Item, read_many

        page = self.page(url)
        if page.error:
            raise ArticleError(url, page.error)
        item = Item(url, page.body, page.final_url or url, page.content_type)
        return next(read_many([item], sandbox=self.sandbox))

    def page(self, url: str) -> FetchedPage:
        """Fetch one URL that a person named: robots.txt is not asked."""
        from digest.collect.http.fetch import fetch_one

        return fetch_one(url, self.http)

    def pictures(self, urls: Iterable[str]) -> Iterator[FetchedPage]:
        """Fetch pictures; yield one result each, as they come."""
        from digest.collect.http.fetch import ACCEPT_PICTURE, fetch_pages

        return fetch_pages(urls, self.http, accept=ACCEPT_PICTURE)

    def sandboxed(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Failure]]:
        """Run a function on each item in the sandbox."""
        return self.sandbox.map(function, items)

    def discover(self, url: str) -> Sequence[FoundFeed]:
        """Return the feeds behind a URL or site, the main one first. Raises FeedError with what to try."""
        from digest.collect.discover import discover

        return discover(url, self.http, self.sandbox)
