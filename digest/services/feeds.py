"""Scout: looking at feeds and sites now, storing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digest.bootstrap import House
    from digest.collect.discover import FoundFeed


class Scout:
    """Asks the network through the same guard and sandbox as collecting does."""

    def __init__(self, house: House) -> None:
        self.house = house

    def discover(self, url: str) -> Sequence[FoundFeed]:
        """The feeds behind an address or a site, the main one first. Raises FeedError with what to try."""
        from digest.collect.discover import discover

        return discover(url, self.house.http, self.house.sandbox)

    def try_feeds(self, urls: Sequence[str]) -> list[dict[str, Any]]:
        """Fetch and parse feeds now, storing nothing; one line of facts each, in the order asked."""
        from digest.collect.feed import Feed
        from digest.collect.http.fetch import fetch_feeds

        found: dict[str, dict[str, Any]] = {}
        outcomes = []
        for outcome in fetch_feeds([Feed(url) for url in urls], self.house.http):
            found[outcome.url] = {
                "url": outcome.url,
                "version": "",
                "entries": 0,
                "newest": None,
                "problem": outcome.error,
            }
            if outcome.status == "ok":
                outcomes.append(outcome)
        for outcome, parsed in self.house.parse(outcomes):
            dates = [entry.published for entry in parsed.entries if entry.published]
            found[outcome.url] |= {
                "version": parsed.version,
                "title": parsed.title,
                "entries": len(parsed.entries),
                "newest": max(dates).isoformat() if dates else None,
                "problem": parsed.problem,
            }
        return [found[url] for url in urls if url in found]
