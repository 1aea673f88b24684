"""Reading: fetch and read single pages for `digest read`, with no store and no settings needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digest.collect.article import Article
    from digest.collect.extract.reading import Item
    from digest.collect.http.page import FetchedPage


def fetch_page(url: str, *, allow_private: bool = False) -> FetchedPage:
    """Fetch one page through the guard; `allow_private` lets it connect to private networks."""
    from digest.collect.http.fetch import HttpConfig, fetch_one

    return fetch_one(url, HttpConfig(allow_private=allow_private))


def read_pages(items: Iterable[Item], done: Callable[[int], None]) -> list[Article]:
    """Read pages in this process and take out what those of one host repeat; `done` gets the number read so far."""
    from digest.collect.extract.reading import read_together

    return read_together(items, workers=0, done=done)
