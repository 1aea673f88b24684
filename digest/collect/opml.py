"""OPML subscription lists, read by listparser and written by lxml, to exchange feeds with other programs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from digest.collect.decoding import decode
from digest.errors import DigestError
from digest.text.clean import one_line, plain
from digest.text.url import absolute

_DECLARATION: Final = re.compile(r"\A\s*<\?xml[^>]*\?>")
_LARGEST: Final = 20_000_000


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed in one folder of a list; `topic` is the folder's name, "" at the top. A feed in two folders is two."""

    url: str
    title: str = ""
    topic: str = ""


def read(body: bytes) -> tuple[Outline, ...]:
    """Return the feeds of an OPML file (or a FOAF or iGoogle list) in its order, with the innermost folder.

    Raises DigestError with the remedy when the file is no list.
    """
    import listparser

    if len(body) > _LARGEST:
        raise DigestError(f"the subscription list is larger than {_LARGEST:,} bytes", "split it")
    # XML without a declared encoding is UTF-8, but listparser's parser takes it for Latin-1.
    text = _DECLARATION.sub("", _text(body), count=1)
    found = listparser.parse(f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode("utf-8", "replace"))
    if not found.version:
        raise DigestError("this is no subscription list: an OPML file has an <opml> element", "export it again as OPML")
    outlines: dict[tuple[str, str], Outline] = {}
    for entry in found.feeds:
        url = absolute("", web_address(str(entry.get("url") or "")))
        title = one_line(str(entry.get("title") or ""), 200)
        folders = [path[-1] for path in entry.get("categories") or () if path]
        for name in [one_line(str(folder), 100) for folder in folders] or [""]:
            if url:
                outlines.setdefault((url, name), Outline(url, title, name))
    return tuple(outlines.values())


def _text(body: bytes) -> str:
    """Decode a list; valid UTF-8 is not repaired, because the names are the person's own."""
    try:
        return plain(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return decode(body)[0]


def write(outlines: Iterable[Outline], title: str = "digest") -> bytes:
    """Return an OPML 2.0 file: one folder per topic in the order of appearance; feeds without one at the top."""
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = one_line(title)
    body = etree.SubElement(root, "body")
    folders = {"": body}
    for outline in outlines:
        topic = one_line(outline.topic)
        if topic not in folders:
            folders[topic] = etree.SubElement(body, "outline", text=topic, title=topic)
        name = one_line(outline.title) or outline.url
        etree.SubElement(folders[topic], "outline", type="rss", text=name, title=name, xmlUrl=outline.url)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))


def key_of(topic: str) -> str:
    """Return a folder's name as a key for the settings; "" when it has neither letters nor digits.

    `Économie & Marchés` becomes `economie-marches`, `Экономика` becomes `ekonomika`.
    """
    from anyascii import anyascii

    return "-".join(re.findall(r"[a-z0-9]+", anyascii(topic).lower()))[:50].strip("-")


def keys_of(folders: Collection[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the key of a topic for each folder's name; `known` are the titles of the existing topics, by key.

    A folder is the topic with its name as title or key, else a new one. Where two names give the same key (`经济` and
    `竞技` are both `jingji`), the second is numbered.
    """
    named = {key: key for key in known} | {title.casefold(): key for key, title in known.items()}
    taken = set(known)
    for name in folders:
        if name.casefold() not in named:
            first = key_of(name) or "topic"
            numbered = (f"{first[:45].strip('-')}-{number}" for number in itertools.count(2))
            key = next(key for key in itertools.chain([first], numbered) if key not in taken)
            named[name.casefold()] = key
            taken.add(key)
    return {name: named[name.casefold()] for name in folders}


def web_address(address: str) -> str:
    """Return a `feed:` address, as browsers once used, as a web address."""
    if not address.startswith("feed:"):
        return address
    rest = address.removeprefix("feed:")
    return rest if rest.startswith("http") else f"https:{rest}"
