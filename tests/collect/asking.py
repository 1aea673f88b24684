"""Short ways to ask a test site, shared by the tests of fetching."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from digest.collect.feed import Feed, FetchOutcome
from digest.collect.http.fetch import HttpConfig, fetch_feeds, fetch_pages
from digest.collect.http.page import FetchedPage
from tests.collect.site import Reply

HERE = HttpConfig(allow_private=True, timeout=10)


def ask(feed: Feed | str, config: HttpConfig = HERE) -> FetchOutcome:
    (outcome,) = fetch_feeds([Feed(feed) if isinstance(feed, str) else feed], config)
    return outcome


def page(url: str, config: HttpConfig = HERE) -> FetchedPage:
    (got,) = fetch_pages([url], config)
    return got


def redirect(to: str, status: int = 302) -> Reply:
    return Reply(status, headers={"Location": to})


def by_name(**addresses: str | Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows these names."""

    def lookup(name: str, port: int) -> Sequence[str]:
        found = addresses[name.replace(".", "_").replace("-", "_")]
        return [found] if isinstance(found, str) else found

    return lookup
