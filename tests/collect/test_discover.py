"""The address of a site is enough: its feeds are found where sites put them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.collect.discover import discover, feed_links, usual_places, with_scheme
from digest.collect.http.fetch import HttpConfig
from digest.collect.http.page import FetchedPage
from digest.collect.parse.feedparser import PRELOAD
from digest.collect.sandbox import Sandbox
from digest.errors import FetchError, ParseError
from tests.collect.site import Reply, Site

HERE = HttpConfig(allow_private=True, timeout=10)
HTML = {"Content-Type": "text/html; charset=utf-8"}


def rss(title: str) -> Reply:
    item = "<item><title>One</title><guid>1</guid></item>"
    body = f'<rss version="2.0"><channel><title>{title}</title><language>fr</language>{item}</channel></rss>'
    return Reply(200, body.encode(), {"Content-Type": "application/rss+xml"})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, preload=PRELOAD) as sandbox:
        yield sandbox


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def page(body: str, url: str = "https://example.org/news/") -> FetchedPage:
    return FetchedPage(url, url, 200, "text/html; charset=utf-8", body.encode())


def test_the_address_of_a_feed_is_that_feed(site: Site, sandbox: Sandbox) -> None:
    site.routes["/feed"] = rss("Main")
    (found,) = discover(site.url("/feed"), HERE, sandbox)
    assert (found.url, found.title, found.entries, found.language) == (site.url("/feed"), "Main", 1, "fr")


def test_the_feeds_that_a_page_names_are_tried_and_comments_come_last(site: Site, sandbox: Sandbox) -> None:
    site.routes["/"] = Reply(
        200,
        b"""<html><head>
        <link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">
        <link rel="alternate" type="application/rss+xml" title="Gone" href="/gone">
        <link rel="alternate" type="application/rss+xml" title="A page" href="/page">
        <LINK REL='Alternate' TYPE='application/atom+xml' HREF='main.xml'></head></html>""",
        HTML,
    )
    site.routes |= {"/comments/feed": rss("Comments on all"), "/main.xml": rss("Main"), "/page": Reply(200, b"<html>")}
    assert [f.title for f in discover(site.url("/"), HERE, sandbox)] == ["Main", "Comments on all"]


def test_a_site_that_names_none_is_asked_at_the_usual_places(site: Site, sandbox: Sandbox) -> None:
    site.routes["/"] = Reply(200, b"<html><body>Welcome</body></html>", HTML)
    site.routes["/rss.xml"] = rss("Hidden")
    assert [f.title for f in discover(site.url("/"), HERE, sandbox)] == ["Hidden"]


def test_links_in_the_text_count_where_the_head_names_none(site: Site, sandbox: Sandbox) -> None:
    site.routes["/"] = Reply(200, b"<p><a href='/about'>About</a> <a href='/x/y.rss'>RSS</a>", HTML)
    site.routes["/x/y.rss"] = rss("Linked")
    assert [f.title for f in discover(site.url("/"), HERE, sandbox)] == ["Linked"]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/export?as=x'>Subscribe (RSS)</a>",
        "<a href='/export?as=x'><img src='/orange.png' alt='RSS-Feed'></a>",
        "<a href='/export?as=x' aria-label='Flux RSS'><svg></svg></a>",
        "<a href='/export?as=x' title='Atom'>*</a>",
    ],
)
def test_a_link_that_calls_itself_a_feed_is_tried_whatever_its_address(site: Site, sandbox: Sandbox, link: str) -> None:
    body = f"<a href='/rsstory'>A grassroots atomic feeder</a>{link}"
    site.routes |= {"/": Reply(200, body.encode(), HTML), "/export?as=x": rss("Named in words")}
    assert [f.title for f in discover(site.url("/"), HERE, sandbox)] == ["Named in words"]
    assert [found.url for found in feed_links(page(body))] == ["https://example.org/export?as=x"]


def test_where_what_a_page_names_is_dead_the_usual_places_are_asked_too(site: Site, sandbox: Sandbox) -> None:
    head = b"<link rel='alternate' type='application/json' href='/api/page/2'>"
    site.routes |= {"/": Reply(200, head, HTML), "/api/page/2": Reply(200, b'{"id": 2}'), "/feed": rss("Alive")}
    assert [f.title for f in discover(site.url("/"), HERE, sandbox)] == ["Alive"]


def test_one_feed_reached_in_two_ways_is_one(site: Site, sandbox: Sandbox) -> None:
    link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
    site.routes["/"] = Reply(200, (link.format("/feed") + link.format("/old")).encode(), HTML)
    site.routes |= {"/feed": rss("Main"), "/old": Reply(301, headers={"Location": "/feed"})}
    assert len(discover(site.url("/"), HERE, sandbox)) == 1


def test_a_site_without_a_feed_says_what_to_try(site: Site, sandbox: Sandbox) -> None:
    site.routes["/"] = Reply(200, b"<html><body>Welcome</body></html>", HTML)
    with pytest.raises(ParseError, match="look for 'RSS'"):
        discover(site.url("/"), HERE, sandbox)


def test_an_address_that_gives_nothing_says_why(site: Site, sandbox: Sandbox) -> None:
    with pytest.raises(FetchError, match="404"):
        discover(site.url("/nowhere"), HERE, sandbox)
    with pytest.raises(FetchError, match="like https"):
        discover("not an address", HERE, sandbox)
    with pytest.raises(FetchError, match="not public"):
        discover(site.url("/"), HttpConfig(), sandbox)


def test_links_are_read_with_their_base_and_each_once() -> None:
    found = feed_links(
        page(
            "<base href='/fr/'>"
            "<link rel='alternate' type='application/rss+xml; charset=utf-8' href='a.xml' title=' A '>"
            "<link rel='alternate feed' type='application/feed+json' href='/b.json'>"
            "<link rel='alternate' type='application/rss+xml' href='a.xml'>"
            "<link rel='alternate' hreflang='de' href='/de/'><link rel='stylesheet' type='text/css' href='x.css'>"
            "<link rel='alternate' type='application/rss+xml' href='javascript:x'>"
        )
    )
    assert [(link.url, link.title) for link in found] == [
        ("https://example.org/fr/a.xml", "A"),
        ("https://example.org/b.json", ""),
    ]


@pytest.mark.parametrize("body", ["", "   ", "plain text", "<!-- -->", "\0", "<" * 10_000])
def test_pages_without_links_name_none(body: str, sandbox: Sandbox) -> None:
    found = sandbox.run(feed_links, page(body))
    assert not isinstance(found, tuple) or found == ()


def test_the_usual_places_are_below_the_page_then_below_the_root() -> None:
    places = usual_places("https://example.org/blog/post")
    assert places[0] == "https://example.org/blog/feed"
    assert "https://example.org/feed.xml" in places
    assert len(set(places)) == len(places)
    assert usual_places("https://example.org")[0] == "https://example.org/feed"


def test_addresses_as_people_type_them() -> None:
    assert with_scheme(" example.org ") == "https://example.org"
    assert with_scheme("feed://example.org/rss") == "https://example.org/rss"
    assert with_scheme("http://example.org") == "http://example.org"
