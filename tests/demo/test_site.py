"""The demo's site: well-formed feeds in four formats, pages with the usual noise, and no link to the outside."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path

import feedparser
import pytest
from lxml.html import document_fromstring
from PIL import Image

from digest.deliver.subscriber_list.rows import BadRow, Person, read_rows
from digest.demo.content import ZONE, Outlet, outlets
from digest.demo.site import PICTURE_SIZE, Site, build, settings_text, subscribers_csv, whole_day
from digest.settings import Settings, load

BASE = "http://127.0.0.1:8765"
DAY = date(2026, 11, 24)

#: Names of formats that look like addresses and are never fetched.
NAMESPACES = {
    "http://www.w3.org/2005/Atom",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/rss/1.0/",
    "https://jsonfeed.org/version/1.1",
    "https://schema.org",
}

EDITIONS = pytest.mark.parametrize("outlet", outlets(), ids=lambda outlet: outlet.path)


@cache
def site() -> Site:
    """The whole site of the day."""
    return build(BASE, DAY)


def settings(folder: Path) -> Settings:
    """The demo's settings for that site."""
    file = folder / "settings.toml"
    file.write_text(settings_text(BASE, "http://127.0.0.1:8080"), encoding="utf-8")
    return load(file, {})


def test_site_is_deterministic() -> None:
    assert build(BASE, DAY) == site()
    assert build(BASE, DAY, whole_day(DAY)) == site()


def test_site_of_other_day_differs_in_dates_only() -> None:
    other = build(BASE, date(2028, 2, 29))
    assert len(other) == len(site())
    assert "/courier/science/2028/02/29/halcyon-capsule-brings-comet-dust-home" in other


def test_site_links_stay_inside() -> None:
    for path, (kind, body) in site().items():
        if kind == "image/jpeg":
            continue
        for found in re.findall(r"""(?:https?:)?//[^\s"'<>&]+""", body.decode()):
            assert found.startswith((f"{BASE}/", *NAMESPACES)), path


def test_site_links_all_resolve() -> None:
    for kind, body in site().values():
        if kind != "image/jpeg":
            for found in re.findall(re.escape(BASE) + r"""(/[^\s"'<>&#]*)""", body.decode()):
                assert found in site()


@EDITIONS
def test_pages_parse_and_hold_whole_article(outlet: Outlet) -> None:
    for piece in outlet.pieces:
        kind, body = site()[outlet.page_path(piece, DAY)]
        assert kind == "text/html; charset=utf-8"
        page = document_fromstring(body)
        text = page.text_content()
        assert page.get("lang", "").startswith(outlet.language)
        assert page.xpath("count(//h1)") == 1
        assert page.xpath("string(//h1)") == piece.title
        assert page.xpath("string(//link[@rel='canonical']/@href)").endswith(piece.slug)
        shown = piece.paragraphs[:1] if piece.paywall else piece.paragraphs
        assert all(paragraph in text for paragraph in shown)
        facts = json.loads(page.xpath("string(//script[@type='application/ld+json'])"))
        assert facts["headline"] == piece.title
        assert datetime.fromisoformat(facts["datePublished"]) == piece.published(DAY)


@EDITIONS
def test_feeds_parse_and_list_newest_first(outlet: Outlet) -> None:
    for section in outlet.sections:
        pieces = outlet.latest(DAY, whole_day(DAY), section)
        _, body = site()[outlet.feed_path(section)]
        if outlet.format == "json":
            feed = json.loads(body)
            assert feed["version"].endswith("/1.1")
            assert [item["title"] for item in feed["items"]] == [piece.title for piece in pieces]
            continue
        found = feedparser.parse(io.BytesIO(body))
        assert not found.bozo
        assert found.version == {"rss": "rss20", "atom": "atom10", "rdf": "rss10"}[outlet.format]
        assert [entry.title for entry in found.entries] == [piece.title for piece in pieces]
        assert all(entry.link and entry.summary and entry.author and entry.updated_parsed for entry in found.entries)


def test_outlets_use_all_four_feed_formats() -> None:
    assert {outlet.format for outlet in outlets()} == {"rss", "atom", "rdf", "json"}


@pytest.mark.parametrize(
    ("path", "noise"),
    [
        ("fil", ["Publicité", "Lire aussi", "Réagir à cet article", "cookies", "Avec agences"]),
        ("sorelle", ["Publicité", "Dans le même thème", "Laisser un commentaire", "Je m’abonne"]),
        ("radio/fr", ["Ce contenu a été adapté", "traduit par", "Lire aussi", "Recevez chaque soir"]),
        ("courier", ["Advertisement", "Read more:", "Courier Mornings", "214 partners", "WICK SANDS —"]),
        ("quayside", ["This article is for members only", "Most read", "Related:"]),
        ("northlight", ["Listen to this article", "Keep reading"]),
    ],
)
def test_pages_have_realistic_noise(path: str, noise: list[str]) -> None:
    outlet = next(outlet for outlet in outlets() if outlet.path == path)
    pages = "\n".join(site()[outlet.page_path(piece, DAY)][1].decode() for piece in outlet.pieces)
    assert [words for words in noise if words not in pages] == []


def test_paywalled_page_withholds_text() -> None:
    quayside = next(outlet for outlet in outlets() if outlet.path == "quayside")
    piece = next(piece for piece in quayside.pieces if piece.paywall)
    everything = b"\n".join(body for kind, body in site().values() if kind != "image/jpeg").decode()
    assert piece.paragraphs[-1] not in everything


def test_pictures_are_small_jpegs_of_stated_size() -> None:
    pictures = {path: body for path, (kind, body) in site().items() if kind == "image/jpeg"}
    assert len(pictures) >= 20
    assert sum(map(len, pictures.values())) < 400_000
    for body in pictures.values():
        with Image.open(io.BytesIO(body)) as image:
            assert (image.format, image.size) == ("JPEG", PICTURE_SIZE)


def test_packaged_pictures_are_all_used() -> None:
    import digest.demo.site

    folder = Path(digest.demo.site.__file__).parent / "pictures"
    assert {f"/pictures/{file.name}" for file in folder.iterdir()} == {path for path in site() if "/pictures/" in path}


def test_article_before_its_time_is_absent() -> None:
    early = build(BASE, DAY, datetime(2026, 11, 23, 6, 15, tzinfo=ZONE))
    assert not [path for path in early if "/2026/11/24/" in path]
    assert b"Storm Brann gathers strength" in early["/courier/world.rss"][1]
    assert b"breaches dyke" not in early["/courier/world.rss"][1]


def test_front_page_names_feeds() -> None:
    page = document_fromstring(site()["/sorelle/"][1])
    assert page.xpath("//link[@rel='alternate']/@href")[0] == f"{BASE}/sorelle/monde.rdf"


def test_demo_settings_are_valid_and_name_every_feed(tmp_path: Path) -> None:
    made = settings(tmp_path)
    named = {feed.url.removeprefix(BASE) for topic in made.topics.values() for feed in topic.feeds}
    assert named == {outlet.feed_path(section) for outlet in outlets() for section in outlet.sections}
    assert {(letter.title, letter.language) for letter in made.newsletters.values()} == {
        ("The Morning", "en"),
        ("Le Matin", "fr"),
    }
    assert {topic for letter in made.newsletters.values() for topic in letter.topics} == set(made.topics)


def test_sample_subscribers_import_without_errors(tmp_path: Path) -> None:
    made = settings(tmp_path)
    rows = list(read_rows(subscribers_csv(), made.offered))
    people = [row for row in rows if isinstance(row, Person)]
    assert not [row for row in rows if isinstance(row, BadRow)]
    assert len({person.subscriber.address for person in people}) >= 6
    assert all(person.subscriber.address.endswith(("@example.org", ".test")) for person in people)
    assert {person.subscriber.language for person in people} >= {"en", "fr", "de", "ar"}
    for person in people:
        topics = made.newsletters[person.subscription.newsletter].topics
        assert set(person.subscription.topics) <= set(topics), person.subscriber.address
    assert len({person.subscription.topics for person in people}) >= 5
