"""Feeds: find and test them without storing anything; their health, and the entries held back in a flood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from digest.collect import health
from digest.collect.cadence import Silence
from digest.collect.feed import Feed, released, silence
from digest.errors import DigestError
from digest.services.collect.fetcher import Fetcher
from digest.services.context import Context
from digest.services.newsletters import topics_of_feeds
from digest.settings.types import nearest

if TYPE_CHECKING:
    from digest.collect.discover import FoundFeed


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed of the settings with its topics and its health."""

    feed: Feed
    topics: tuple[str, ...]
    silence: Silence | None
    problems: tuple[str, ...]


class Feeds:
    """The feeds of the settings, and any other that a person asks about."""

    def __init__(self, context: Context, fetcher: Fetcher) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._fetcher = fetcher

    def discover(self, url: str) -> Sequence[FoundFeed]:
        """Return the feeds behind a URL or site, the main one first. Raises FeedError with what to try."""
        return self._fetcher.discover(url)

    def test(self, urls: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Fetch and parse feeds (none named: all of the settings) now; return one line of facts each, in order."""
        urls = urls or tuple(topics_of_feeds(self._settings))
        lines: dict[str, dict[str, Any]] = {}
        outcomes = []
        for outcome in self._fetcher.feeds([Feed(url) for url in urls]):
            lines[outcome.url] = {
                "url": outcome.url,
                "version": "",
                "entries": 0,
                "newest": None,
                "problem": outcome.error,
            }
            if outcome.status == "ok":
                outcomes.append(outcome)
        for outcome, parsed in self._fetcher.parsed(outcomes):
            dates = [entry.published for entry in parsed.entries if entry.published]
            lines[outcome.url] |= {
                "version": parsed.version,
                "title": parsed.title,
                "entries": len(parsed.entries),
                "newest": max(dates).isoformat() if dates else None,
                "problem": parsed.problem,
            }
        return [lines[url] for url in urls if url in lines]

    def listing(self) -> tuple[list[ListedFeed], list[health.Issue]]:
        """Return the feeds of the settings with their health, and the issues that belong to no single feed."""
        now, topics, issues = self._clock(), topics_of_feeds(self._settings), self.issues()
        feeds = [
            ListedFeed(
                feed, topics[url], silence(feed, now), tuple(issue.words for issue in issues if issue.source == url)
            )
            for url, feed in self._store.feeds.get(topics).items()
        ]
        return feeds, [issue for issue in issues if issue.kind == "unread"]

    def issues(self, newsletter: str | None = None) -> list[health.Issue]:
        """Return where the feeds of a newsletter (or of all) fall short of their own history."""
        now, urls = self._clock(), topics_of_feeds(self._settings, newsletter)
        issues = [issue for feed in self._store.feeds.get(urls).values() for issue in health.issues(feed, now)]
        recent = self._store.articles.candidates(list(urls), now - timedelta(days=1), now + timedelta(seconds=1))
        return [*issues, *health.unread(article for _, article in recent)]

    def release(self, url: str, *, drop: bool = False) -> int:
        """Accept (or `drop`) the entries of a feed that were held back; return how many.

        Raises DigestError for a feed that no topic has.
        """
        topics = topics_of_feeds(self._settings)
        if url not in topics:
            remedy = nearest(url, topics, "'digest feeds list' shows them all")
            raise DigestError(f"{url}: no topic has this feed; {remedy}")
        feeds = self._store.feeds
        number = (feeds.drop_quarantine if drop else feeds.release_quarantine)(url)
        feeds.save(released(feeds.get([url])[url]), (), now=self._clock())
        return number
