"""Fetching of feeds and pages: concurrent, guarded, polite to each host; plain iterators for the caller (aiohttp)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from digest import __version__
from digest.collect.feed import Feed, FetchOutcome
from digest.collect.http import pool, request
from digest.collect.http.guard import refusal
from digest.collect.http.page import FetchedPage
from digest.collect.http.pool import AskedToWait, Client
from digest.collect.http.request import Answer, Lookup, Refusal, system_lookup
from digest.errors import FetchError

ACCEPT_FEED: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)
ACCEPT_PAGE: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
ACCEPT_PICTURE: Final = "image/jpeg, image/png, image/gif;q=0.9, image/webp;q=0.8, image/*;q=0.5"
_OK: Final = (200, 203)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Limits of fetching, in seconds and bytes. Loopback addresses are asked without delay or limit per host."""

    allow_private: bool = False  # also connect to addresses that are not public
    user_agent: str = f"digest/{__version__}"
    at_once: int = 64
    per_host: int = 2  # requests to one host at a time
    delay: float = 0.1  # seconds between the starts of two requests to one host
    timeout: float = 30.0  # of one whole request: look-up, connection, redirects, body
    max_body: int = 10_000_000  # decoded bytes of a feed
    max_page: int = 5_000_000  # of a page or picture
    robots: bool = True  # obey robots.txt for pages (RFC 9309)
    should_stop: Callable[[], bool] = lambda: False  # polled while waiting; True ends all requests
    lookup: Lookup = system_lookup  # name and port -> addresses
    refuse: Refusal = refusal  # address -> reason for refusing it, or ""

    @property
    def refusal(self) -> Refusal:
        """Return the reason for not connecting to an address, or ""."""
        return _never if self.allow_private else self.refuse


def fetch_feeds(feeds: Iterable[Feed], config: HttpConfig) -> Iterator[FetchOutcome]:
    """Fetch each feed with its validators; yield one outcome each as they arrive. Never raises for a feed."""

    async def one(client: Client, feed: Feed) -> FetchOutcome:
        headers = {"Accept": ACCEPT_FEED}
        if feed.etag:
            headers["If-None-Match"] = feed.etag
        if feed.last_modified:
            headers["If-Modified-Since"] = feed.last_modified
        try:
            return _outcome(feed, await client.get(feed.address, headers, config.max_body))
        except FetchError as error:
            wait = error.retry_after if isinstance(error, AskedToWait) else None
            return FetchOutcome(feed.url, "error", http_status=error.status, retry_after=wait, error=error.reason)

    return pool.run(
        list(feeds), one, lambda feed: feed.address, lambda: _client(config), config.at_once, config.should_stop
    )


def fetch_pages(
    urls: Iterable[str], config: HttpConfig, *, accept: str = ACCEPT_PAGE, most: int | None = None
) -> Iterator[FetchedPage]:
    """Fetch each page (or picture: `accept`) that its site's robots.txt allows; yield one value each as they arrive.

    The body limit is `most` bytes, else `config.max_page`. Never raises for a page. Duplicates are fetched once.
    """

    async def one(client: Client, url: str) -> FetchedPage:
        try:
            if config.robots and not await client.may_fetch(url):
                return FetchedPage(url, url, error="the site's robots.txt asks programs not to read this page")
            return _page(url, await client.get(url, {"Accept": accept}, most or config.max_page))
        except FetchError as error:
            return FetchedPage(url, status=error.status or 0, error=error.reason)

    return pool.run(list(dict.fromkeys(urls)), one, str, lambda: _client(config), config.at_once, config.should_stop)


def fetch_one(url: str, config: HttpConfig, *, accept: str = ACCEPT_PAGE) -> FetchedPage:
    """Fetch one address that a person named: without robots.txt, up to `max_body` bytes."""
    config = replace(config, robots=False)
    return next(fetch_pages([url], config, accept=accept, most=config.max_body))


def _client(config: HttpConfig) -> Client:
    return Client(
        session=request.open_session(config.lookup, config.refusal, config.user_agent, config.at_once),
        refusal=config.refusal,
        product=config.user_agent.partition("/")[0],
        per_host=config.per_host,
        delay=config.delay,
        seconds=config.timeout,
        slots=asyncio.Semaphore(config.at_once),
    )


def _outcome(feed: Feed, answer: Answer) -> FetchOutcome:
    """Return a response as a value: a body, not modified, gone, or an error with its reason."""
    headers = answer.headers
    outcome = FetchOutcome(
        feed.url,
        "error",
        content_type=headers.get("content-type", ""),
        final_url=answer.final_url,
        moved_to=answer.moved_to,
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        http_status=answer.status,
        max_age=_max_age(headers.get("cache-control", "")),
    )
    if answer.status in _OK:
        return replace(outcome, status="ok", body=answer.body)
    if answer.status == 304 and (feed.etag or feed.last_modified):
        return replace(outcome, status="not_modified")
    outcome = replace(outcome, moved_to="", error=_status_words(answer.status))
    if answer.status == 410:
        return replace(outcome, status="gone")
    return replace(outcome, retry_after=request.retry_after(answer))


def _page(url: str, answer: Answer) -> FetchedPage:
    error = "" if answer.status in _OK else _status_words(answer.status)
    kind = answer.headers.get("content-type", "")
    return FetchedPage(url, answer.final_url, answer.status, kind, answer.body, error)


def _status_words(status: int) -> str:
    words = {
        204: "the answer is empty (204)",
        206: "only a part of it came, though all was asked for (206)",
        304: "it says that nothing changed, though we never had it (304)",
        401: "it wants a password (401)",
        403: "the site does not let us in (403)",
        404: "there is nothing at this address (404); has the feed moved?",
        406: "the site has no form of it that we can read (406)",
        410: "it is gone for good (410)",
        429: "the site asks for fewer requests (429)",
        451: "the site may not show it for legal reasons (451)",
        503: "the site is busy or down (503)",
    }
    kind = "the site has an error of its own" if status >= 500 else "the site did not give it"
    return words.get(status, f"{kind} ({status})")


def _max_age(cache_control: str) -> float | None:
    """Return the seconds of `max-age` (RFC 9111, 5.2.2.1); None without a usable value."""
    if re.search(r"\bno-(?:cache|store)\b", cache_control):
        return None
    match = re.search(r"\bmax-age\s*=\s*\"?(\d{1,10})", cache_control.lower())
    return float(match[1]) if match else None


def _never(address: str) -> str:
    return ""
