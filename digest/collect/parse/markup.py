"""Feed markup to feedparser's result, the best of several attempts when the XML is broken.

feedparser's strict parser stops at the first error; its loose parser loses entries after a wrong end tag and turns
`?a=1&b=2` into `?a=1&b;=2`. So bare ampersands are escaped first, and libxml2's recovery is tried as well.
"""

from __future__ import annotations

import io
import re
from html.entities import html5
from typing import Any, Final

_DECLARATION: Final = re.compile(r"<\?xml\b[^<>]{0,1000}\?>")
_REFERENCE: Final = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));")
_AMPERSAND: Final = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{1,8};|(\w{1,31});)?")
_XML_NAMES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_START: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


def read_markup(text: str) -> Any:
    """Return feedparser's result for decoded markup; `bozo` and its exception describe the original error."""
    text = _START + _REFERENCE.sub(_allowed, _DECLARATION.sub("", text, count=1))
    first = _read(text)
    if not first.bozo:
        return first
    repaired = _escaped_ampersands(text)
    best = max((_read(repaired), first), key=_gain)
    if best.bozo:
        best = max((best, _read(_recovered(repaired))), key=_gain)
    best["bozo"], best["bozo_exception"] = first.bozo, first.bozo_exception
    return best


def _read(text: str) -> Any:
    import feedparser

    # No content-location: feedparser would resolve even ids against it, and a feed that moves would change them all.
    headers = {"content-type": "application/xml; charset=utf-8"}
    body = io.BytesIO(text.encode("utf-8", "replace"))
    return feedparser.parse(body, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)


def _gain(found: Any) -> int:
    """Score a result: the number of entries with content, those with a link counted twice."""
    told = [e for e in found.entries if e.get("title") or e.get("summary")]
    return len(told) + sum(1 for e in told if e.get("link"))


def _escaped_ampersands(text: str) -> str:
    """Escape ampersands that start no reference and resolve HTML's entity names, outside of CDATA."""
    if "<!ENTITY" in text:  # the feed defines entities of its own
        return text
    parts = re.split(r"(<!\[CDATA\[.*?\]\]>)", text, flags=re.DOTALL)
    return "".join(part if part.startswith("<![CDATA[") else _AMPERSAND.sub(_escaped, part) for part in parts)


def _escaped(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return match[0] if len(match[0]) > 1 else "&amp;"
    if name in _XML_NAMES:
        return match[0]
    return html5.get(f"{name};") or f"&amp;{name};"


def _recovered(text: str) -> str:
    """Return libxml2's recovered markup; it loads nothing and expands no entity."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, strip_cdata=False)
    root: Any = etree.fromstring(text.encode("utf-8", "replace"), parser)
    return "" if root is None else str(etree.tostring(root, encoding="unicode"))


def _allowed(match: re.Match[str]) -> str:
    """Return a character reference, or "" where XML forbids the character (XML 1.0, 2.2): surrogates and controls."""
    number = int(match[1], 16) if match[1] else int(match[2])
    fine = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
    return match[0] if fine else ""
