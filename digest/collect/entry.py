"""Entry: one item as its feed gave it, and the key that identifies it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from digest.text.clean import one_line
from digest.text.url import canonical, is_web

_LONGEST_KEY: Final = 500
_SPECIFIC_PATH: Final = 16  # characters; a path of this length names one article on any host


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


def entry_key(guid: str, url: str, title: str, date: str) -> str:
    """Return the key of an entry within its feed: its guid, else its link, else its title and date as written.

    A guid or link that is a web address is compared without scheme, www and tracking parameters, so that a site's move
    to https makes no entry new. "" when the entry has none of them.
    """
    guid = one_line(guid, 100_000)
    if guid:
        key = _bare(canonical(guid)) + _fragment(guid) if is_web(guid) else guid
    elif url:
        key = alias(url) or _bare(canonical(url)) or url
    else:
        title = one_line(title)
        key = f"{title}|{one_line(date)}" if title else ""
    return key if len(key) <= _LONGEST_KEY else "sha256:" + hashlib.sha256(key.encode()).hexdigest()


def alias(url: str) -> str:
    """Path and query of a link, without scheme, host and query noise, when they are specific to one article; else "".

    The same under the old and the new name of a site that moved.
    """
    return alias_of(canonical(url))


def alias_of(canonical_url: str) -> str:
    """Return the alias of a link in canonical form."""
    parts = urlsplit(canonical_url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if len(path) >= _SPECIFIC_PATH and re.search(r"\d{4}|-\w+-", path) else ""


def distinguish(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries of one body with distinct keys: a guid that several entries share is replaced.

    Some systems give every entry the guid of the site or of its parent page.
    """
    titles: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in entries:
        titles[entry.key].add((entry.title, entry.canonical_url))
    return tuple(replace(e, key=entry_key("", e.url, e.title, "")) if len(titles[e.key]) > 1 else e for e in entries)


def _fragment(url: str) -> str:
    """Return the fragment of a guid: comments share the guid of their page except for it."""
    _, mark, fragment = url.partition("#")
    return mark + fragment


def _bare(canonical_url: str) -> str:
    return canonical_url.split("://", 1)[-1]


def content_hash(title: str, summary: str, content: str) -> str:
    """Return the SHA-256 (hex) over the visible words, so that changed markup is no new content."""
    words = " ".join(re.sub(r"<[^<>]*>", " ", "\n".join((title, summary, content))).split())
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()
