"""Discovery of a site's feeds: those that the page names, else the usual places, each fetched and parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from digest.collect.decoding import decode
from digest.collect.feed import Feed, FetchOutcome, ParsedFeed
from digest.collect.http.fetch import ACCEPT_FEED, HttpConfig, fetch_feeds, fetch_one
from digest.collect.http.page import FetchedPage
from digest.collect.opml import web_address
from digest.collect.parse.feedparser import parse_feeds
from digest.collect.sandbox import Failure, Sandbox
from digest.errors import FetchError, ParseError
from digest.text.clean import one_line
from digest.text.url import absolute, canonical, host, is_web

_TYPES: Final = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/json",
    "text/xml",
    "application/xml",
)
_PLACES: Final = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default")
_WORD: Final = re.compile(r"\b(?:rss|atom|feed)\b", re.IGNORECASE)
_MOST: Final = 12  # feeds that are fetched
_LARGEST_PAGE: Final = 2_000_000  # characters; the links are in the head


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and parsed."""

    url: str
    title: str
    entries: int
    language: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names in a `link` element or in its text."""

    url: str
    title: str = ""


def discover(address: str, config: HttpConfig, sandbox: Sandbox) -> tuple[FoundFeed, ...]:
    """Return the feeds of a site, the main one first. `address` may be the feed itself, a page, or only a host.

    Raises FetchError when the address cannot be fetched, ParseError when there is no feed.
    """
    url = with_scheme(address)
    if not is_web(url):
        raise FetchError(address, "is no web address", remedy="write it like https://example.org")
    page = fetch_one(url, config, accept=f"text/html;q=0.9, {ACCEPT_FEED}")
    if page.error:
        raise FetchError(url, page.error, page.status or None)
    if found := _tried([_as_outcome(page)], sandbox):
        return found
    links = sandbox.run(feed_links, page)
    named = () if isinstance(links, Failure) else links
    for candidates in ([link.url for link in named][:_MOST], list(usual_places(page.final_url))):
        outcomes = fetch_feeds([Feed(candidate) for candidate in candidates], config)
        feeds = {f.url: f for f in _tried([o for o in outcomes if o.status == "ok"], sandbox)}
        if feeds:  # a link may be dead, or lead to no feed
            return _best_first([feeds[c] for c in candidates if c in feeds])
    raise ParseError(url, "no feed found there", remedy="look for 'RSS' on the site and give that address")


def with_scheme(address: str) -> str:
    """Return `example.org` and `feed://example.org/rss` as web addresses."""
    address = web_address(address.strip())
    return address if "://" in address else f"https://{address}"


def feed_links(page: FetchedPage) -> tuple[FeedLink, ...]:
    """Return the feeds that a page names: `link rel=alternate` (autodiscovery), else links that look like a feed."""
    from lxml import etree

    text = decode(page.body, page.content_type)[0][:_LARGEST_PAGE]
    if not text.strip():
        return ()
    tree = etree.fromstring(text.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8"))
    bases = [b.get("href") or "" for b in tree.iter("base")]
    base = absolute(page.final_url, bases[0] if bases else "") or page.final_url
    named = [
        FeedLink(absolute(base, link.get("href") or ""), one_line(link.get("title") or "", 200))
        for link in tree.iter("link")
        if {"alternate", "feed"} & set((link.get("rel") or "").lower().split())
        and (link.get("type") or "").partition(";")[0].strip().lower() in _TYPES
    ]
    looks = [
        FeedLink(absolute(base, a.get("href") or ""), one_line("".join(a.itertext()), 200))
        for a in tree.iter("a")
        if _looks_like_feed(a.get("href") or "") or _says_feed(a)
    ]
    found: dict[str, FeedLink] = {}
    for link in named or looks:
        if is_web(link.url):
            found.setdefault(link.url, link)
    return tuple(found.values())


def usual_places(url: str) -> tuple[str, ...]:
    """Return the usual feed addresses of common systems: under the page's folder, then under the site's root."""
    folder = url if url.endswith("/") else url.rsplit("/", 1)[0] + "/" if urlsplit(url).path else url + "/"
    below = [absolute(folder, place) for place in _PLACES]
    return tuple(dict.fromkeys([*below, *(absolute(url, f"/{place}") for place in _PLACES)]))


def _looks_like_feed(href: str) -> bool:
    path = href.partition("?")[0].lower().rstrip("/")
    return path.endswith((".rss", ".atom", "/rss", "/feed", "/atom", "rss.xml", "feed.xml", "atom.xml", "feed.json"))


def _says_feed(link: Any) -> bool:
    """Return whether the text or the picture of a link says that it is a feed; most languages use the same word."""
    pictures = (image.get("alt") or "" for image in link.iter("img"))
    said = (*link.itertext(), link.get("title") or "", link.get("aria-label") or "", *pictures)
    return bool(link.get("href")) and _WORD.search(" ".join(said)[:200]) is not None


def _as_outcome(page: FetchedPage) -> FetchOutcome:
    kind = page.content_type
    return FetchOutcome(page.final_url, "ok", body=page.body, content_type=kind, final_url=page.final_url)


def _tried(outcomes: Sequence[FetchOutcome], sandbox: Sandbox) -> tuple[FoundFeed, ...]:
    """Return the outcomes that are feeds; a feed with two addresses counts once."""
    found: dict[str, FoundFeed] = {}
    for outcome, parsed in parse_feeds(outcomes, sandbox):
        if parsed.version or parsed.entries:
            found.setdefault(canonical(outcome.final_url), _found(outcome.url, parsed))
    return tuple(found.values())


def _found(url: str, parsed: ParsedFeed) -> FoundFeed:
    return FoundFeed(url, parsed.title or host(url), len(parsed.entries), parsed.language, parsed.problem)


def _best_first(feeds: Sequence[FoundFeed]) -> tuple[FoundFeed, ...]:
    """Sort feeds of articles before feeds of comments, else in the order of the page."""
    return tuple(sorted(feeds, key=lambda f: "comment" in f"{f.url} {f.title}".lower()))
