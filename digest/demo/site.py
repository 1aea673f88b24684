"""The demo's site: every feed, page and picture of the invented outlets as bytes, for one day and base URL. Pure."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from email.utils import format_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from digest import resources
from digest.demo.content import ZONE, Outlet, Piece, outlets

if TYPE_CHECKING:
    from jinja2 import Environment

#: path -> (content type, body)
Site = dict[str, tuple[str, bytes]]

FEED_TYPES: Final = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
HTML: Final = "text/html; charset=utf-8"
#: Size of every picture in pixels (16:9).
PICTURE_SIZE: Final = (800, 450)


def whole_day(day: date) -> datetime:
    """Return the time at which everything of `day` is out, shortly before the newsletters' cut-off."""
    return datetime.combine(day, time(6, 10), ZONE)


def build(base_url: str, day: date, now: datetime | None = None) -> Site:
    """Return the whole site as it is at `now` (default: all of `day` and of the day before).

    The same arguments give the same bytes. `base_url` has no slash at its end.
    """
    now = now or whole_day(day)
    site: Site = {"/robots.txt": ("text/plain; charset=utf-8", b"User-agent: *\nDisallow:\n")}
    picture_names: set[str] = set()
    for outlet in outlets():
        pages = _OutletPages(base_url, outlet, day, now)
        site |= pages.feeds() | pages.articles() | pages.home()
        picture_names |= {piece.picture for piece in outlet.latest(day, now) if piece.picture}
    site |= {f"/pictures/{name}.jpg": ("image/jpeg", picture(name)) for name in sorted(picture_names)}
    names = [(outlet.name, outlet.tagline, outlet.language, f"{base_url}/{outlet.path}/") for outlet in outlets()]
    site["/"] = (HTML, _render("pages/index.html.j2", names=names))
    return site


def settings_text(news_url: str, site_url: str) -> str:
    """Return the demo's settings.toml: feeds at `news_url`, links at `site_url`, both without a final slash."""
    text = resources.data("demo/settings.toml")
    return text.replace("@NEWS@", news_url).replace("@SITE@", site_url)


def subscribers_csv() -> str:
    """Return the sample subscribers as CSV for `digest subscribers import`."""
    return resources.data("demo/subscribers.csv")


@cache
def picture(name: str) -> bytes:
    """Return one illustration as JPEG."""
    return resources.binary_data(f"demo/pictures/{name}.jpg")


class _OutletPages:
    """Renders one outlet."""

    def __init__(self, base_url: str, outlet: Outlet, day: date, now: datetime) -> None:
        self.base_url, self.outlet, self.day, self.now = base_url, outlet, day, now

    def feeds(self) -> Site:
        """Return one feed for each section, in the outlet's format."""
        outlet = self.outlet
        return {
            outlet.feed_path(section): (FEED_TYPES[outlet.format], self._feed(section, title))
            for section, title in outlet.sections.items()
        }

    def articles(self) -> Site:
        """Return one page for each article."""
        latest = self.outlet.latest(self.day, self.now)
        return {self.outlet.page_path(piece, self.day): (HTML, self._page(piece, latest)) for piece in latest}

    def home(self) -> Site:
        """Return the outlet's front page, which names its feeds for discovery."""
        feeds = [
            (title, FEED_TYPES[self.outlet.format].partition(";")[0], self.base_url + self.outlet.feed_path(section))
            for section, title in self.outlet.sections.items()
        ]
        items = [self._item(piece) for piece in self.outlet.latest(self.day, self.now)]
        body = _render("pages/home.html.j2", outlet=self.outlet, feeds=feeds, items=items)
        return {f"/{self.outlet.path}/": (HTML, body)}

    def _page(self, piece: Piece, latest: tuple[Piece, ...]) -> bytes:
        others = [self._item(other) for other in latest if other is not piece][:3]
        item = self._item(piece)
        return _render(
            f"pages/{self.outlet.page}.html.j2",
            outlet=self.outlet,
            home=f"{self.base_url}/{self.outlet.path}/",
            words=self.outlet.words,
            item=item,
            piece=piece,
            others=others,
            facts=_json_ld(self.outlet, piece, item),
            direction="rtl" if self.outlet.language == "ar" else "ltr",
            size=PICTURE_SIZE,
        )

    def _feed(self, section: str, title: str) -> bytes:
        items = [self._item(piece) for piece in self.outlet.latest(self.day, self.now, section)]
        facts = {
            "url": self.base_url + self.outlet.feed_path(section),
            "home": f"{self.base_url}/{self.outlet.path}/",
            "section": title,
            "built": items[0]["published"] if items else datetime.combine(self.day - timedelta(days=1), time(), ZONE),
        }
        if self.outlet.format == "json":
            return _json_feed(self.outlet, facts, items)
        return _render(f"feeds/{self.outlet.format}.xml.j2", outlet=self.outlet, items=items, **facts)

    def _item(self, piece: Piece) -> dict[str, Any]:
        from babel.dates import format_date, format_time

        published, language = piece.published(self.day), self.outlet.language
        return {
            "piece": piece,
            "url": self.base_url + self.outlet.page_path(piece, self.day),
            "key": f"{self.outlet.path.replace('/', '-')}:{published:%Y%m%d}:{piece.slug}",
            "published": published,
            "when": f"{format_date(published, 'long', language)}, {format_time(published, 'short', locale=language)}",
            "picture": f"{self.base_url}/pictures/{piece.picture}.jpg" if piece.picture else "",
            "bytes": len(picture(piece.picture)) if piece.picture else 0,
            "section": self.outlet.sections[piece.section],
        }


def _json_ld(outlet: Outlet, piece: Piece, item: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON-LD metadata of a page."""
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": piece.title,
        "description": piece.summary,
        "datePublished": item["published"].isoformat(),
        "dateModified": (item["published"] + timedelta(minutes=7)).isoformat(),
        "inLanguage": outlet.language,
        "articleSection": item["section"],
        "author": [{"@type": "Person", "name": piece.author}],
        "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
        "mainEntityOfPage": item["url"],
        "isAccessibleForFree": not piece.paywall,
    }
    if piece.picture:
        width, height = PICTURE_SIZE
        facts["image"] = {"@type": "ImageObject", "url": item["picture"], "width": width, "height": height}
    return facts


def _json_feed(outlet: Outlet, facts: dict[str, Any], items: list[dict[str, Any]]) -> bytes:
    """Return a JSON Feed 1.1 with whole articles, except those behind a paywall."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": outlet.tagline,
        "home_page_url": facts["home"],
        "feed_url": facts["url"],
        "language": outlet.language,
        "items": [_json_item(item) for item in items],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _json_item(item: dict[str, Any]) -> dict[str, Any]:
    piece: Piece = item["piece"]
    entry = {
        "id": item["key"],
        "url": item["url"],
        "title": piece.title,
        "summary": piece.summary,
        "date_published": item["published"].isoformat(),
        "authors": [{"name": piece.author}],
        "tags": [item["section"]],
    }
    if piece.picture:
        entry["image"] = item["picture"]
    if not piece.paywall:
        entry["content_text"] = "\n\n".join(piece.paragraphs)
    return entry


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("digest.demo", "")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["mail_date"] = format_datetime
    return environment


def _render(template: str, **data: Any) -> bytes:
    return _environment().get_template(template).render(data).encode()
