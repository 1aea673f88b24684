"""Read the metadata of a page: JSON-LD (schema.org) takes precedence over OpenGraph and meta tags. Pure.

The input is untrusted: wrong types, missing parts and broken JSON are normal. Values that cannot be read are ignored.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from digest.collect.article import Image
from digest.collect.extract.page import PageFacts
from digest.collect.extract.title import choose_title
from digest.text.clean import one_line, plain

_ARTICLE = re.compile(r"(Article|Posting|Report|Review|Recipe|HowTo|Essay|Story)$")
_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]*>")
_TRAILING_COMMA = re.compile(r",\s*(?=[}\]])")
_LONGEST = 20_000  # characters of any one fact but the article's body
_NODES = 5_000  # maximum JSON-LD nodes that are read


@dataclass(frozen=True, slots=True)
class Declarations:
    """Raw metadata of a page: meta tags by lower-case name in order, JSON-LD scripts, and some elements."""

    metas: Mapping[str, Sequence[str]] = field(default_factory=dict)
    scripts: Sequence[str] = ()
    title: str = ""  # <title>
    headings: Sequence[str] = ()  # texts of <h1>
    canonical: str = ""
    language: str = ""  # <html lang>
    author: str = ""  # of a marked element
    published: str = ""  # datetime attribute of a marked element
    picture: Mapping[str, str] = field(default_factory=dict)  # attributes of the first large <img>
    url: str = ""  # where it was fetched from


def read_facts(page: Declarations) -> PageFacts:
    """Return the facts of a page. Relative URLs are resolved against the address it was fetched from."""
    nodes = list(_nodes(page.scripts))
    article = next((n for n in nodes if _is_article(n)), {})
    by_id = {n["@id"]: n for n in nodes if isinstance(n.get("@id"), str) and len(n) > 1}

    def meta(*names: str) -> str:
        return next((v for name in names for value in page.metas.get(name, ()) if (v := _plain(value))), "")

    site = _name(article.get("publisher"), by_id) if not meta("og:site_name") else ""
    site = meta("og:site_name", "application-name") or site or _site_of(nodes)
    headline = _plain(article.get("headline") or article.get("name"))
    shared = meta("og:title", "twitter:title")
    title, titles = choose_title(page.headings, (headline, shared, page.title), site, urlsplit(page.url).hostname or "")
    return PageFacts(
        title=title,
        titles=titles,
        url=_url(page.url, page.canonical) or _url(page.url, meta("og:url")),
        author=_author(article, by_id, meta, page.author, site),
        published=_first_time(
            article.get("datePublished"),
            meta(
                "article:published_time",
                "datepublished",
                "date",
                "dc.date",
                "dcterms.created",
                "pubdate",
                "sailthru.date",
            ),
            page.published,
            article.get("dateCreated"),
        ),
        modified=_first_time(
            article.get("dateModified"),
            meta("article:modified_time", "og:updated_time", "datemodified", "last-modified"),
        ),
        section=_section(article, meta),
        site_name=site,
        description=_plain(article.get("description")) or meta("og:description", "description", "twitter:description"),
        languages=tuple(
            v for v in (_plain(article.get("inLanguage")), page.language, meta("og:locale", "content-language")) if v
        ),
        image=_image(page.url, article, by_id, meta) or _picture(page),
        body=_text(article.get("articleBody")),
        free=_truth(article.get("isAccessibleForFree")),
        single=_is_single(nodes) or bool(meta("article:published_time")) or meta("og:type").lower() == "article",
    )


def _nodes(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield every JSON object of the scripts, breadth first; broken scripts are repaired or skipped."""
    queue: list[Any] = [parsed for script in scripts if (parsed := _parse(script)) is not None]
    for index, value in enumerate(queue):  # the loop extends the queue
        if index > _NODES:
            return
        if isinstance(value, list):
            queue.extend(value[:_NODES])
        elif isinstance(value, dict):
            yield value
            queue.extend(v for v in value.values() if isinstance(v, dict | list))


def _parse(script: str) -> Any:
    text = script.strip().removeprefix("<!--").removesuffix("-->").strip()
    text = text.removeprefix("//<![CDATA[").removesuffix("//]]>").removesuffix(";").strip()
    for attempt in (text, _TRAILING_COMMA.sub("", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _is_article(node: Mapping[str, Any]) -> bool:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(k, str) and _ARTICLE.search(k) for k in kinds) and bool(
        node.get("headline") or node.get("name") or node.get("articleBody")
    )


def _is_single(nodes: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether exactly one article is declared: home pages declare all that they link to."""
    return len({_plain(n.get("headline") or n.get("name")) for n in nodes if _is_article(n)}) == 1


def _site_of(nodes: Sequence[Mapping[str, Any]]) -> str:
    return next((_plain(n.get("name")) for n in nodes if n.get("@type") == "WebSite" and n.get("name")), "")


def _plain(value: Any) -> str:
    """Return a value as one line of text: a string or the first string of a list, without markup and entities."""
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, str)), "")
    if not isinstance(value, str):
        return ""
    return one_line(_MARKUP.sub(" ", html.unescape(value[:_LONGEST])), _LONGEST)  # JSON may contain lone surrogates


def _text(value: Any) -> str:
    """Return a value as text, with paragraphs separated by blank lines."""
    if not isinstance(value, str):
        return ""
    text = re.sub(r"(?i)<(?:/p|br ?/?|/div|/li|/h\d)>", "\n", plain(html.unescape(value)))
    return "\n\n".join(line for raw in _MARKUP.sub(" ", text).splitlines() if (line := " ".join(raw.split())))


def _name(value: Any, by_id: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the names in a string, an object with a name, a reference to one, or a list of those."""
    names: list[str] = []
    for one in (value if isinstance(value, list) else [value])[:20]:
        node = by_id.get(one["@id"], one) if isinstance(one, dict) and isinstance(one.get("@id"), str) else one
        name = _plain(node.get("name")) if isinstance(node, Mapping) else _plain(one)
        if name and name not in names and "://" not in name:
            names.append(name)
    return ", ".join(names)


def _author(
    article: Mapping[str, Any], by_id: Mapping[str, Mapping[str, Any]], meta: Any, marked: str, site: str
) -> str:
    candidates = (_name(article.get("author"), by_id), meta("author", "article:author", "dc.creator", "byl"), marked)
    fit = [_person(c) for c in candidates if c and "://" not in c and not c.startswith("@") and len(c) < 200]
    return next((c for c in fit if c and c.casefold() != site.casefold() and not _NOBODY.fullmatch(c)), "")


_BY = re.compile(
    r"(?:(?:view )?all posts by|posted by|written by|by|von|par|por|di|door|autore?|auth?or|auteur)\s*:?\s+", re.I
)
#: Placeholders for a missing author: a number, a domain, a word such as 'admin'.
_NOBODY = re.compile(
    r"[\W\d_]*|(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}|(?:user )?admin|name|author|null|none|unknown", re.I
)
_MAIL = re.compile(r"[<(]?\S+@\S+\.\S+[>)]?")


def _person(name: str) -> str:
    """Return a name without 'by' before it and without a mail address."""
    return _MAIL.sub("", _BY.sub("", name, count=1) if _BY.match(name) else name).strip(" ,;|-–")


def _section(article: Mapping[str, Any], meta: Any) -> str:
    return _plain(article.get("articleSection")) or str(meta("article:section", "og:article:section"))


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())


def read_time(value: Any) -> datetime | None:
    """An aware time from ISO 8601 or RFC 5322; without a zone it is taken as UTC. None when it is neither."""
    text = _plain(value)
    if not text or len(text) > 60:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        try:
            time = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    if not 1971 <= time.year <= 2200:  # the epoch and year 1 stand for 'unknown'
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _first_time(*values: Any) -> datetime | None:
    return next((t for v in values if (t := read_time(v))), None)


def _url(base: str, value: str) -> str:
    try:
        url = urljoin(base, value.strip()) if value else ""
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def _image(
    base: str,
    article: Mapping[str, Any],
    by_id: Mapping[str, Mapping[str, Any]],
    meta: Any,
) -> Image | None:
    alt = meta("og:image:alt", "twitter:image:alt")
    if address := _url(base, meta("og:image:secure_url", "og:image", "og:image:url")):
        return Image(address, alt, _size(meta("og:image:width")), _size(meta("og:image:height")))
    value = article.get("image") or article.get("thumbnailUrl")
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict):
        value = by_id.get(value["@id"], value) if isinstance(value.get("@id"), str) else value
        if address := _url(base, _plain(value.get("url") or value.get("contentUrl"))):
            caption = _plain(value.get("caption"))
            return Image(address, alt or caption, _size(value.get("width")), _size(value.get("height")))
    address = _url(base, _plain(value)) or _url(base, meta("twitter:image", "twitter:image:src"))
    return Image(address, alt) if address else None


def _picture(page: Declarations) -> Image | None:
    look = page.picture.get
    address = _url(page.url, look("src", ""))
    return Image(address, look("alt", ""), _size(look("width")), _size(look("height"))) if address else None


def _size(value: Any) -> int | None:
    if isinstance(value, dict):  # schema.org QuantitativeValue
        value = value.get("value")
    match = re.match(r"\s*(\d{1,5})\b", str(value)) if value is not None else None
    return int(match[1]) or None if match else None
