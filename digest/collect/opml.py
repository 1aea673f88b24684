"""Subscription lists: OPML in (listparser) and out (lxml), so that feeds come from and go to any other reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from digest.errors import DigestError
from digest.text.plain import one_line
from digest.text.url import absolute

_LARGEST = 20_000_000


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """One feed of a list: its address, its name there, and the folders it lies in (outermost first)."""

    url: str
    title: str = ""
    topics: tuple[str, ...] = ()


def read(body: bytes) -> tuple[OpmlFeed, ...]:
    """The feeds of an OPML file (also FOAF and iGoogle lists), each address once, its folders joined.

    Raises DigestError, naming the remedy, when there is no list in it.
    """
    import listparser

    if len(body) > _LARGEST:
        raise DigestError(f"the subscription list is larger than {_LARGEST:,} bytes; split it")
    found = listparser.parse(body)  # bytes, always: text that looks like an address would be fetched
    if not found.version:
        raise DigestError("this is no subscription list: an OPML file starts with <opml>; export it again as OPML")
    feeds: dict[str, OpmlFeed] = {}
    for entry in found.feeds:
        url = absolute("", _web(str(entry.get("url") or "")))
        if not url:
            continue
        folders = (one_line(str(name), 100) for path in entry.get("categories") or () for name in path)
        topics = tuple(dict.fromkeys(name for name in folders if name))
        known = feeds.get(url, OpmlFeed(url, one_line(str(entry.get("title") or ""), 200)))
        feeds[url] = OpmlFeed(url, known.title, tuple(dict.fromkeys((*known.topics, *topics))))
    return tuple(feeds.values())


def write(topics: Mapping[str, Iterable[OpmlFeed]], title: str = "digest") -> bytes:
    """An OPML 2.0 file: one folder a topic, its feeds in order. A feed of two topics stands in both."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(title)
    body = etree.SubElement(root, "body")
    for topic, feeds in topics.items():
        name = one_line(topic)
        folder = etree.SubElement(body, "outline", text=name, title=name)
        for feed in feeds:
            name = one_line(feed.title) or feed.url
            etree.SubElement(folder, "outline", type="rss", text=name, title=name, xmlUrl=one_line(feed.url, 5000))
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _web(address: str) -> str:
    """`feed:` addresses, as browsers once gave them, are web addresses."""
    if address.startswith("feed:"):
        rest = address.removeprefix("feed:")
        return rest if rest.startswith("http") else "https:" + rest
    return address
