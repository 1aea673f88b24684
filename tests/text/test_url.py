"""Addresses: what is the same, what is a web address, what a link means."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.text.url import absolute, canonical, host, is_web, unwrap

SAME = [
    ("http://www.example.org:80/a/../b/?b=2&a=1#top", "https://example.org/b?a=1&b=2"),
    ("https://EXAMPLE.org./news/index.html", "https://example.org/news"),
    ("https://example.org/n?utm_source=rss&utm_medium=feed&id=3", "https://example.org/n?id=3"),
    ("https://example.org/n?xtor=RSS-1&at_medium=custom7", "https://example.org/n"),
    ("https://example.org/n?fbclid=x&gclid=y&mc_cid=z&_hsenc=1", "https://example.org/n"),
    ("https://example.org/n?ref=rss", "https://example.org/n"),
    ("https://example.org/n?source=rss&src=twitter&page=2", "https://example.org/n?page=2"),
    ("https://m.example.org/2026/a-story", "https://example.org/2026/a-story"),
    ("https://fr.m.wikipedia.org/wiki/%c3%89t%C3%A9", "https://fr.wikipedia.org/wiki/Été"),
    ("https://amp.example.org/story-of-the-day.amp.html", "https://example.org/story-of-the-day.html"),
    ("https://example.org/2026/a-story-1/amp/", "https://example.org/2026/a-story-1"),
    ("https://example.org/story?amp=1", "https://example.org/story"),
    ("https://example.org/story?outputType=amp", "https://example.org/story"),
    ("https://www.google.com/amp/s/example.org/story", "https://example.org/story"),
    ("https://example-org.cdn.ampproject.org/c/s/example.org/story", "https://example.org/story"),
    ("https://www.google.com/url?rct=j&url=https://example.org/a%3Fx%3D1&ct=ga", "https://example.org/a?x=1"),
    ("https://youtu.be/dQw4w9WgXcQ?si=abc&t=10", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://m.youtube.com/watch?feature=share&v=dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://www.youtube.com/embed/dQw4w9WgXcQ", "https://youtube.com/watch?v=dQw4w9WgXcQ"),
    ("https://bücher.example/ä ö", "https://xn--bcher-kva.example/%C3%A4%20%C3%B6"),
    ("https://example.org/a;jsessionid=1F?b=1", "https://example.org/a?b=1"),
    ("https://me:secret@example.org/a", "https://example.org/a"),
    ("http://example.org", "https://example.org/"),
]
DIFFERENT = [
    ("https://example.org/a", "https://example.org/b"),
    ("https://example.org/a?id=1", "https://example.org/a?id=2"),
    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcR"),
    ("https://example.org/music/amp", "https://example.org/music"),
    ("https://m.co.uk/a", "https://co.uk/a"),
    ("https://example.org/#!/page/1", "https://example.org/#!/page/2"),
    ("https://example.org/?ref=main", "https://example.org/?ref=dev"),
    ("https://example.org/A", "https://example.org/a"),
    ("http://127.0.0.1:8001/a", "http://127.0.0.1:8002/a"),
    ("https://example.org/a?x=%E9", "https://example.org/a?x=%E8"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_links_to_one_article_have_one_canonical_form(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_links_to_different_pages_keep_different_forms(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_a_server_on_a_port_of_its_own_keeps_scheme_and_port() -> None:
    assert canonical("http://127.0.0.1:8080/feed?utm_source=x") == "http://127.0.0.1:8080/feed"
    assert canonical("http://[::1]:8080/") == "http://[::1]:8080/"


@pytest.mark.parametrize(
    "url", ["", "x", "/a", "//example.org", "ftp://example.org/", "javascript:alert(1)", "mailto:a@example.org",
            "http://", "http:///a", "http://exa mple/", "http://[::1", "http://a b", "https://example.org:port/",
            "http://<x>/"],
)  # fmt: skip
def test_what_is_no_web_address_has_no_canonical_form(url: str) -> None:
    assert canonical(url) == ""


urls = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTP", "ftp"]),
        st.sampled_from(
            ["example.org", "www.example.org", "m.example.org:8080", "a..b", "[::1]", "ü.example", "%41.b"]
        ),
        st.text(st.sampled_from("/abé%2 .?#&=;+"), max_size=20),
        st.text(max_size=10),
    ),
)


@example("HTTP://´")
@given(urls)
def test_no_text_breaks_it_and_twice_is_once(url: str) -> None:
    form = canonical(url)
    assert canonical(form) == form
    assert form == "" or is_web(form)
    host(url)
    assert unwrap(url) is not None
    joined = absolute("https://example.org/dir/page", url)
    assert joined == "" or is_web(joined)


def test_relative_links_start_from_their_page() -> None:
    base = "https://example.org/news/today"
    assert absolute(base, "story") == "https://example.org/news/story"
    assert absolute(base, "/story?x=1#y") == "https://example.org/story?x=1#y"
    assert absolute(base, "//cdn.example/x") == "https://cdn.example/x"
    assert absolute(base, "https://cdn.example/\ud800\0x") == "https://cdn.example/x"
    assert absolute(base, " \n https://other.example/a b ") == "https://other.example/a%20b"
    assert absolute(base, "https://oth\ner.example/") == "https://other.example/"
    assert absolute(base, "") == absolute(base, "javascript:alert(1)") == absolute(base, "data:text/html,x") == ""


def test_the_host_is_lower_case_and_ascii() -> None:
    assert host("https://WWW.Bücher.example:8080/x") == "www.xn--bcher-kva.example"
    assert host("https://example.org./") == "example.org"
    assert host("nonsense") == host("http://[bad/") == ""


def test_only_web_addresses_that_can_stand_in_a_mail_are_web() -> None:
    assert is_web("https://example.org/a?b#c")
    for bad in ("https://example.org/a b", "https://example.org/\x00", "https://exa\nmple.org", "HTTP:example", "a"):
        assert not is_web(bad)
