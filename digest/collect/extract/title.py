"""Choose the title of a page among its heading, JSON-LD, OpenGraph and <title>. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from digest.collect.extract.phrases import WIDE, key

_QUOTED = re.compile(r"«[^«»]*»|»[^«»]*«")
_SEPARATOR = re.compile(r"\s+[|–—·•»:\-]+\s+|\s*[|»]\s*")
#: Endings with the site's name on Chinese, Japanese and Korean pages: '标题_某某网', 'タイトル - 某某新聞'
_EASTERN = re.compile(
    r"\s*(?:[_＿|｜]|\s-{1,2}\s?|-{1,2}(?=[^-]{1,16}\Z))\s*[^_＿|｜]{0,12}?"
    r"(?:[网網站报報社台]|频道|頻道|新闻|新聞|官网|门户|門戶|订阅|客户端|ニュース|オンライン|デジタル|뉴스|신문|일보)\Z"
)
_PIPE = re.compile(r"\s*[|»]\s*")
_LETTERS = re.compile(r"[^a-z0-9]+")
_LONGEST = 400  # maximum characters of a heading
_HEADLINE = 6  # minimum characters of a Chinese title
_KICKER = 0.4  # minimum share of a heading that a declared title must have to be the heading without its kicker


def choose_title(
    headings: Sequence[str], declared: Sequence[str], site: str = "", host: str = ""
) -> tuple[str, tuple[str, ...]]:
    """Return the title as the page shows it, and all its variants.

    `declared` are the titles in JSON-LD, OpenGraph and <title>, the most exact first. The visible heading is preferred
    if a declared title is similar (the first heading is often the site's name); without its kicker, if a declared title
    omits that. Otherwise the first declared title is used, without the site's name.
    """
    named = [d for d in declared if d]
    bare = [without_site(d, site, host) for d in named]
    seen = [h for h in headings if h and len(h) < _LONGEST and key(h) != key(site)]
    best = (
        next((h for h in seen if any(key(h) == key(title) for title in bare[:2] if title)), "")
        or next((t for heading in seen if (t := _shown(heading, bare))), "")
        or next((h for h in seen if any(key(h) in map(key, parts(title)) for title in named)), "")
        or next(iter(bare or seen), "")
    )
    return best, tuple(dict.fromkeys(t for t in (best, *bare, *named, *seen[:1]) if t))


def _shown(heading: str, bare: Iterable[str]) -> str:
    """Return the title in a heading, or "" if no declared title is similar."""
    words = key(heading)
    for title in bare:
        name = key(title)
        if name and name != words and f" {name} " in f" {words} " and len(name) >= _KICKER * len(words):
            return heading if title.endswith(("…", "...")) else title
    return heading if any(_alike(words, key(title)) for title in bare) else ""


def parts(title: str) -> list[str]:
    """Return the parts of a title between bars, dashes and arrows."""
    return [part for part in _split(_SEPARATOR, title) if part]


def _split(separator: re.Pattern[str], title: str) -> list[str]:
    """Return the parts of `title`. A separator in a quotation does not count: the » of '« Carmen » à Lyon'."""
    masked = _QUOTED.sub(lambda quotation: "x" * len(quotation[0]), title)
    pieces, start = [], 0
    for mark in separator.finditer(masked):
        pieces.append(title[start : mark.start()])
        start = mark.end()
    return [*pieces, title[start:]]


def without_site(title: str, site: str = "", host: str = "") -> str:
    """Return `title` without ' | Site name' at its end, or 'Site name: ' at its start.

    Any text after a vertical bar is the site; after a dash only its known name, or a name like its host.
    """
    if WIDE.search(title) and (end := _EASTERN.search(title)) and end.start() >= _HEADLINE:
        return without_site(title[: end.start()], site, host)
    pieces = parts(title)
    if len(pieces) < 2:
        return title
    if _is_site(pieces[-1], site, host):
        return without_site(title[: title.rfind(pieces[-1])].rstrip(" |–—·•»:-"), site, host)
    if _is_site(pieces[0], site, host):
        return title[len(pieces[0]) :].lstrip(" |–—·•»:-")
    before = _split(_PIPE, title)[0]
    return before if before != title and len(before.split()) >= 3 else title


def _is_site(part: str, site: str, host: str) -> bool:
    if not key(part):
        return True
    if site and (key(part) == key(site) or (len(key(part)) >= 4 and key(part) in key(site).split("  "))):
        return True
    letters, name = _LETTERS.sub("", part.casefold()), _LETTERS.sub("", host.removeprefix("www.").casefold())
    return len(letters) >= 3 and bool(name) and (letters == name or name.startswith(letters))


def _alike(one: str, other: str) -> bool:
    a, b = set(one.split()), set(other.split())
    return bool(a and b) and len(a & b) >= 0.6 * min(len(a), len(b)) and len(a & b) >= 0.4 * max(len(a), len(b))
