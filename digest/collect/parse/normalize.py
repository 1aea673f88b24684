"""Fields of a feed item to an Entry: cleaned, limited in length, with absolute links and a key. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from digest.collect.entry import Entry, content_hash, entry_key
from digest.text.clean import one_line, plain
from digest.text.mojibake import repaired
from digest.text.url import absolute, canonical, unwrap

MOST_ENTRIES: Final = 2_000
_LONGEST_TITLE: Final = 500
_LONGEST_SUMMARY: Final = 50_000
_LONGEST_CONTENT: Final = 500_000
_MOST_CATEGORIES: Final = 20
#: Inline markup in titles; other angle brackets ('Vec<T>') are text.
_TITLE_TAGS: Final = re.compile(
    r"</?(?:a|abbr|b|bdi|big|br|cite|code|div|em|font|h[1-6]|i|img|mark|p|q|s|small|span|strike|strong|su[bp]|tt|u|wbr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_TAGS: Final = re.compile(r"<[^<>]*>")
_UNSEEN: Final = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_PICTURE: Final = re.compile(r"<img\b[^<>]{0,2000}?\ssrc\s*=\s*[\"']?([^\"'\s<>]{5,2000})", re.IGNORECASE)
_BEACON: Final = re.compile(
    r"pixel|beacon|tracker|feedburner|/stats?[/.]|doubleclick|gravatar|emoji|\.svg\b", re.IGNORECASE
)


def given_entry(
    *,
    feed_url: str,
    base: str,
    position: int,
    guid: str = "",
    link: str = "",
    title: str = "",
    summary: str = "",
    content: str = "",
    author: str = "",
    published: datetime | None = None,
    updated: datetime | None = None,
    date_text: str = "",
    language: str = "",
    image: str = "",
    categories: Iterable[str] = (),
) -> Entry:
    """One Entry. `title` is plain text (`title_text`), `base` the address that relative links start from, and
    `date_text` the date as written.
    """
    url = unwrap(absolute(base, plain(link)))
    title, words = one_line(repaired(title), _LONGEST_TITLE), ""
    summary = plain(repaired(summary)).strip()[:_LONGEST_SUMMARY]
    content = plain(repaired(content)).strip()[:_LONGEST_CONTENT]
    if not title:
        words = visible(summary or content)
    return Entry(
        feed_url=feed_url,
        key=entry_key(guid, url, title or words[:200], date_text),
        url=url,
        canonical_url=canonical(url),
        title=title or _opening(words),
        summary=summary,
        content=content,
        author=one_line(html.unescape(author), 200),
        published=published,
        updated=updated,
        language=one_line(language, 35),
        image_url=absolute(base, html.unescape(image)) or _picture(base, content or summary),
        categories=_names(categories),
        position=position,
        content_hash=content_hash(title, summary, content),
    )


def title_text(title: str) -> str:
    """Return an HTML title as plain text on one line: inline markup and entities resolved."""
    title = _TITLE_TAGS.sub("", title[: _LONGEST_TITLE * 10])
    if "&" in title:
        title = _TITLE_TAGS.sub("", html.unescape(title))
    return one_line(title, _LONGEST_TITLE)


def visible(markup: str, limit: int = 5_000) -> str:
    """Return the words of HTML on one line, for a key or a substitute title."""
    return one_line(html.unescape(_TAGS.sub(" ", _UNSEEN.sub(" ", markup[:limit]))), limit)


def _opening(words: str) -> str:
    """Return a title for an entry without one: its first sentence, or its first words."""
    if len(words) <= 100:
        return words
    sentence = re.match(r".{20,100}?[.!?…。](?=\s|\Z)", words)
    return sentence[0] if sentence else words[:100].rsplit(" ", 1)[0].rstrip(",;:–-") + " …"


def _picture(base: str, markup: str) -> str:
    """Return the first picture in the entry's HTML that is no tracking pixel."""
    for match in _PICTURE.finditer(markup[:100_000]):
        address = absolute(base, html.unescape(match[1]))
        if address and not _BEACON.search(address):
            return address
    return ""


def _names(categories: Iterable[str]) -> tuple[str, ...]:
    names = (one_line(html.unescape(c), 100) for c in categories)
    return tuple(dict.fromkeys(n for n in names if n))[:_MOST_CATEGORIES]
