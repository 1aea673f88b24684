"""Feed bytes to a ParsedFeed: feedparser for RSS, RDF and Atom, our own reader for JSON Feed.

feedparser gets decoded and cleaned text: its own detection of encodings can raise and can run for minutes on hostile
input. `parse_feeds` runs in child processes with limits, because the rest of feedparser can, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from digest.collect.decoding import decode
from digest.collect.entry import Entry, distinguish
from digest.collect.feed import FetchOutcome, ParsedFeed
from digest.collect.parse import jsonfeed
from digest.collect.parse.dates import parse_date
from digest.collect.parse.markup import read_markup
from digest.collect.parse.normalize import MOST_ENTRIES, given_entry, title_text
from digest.collect.parse.repair import pruned
from digest.collect.sandbox import Failure, Sandbox
from digest.text.clean import one_line
from digest.text.url import absolute

#: For `Sandbox(preload=...)`: modules that workers import before they start.
PRELOAD: Final = ("feedparser", "babel", __name__)

_ROOT: Final = re.compile(r"<([A-Za-z_][\w:.-]{0,40})")
_PERIODS: Final = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_WEB_PAGE: Final = "this is a web page, not a feed; 'digest feeds add URL' looks for the feed of a page"
_NO_FEED: Final = "this is neither RSS, Atom nor JSON Feed; is the address right?"


def parse_feeds(outcomes: Iterable[FetchOutcome], sandbox: Sandbox) -> Iterator[tuple[FetchOutcome, ParsedFeed]]:
    """Parse each body in a child process. Never raises for a feed.

    A body that exceeds the limits or breaks the parser is parsed once more, reduced to the elements that entries need;
    the `problem` of the result says so.
    """
    for outcome, parsed in sandbox.map(parse_outcome, outcomes):
        if isinstance(parsed, Failure):
            yield outcome, _second_try(outcome, parsed.reason, sandbox)
        else:
            yield outcome, parsed


def _second_try(outcome: FetchOutcome, reason: str, sandbox: Sandbox) -> ParsedFeed:
    parsed = sandbox.run(parse_pruned, outcome)
    if isinstance(parsed, Failure) or not parsed.entries:
        return ParsedFeed(problem=f"cannot be read: {reason}")
    return replace(parsed, problem=f"cannot be read whole ({reason}), so only what entries need; tell the site's owner")


def parse_pruned(outcome: FetchOutcome) -> ParsedFeed:
    """Return `parse_outcome` of the body reduced to the elements that entries need."""
    return parse_outcome(outcome, prune=True)


def parse_outcome(outcome: FetchOutcome, *, prune: bool = False) -> ParsedFeed:
    """Parse the body of one outcome; the server's Last-Modified completes `changed`."""
    parsed = parse(outcome.body, outcome.content_type, outcome.final_url or outcome.url, outcome.url, prune=prune)
    changed = parsed.changed or parse_date(outcome.last_modified)
    return replace(parsed, changed=changed) if changed else parsed


def parse(
    body: bytes, content_type: str = "", base_url: str = "", feed_url: str = "", *, prune: bool = False
) -> ParsedFeed:
    """Read a feed in any format. `base_url` is its address after redirects, `feed_url` the one in the settings.

    `prune` reduces it to the elements that entries need, for a feed that the parser could not read.

    A broken feed gives what can be read, with the `problem`; a text that is no feed gives only a problem with its
    remedy. Run it in a process that may be killed (`parse_feeds`).
    """
    text, damage = _decoded(body, content_type)
    text = text.lstrip()
    feed_url = feed_url or base_url
    if not text:
        return ParsedFeed(problem="the answer is empty")
    if text[0] in "{[":
        return jsonfeed.parse(text, base_url, feed_url)
    start = text.find("<")
    if start < 0:
        return ParsedFeed(problem=_NO_FEED)
    if _root(text) == "html":
        return ParsedFeed(problem=_WEB_PAGE)
    text = pruned(text[start:]) if prune else text[start:]
    parsed = _parse_xml(text, base_url, feed_url)
    return parsed if parsed.problem or not damage else replace(parsed, problem=damage)


def _parse_xml(text: str, base_url: str, feed_url: str) -> ParsedFeed:
    found = read_markup(text)
    if not found.version and not found.entries:
        return ParsedFeed(problem=_WEB_PAGE if "<html" in text[:5000].lower() else _NO_FEED)
    facts, language = found.feed, _get(found.feed, "language")
    entries = tuple(
        _entry(item, position, base_url, feed_url, language)
        for position, item in enumerate(found.entries[:MOST_ENTRIES])
    )
    return ParsedFeed(
        title=one_line(_get(facts, "title"), 200),
        site_url=absolute(base_url, _get(facts, "link")),
        language=one_line(language, 35),
        version=found.version,
        ttl=_ttl(facts),
        changed=max(
            filter(None, (parse_date(_get(facts, n), language) for n in ("published", "updated"))), default=None
        ),
        entries=distinguish(entries),
        problem=_problem(found),
    )


def _entry(item: Any, position: int, base: str, feed_url: str, language: str) -> Entry:
    language = _detail(item, "content", "language") or _get(item.get("title_detail", {}), "language") or language
    published = _get(item, "published") or _get(item, "created") or _get(item, "updated")
    bodies = [c.get("value", "") for c in item.get("content", ()) if isinstance(c.get("value"), str)]
    return given_entry(
        feed_url=feed_url,
        base=base,
        position=position,
        guid=_get(item, "id"),
        link=_link(item),
        title=title_text(_get(item, "title")),
        summary=_get(item, "summary"),
        content=max(bodies, key=len, default=""),
        author=_get(item, "author"),
        published=parse_date(published, language),
        updated=parse_date(_get(item, "updated"), language),
        date_text=published,
        language=language,
        image=_image(item),
        categories=[t.get("term") or t.get("label") or "" for t in item.get("tags", ())],
    )


def _link(item: Any) -> str:
    """Return the link to the page, not to a click counter before it; else a permanent guid, else the enclosure."""
    guid, link = _get(item, "id"), _get(item, "link")
    if item.get("guidislink") and link == guid and not guid.startswith(("http://", "https://", "/")):
        link = ""  # feedparser takes an id for a link unless the feed says that it is none
    for candidate in (_get(item, "feedburner_origlink"), link, guid):
        if candidate.startswith(("http://", "https://")) or (candidate and candidate == link):
            return candidate
    return next((_get(e, "href") for e in item.get("enclosures", ()) if _get(e, "href")), "")


def _image(item: Any) -> str:
    """Return the largest picture that the entry names, by its stated width."""
    candidates: list[tuple[int, str]] = []
    for media in (*item.get("media_content", ()), *item.get("media_thumbnail", ())):
        address, kind = _get(media, "url"), _get(media, "type") or _get(media, "medium")
        if kind.startswith("image") or (not kind and re.search(r"\.(?:jpe?g|png|gif|webp)\b", address, re.IGNORECASE)):
            width = _get(media, "width")
            candidates.append((int(width[:5]) if width.isascii() and width.isdigit() else 0, address))
    for enclosed in item.get("enclosures", ()):
        if _get(enclosed, "type").startswith("image/"):
            candidates.append((0, _get(enclosed, "href")))
    if not candidates:
        return _get(item.get("image", {}), "href")
    return max(candidates, key=lambda c: c[0])[1]


def _ttl(facts: Any) -> float | None:
    """Return how long the feed may be cached, in seconds: RSS `ttl`, or the period of the syndication module."""
    minutes = _get(facts, "ttl")
    if minutes.isascii() and minutes.isdigit():
        return float(minutes[:7]) * 60
    period = _PERIODS.get(_get(facts, "sy_updateperiod").strip().lower())
    times = _get(facts, "sy_updatefrequency").strip()
    return period / max(1, int(times[:6]) if times.isascii() and times.isdigit() else 1) if period else None


def _problem(found: Any) -> str:
    if len(found.entries) > MOST_ENTRIES:
        return f"{len(found.entries)} entries, of which the first {MOST_ENTRIES} were read"
    if not found.bozo:
        return ""
    error = found.bozo_exception
    words = getattr(error, "getMessage", lambda: str(error))()
    return f"broken XML ({one_line(str(words), 100)}), read as far as it goes; tell the site's owner"


def _decoded(body: bytes, content_type: str) -> tuple[str, str | None]:
    """Return the decoded text and its problem.

    UTF-16 and UTF-32 without a byte order mark are recognised by their zeros (XML 1.0, appendix F).
    """
    for start, encoding in (
        (b"\0\0\0<", "utf-32-be"),
        (b"<\0\0\0", "utf-32-le"),
        (b"\0<\0", "utf-16-be"),
        (b"<\0", "utf-16-le"),
    ):
        if body.startswith(start):
            return decode(body.decode(encoding, "replace").encode("utf-8", "replace"))
    if (
        b"\x1b$" in body[:5000] and b"iso-2022-jp" in body[:200].lower()
    ):  # ISO-2022-JP is ASCII only, so it would pass for UTF-8
        return decode(body.decode("iso2022_jp", "replace").encode())
    return decode(body, content_type)


def _root(text: str) -> str:
    """Return the name of the root element in lower case, after declarations, comments and doctype; "" if not near."""
    at = 0
    for _ in range(20):
        at = text.find("<", at)
        if at < 0:
            return ""
        if text.startswith("<!--", at):
            at = text.find("-->", at)
        elif text.startswith(("<?", "<!"), at):
            if text[at : at + 14].lower() == "<!doctype html":
                return "html"
            at = text.find(">", at)
        else:
            match = _ROOT.match(text, at)
            return match[1].lower() if match else ""
        if at < 0:
            return ""
    return ""


def _get(thing: Any, name: str) -> str:
    """Return a text field; feedparser's own `get` would return `published` for `updated`."""
    value = dict.get(thing, name, "")
    return value if isinstance(value, str) else ""


def _detail(item: Any, name: str, field: str) -> str:
    parts = item.get(name) or ()
    return _get(parts[0], field) if parts else ""
