"""Checks on the elements of a mail: links, images, requests, language, headings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from digest.deliver.check.checked import Checked
from digest.deliver.check.css import fetches
from digest.deliver.private_address import is_private, is_private_host
from digest.errors import Finding

_ACTIVE: Final = ("script", "iframe", "object", "embed", "form", "input", "button", "base", "frame", "applet", "meta")
#: Addresses of what the mail itself holds.
_ENCLOSED: Final = ("#", "cid:", "data:")
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")


def links(c: Checked) -> Iterator[Finding]:
    """Every link has text and a target; the mail's own links are https and public."""
    not_https = 0
    ids = {element.get("id") for element in c.page.iter("*")} - {None}
    for anchor in c.page.iter("a"):
        href, label = anchor.get("href") or "", _words(anchor)
        if not label:
            yield Finding("link-text", f"the link to '{href[:80]}' has no words", "write some, or alt on its image")
        if href.startswith("#"):
            if href[1:] not in ids:
                yield Finding("link", f"'{label[:40]}' leads to {href}, which is not there", "give a part that id")
        elif href in c.foreign_links:
            here = c.settings.trial and is_private(href)  # the demo's newsstand
            not_https += not (href.startswith("https:") or here)
        else:
            yield from _own_link(c, href, label)
    if not_https:
        yield Finding(
            "http", f"{not_https} links to articles are not https", "see whether the outlet has https", "warning"
        )


def _own_link(c: Checked, href: str, label: str) -> Iterator[Finding]:
    try:
        scheme, host = urlsplit(href).scheme, urlsplit(href).hostname or ""
    except ValueError:
        scheme = host = ""
    if scheme == "mailto":
        return
    if scheme not in ("http", "https") or not host:
        yield Finding("link", f"'{label[:40]}' leads to '{href[:80]}'", "give an absolute https address")
    elif c.settings.trial:
        return
    elif is_private_host(host):
        yield Finding("link", f"'{href[:80]}' is no public address", "set site.base_url to where readers are")
    elif scheme != "https":
        yield Finding("link", f"'{href[:80]}' is not https", "set site.base_url to an https address")


def images(c: Checked) -> Iterator[Finding]:
    """Only our own pictures, each with size and alt text."""
    for img in c.page.iter("img"):
        src = img.get("src") or ""
        logo = c.settings.brand.logo
        if not (src.startswith("cid:") or _is_ours(c, src) or (logo and src == logo.url)):
            yield Finding("foreign-image", f"the image '{src[:80]}' is not ours", "print story.picture.src, which is")
        if not (img.get("width") and img.get("height")) or img.get("alt") is None:
            yield Finding("image", f"the image '{src[:80]}' lacks width, height or alt", "give it all three", "warning")


def requests(c: Checked) -> Iterator[Finding]:
    """Opening the mail fetches nothing except our own pictures."""
    styles = [style.text or "" for style in c.page.iter("style")]
    styles += {element.get("style") or "" for element in c.page.iter("*")}
    for url, imported in dict.fromkeys(fetch for style in styles for fetch in fetches(style)):
        if imported or not (url.startswith(_ENCLOSED) or _is_ours(c, url)):
            yield Finding("foreign-request", f"a style fetches '{url[:80]}'", "use what readers' machines have")
    for element in c.page.iter("link"):
        if element.get("rel") not in ("canonical", "alternate"):
            yield Finding("foreign-request", f"<link> fetches '{(element.get('href') or '')[:80]}'", "take it out")


def active(c: Checked) -> Iterator[Finding]:
    """Nothing in the mail runs or asks for input."""
    for element in c.page.iter(*_ACTIVE):
        if element.tag != "meta" or (element.get("http-equiv") or "").lower() == "refresh":
            yield Finding("active", f"<{_name(element)}> is in the mail", "take it out: mail programs drop it or warn")
    for element in c.page.iter("*"):
        for name, value in element.attrib.items():
            if str(name).lower().startswith("on") or str(value).strip().lower().startswith(
                ("javascript:", "vbscript:")
            ):
                yield Finding("active", f"{name!s} on <{_name(element)}> would run a script", "take it out")


def language(c: Checked) -> Iterator[Finding]:
    """`lang` and `dir` on the page and on its first element, since webmail drops the page around it."""
    first = next(c.body.iterchildren("*"), c.body)
    for element in (c.page, first):
        if element.get("lang") != c.mail.language or element.get("dir") != c.mail.dir:
            yield Finding("language", f"<{_name(element)}> lacks the mail's lang and dir", "write them on <mjml>")


def headings(c: Checked) -> Iterator[Finding]:
    """One h1, no level left out, none empty; and layout tables that say so."""
    found = list(c.body.iter(*_HEADINGS))
    levels = [int(str(element.tag)[1]) for element in found]
    if levels.count(1) != 1:
        yield Finding("heading", f"there are {levels.count(1)} h1", "give the masthead the only one", "warning")
    if any(after > before + 1 for before, after in zip([0, *levels], levels, strict=False)):
        yield Finding("heading", "a level of headings is left out", "let h3 follow h2, and h2 h1", "warning")
    if any(not _words(element) for element in found):
        yield Finding("heading", "a heading is empty", "leave it out when there is nothing in it", "warning")
    if any(table.get("role") != "presentation" for table in c.body.iter("table")):
        yield Finding("table", 'a table lacks role="presentation"', "write it on tables that are for layout", "warning")


def _is_ours(c: Checked, url: str) -> bool:
    return any(base and url.startswith(f"{base}/") for base in (c.settings.media_url, c.settings.base_url))


def _name(element: etree._Element) -> str:
    return element.tag if isinstance(element.tag, str) else ""


def _words(element: etree._Element) -> str:
    """Return the text that a screen reader would read."""
    return "".join(map(str, element.itertext())).strip() or "".join(i.get("alt") or "" for i in element.iter("img"))
