"""Entry: one item as its feed gave it, and who it is: new, changed, known, or part of a flood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One feed item. Texts are as given by the feed, cleaned of control characters only; HTML is *not* yet safe.

    `key` identifies it within its feed for ever (guid, else alias, else link, else title and date); `url` is the
    absolute link ("" when there is none) and `canonical_url` its comparable form, equal for the same article in two
    feeds. `published` is as the feed says, or None; `first_seen` is ours and is what windows go by.
    """

    feed_url: str
    key: str
    url: str
    canonical_url: str
    title: str
    summary: str = ""  # HTML or text
    content: str = ""  # HTML or text, when the feed carries the whole article
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    first_seen: datetime | None = None  # set when stored
    language: str = ""
    image_url: str = ""
    categories: tuple[str, ...] = ()
    position: int = 0  # in the feed, 0 first
    content_hash: str = ""  # SHA-256 over title, summary and content; changes mean 'changed'
