"""JSON Feed 1.0 and 1.1 (jsonfeed.org): text to ParsedFeed. A field of the wrong type is left out."""

from __future__ import annotations

import html
import json
from typing import Any

from digest.collect.entry import Entry, distinguish
from digest.collect.feed import ParsedFeed
from digest.collect.parse.dates import parse_date
from digest.collect.parse.normalize import MOST_ENTRIES, given_entry
from digest.text.clean import one_line
from digest.text.url import absolute


def parse(text: str, base_url: str, feed_url: str) -> ParsedFeed:
    """Read a JSON Feed; `problem` says why it is none, or what is broken."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        words = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply, or a number too long"
        return ParsedFeed(problem=f"broken JSON ({words}); tell the site's owner")
    version = _text(feed, "version") if isinstance(feed, dict) else ""
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in version:
        return ParsedFeed(problem="JSON, but no JSON Feed: it has no 'version' of jsonfeed.org with 'items'")
    language = _text(feed, "language")
    author = _author(feed)
    entries = tuple(
        _entry(item, position, base_url, feed_url, language, author)
        for position, item in enumerate(items[:MOST_ENTRIES])
        if isinstance(item, dict)
    )
    return ParsedFeed(
        title=one_line(_text(feed, "title"), 200),
        site_url=absolute(base_url, _text(feed, "home_page_url")),
        language=one_line(language, 35),
        version="json11" if version.rstrip("/").endswith("1.1") else "json1",
        entries=distinguish(entries),
        problem="" if len(entries) == len(items) else f"{len(items) - len(entries)} of {len(items)} items left out",
    )


def _entry(item: dict[str, Any], position: int, base: str, feed_url: str, language: str, author: str) -> Entry:
    language = _text(item, "language") or language
    date = _text(item, "date_published")
    body = _text(item, "content_html") or html.escape(_text(item, "content_text"), quote=False)
    tags = item.get("tags")
    return given_entry(
        feed_url=feed_url,
        base=base,
        position=position,
        guid=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=html.escape(_text(item, "summary"), quote=False),
        content=body,
        author=_author(item) or author,
        published=parse_date(date, language),
        updated=parse_date(_text(item, "date_modified"), language),
        date_text=date,
        language=language,
        image=_text(item, "image") or _text(item, "banner_image"),
        categories=[t for t in tags if isinstance(t, str)] if isinstance(tags, list) else (),
    )


def _author(thing: dict[str, Any]) -> str:
    """Return the names of `authors` (1.1) or `author` (1.0)."""
    authors = thing.get("authors")
    found = authors if isinstance(authors, list) else [thing.get("author")]
    return ", ".join(name for a in found[:5] if isinstance(a, dict) and (name := _text(a, "name")))


def _text(thing: dict[str, Any], name: str) -> str:
    value = thing.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
