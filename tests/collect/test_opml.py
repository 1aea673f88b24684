"""Subscription lists come in from other readers and go out to them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.collect.opml import Outline, key_of, read, web_address, write
from digest.errors import DigestError

LIST = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
  <outline text="World"><outline type="rss" text="Harbour" xmlUrl="https://example.org/feed" htmlUrl="https://example.org/"/>
    <outline text="Europe"><outline type="rss" text="Quai &amp; pont" xmlUrl="https://example.org/fr/feed"/></outline>
  </outline>
  <outline type="rss" text="No folder" xmlUrl="feed://example.com/rss"/>
  <outline text="Sport"><outline type="rss" text="Harbour again" xmlUrl="https://example.org/feed"/>
    <outline type="rss" text="Bad" xmlUrl="javascript:alert(1)"/><outline type="rss" text="Worse"/></outline>
</body></opml>"""


def test_folders_become_topics_and_bad_addresses_are_left_out() -> None:
    assert set(read(LIST)) == {
        Outline("https://example.org/feed", "Harbour", "World"),
        Outline("https://example.org/feed", "Harbour", "Sport"),
        Outline("https://example.org/fr/feed", "Quai & pont", "Europe"),
        Outline("https://example.com/rss", "No folder", ""),
    }


def test_what_is_written_is_read_back() -> None:
    outlines = (
        Outline("https://example.org/feed?a=1&b=2", 'A <b> & "c"', "Économie"),
        Outline("https://example.org/x", "港", "Économie"),
        Outline("https://example.org/y", "Top", ""),
    )
    written = write(outlines)
    assert written.startswith(b"<?xml")
    assert set(read(written)) == set(outlines)


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<html><body>x</body></html>", b"https://example.org/list.opml", b"\0\1"]
)
def test_what_is_no_list_says_so(body: bytes) -> None:
    with pytest.raises(DigestError, match="OPML"):
        read(body)


def test_a_list_that_is_cut_off_or_badly_made_gives_what_it_has() -> None:
    assert len(read(LIST[:400])) >= 1
    assert len(read(LIST.replace(b"&amp;", b"&"))) == 4


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("", "utf-8"),
        ("", "utf-8-sig"),
        ("", "utf-16"),
        ("<?xml version='1.0' encoding='iso-8859-1'?>", "iso-8859-1"),
        ("<?xml version='1.0' encoding='iso-8859-1'?>", "utf-8"),
    ],
)
def test_names_are_read_in_the_encoding_that_they_are_in(declared: str, encoding: str) -> None:
    body = (
        f"{declared}<opml><body><outline text='Économie'><outline xmlUrl='http://e.example/é'/></outline></body></opml>"
    )
    assert [(o.topic, o.url) for o in read(body.encode(encoding))] == [("Économie", "http://e.example/é")]


def test_a_list_expands_no_entities() -> None:
    bomb = LIST.replace(b"<opml", b'<!DOCTYPE o [<!ENTITY a "x"><!ENTITY b SYSTEM "file:///etc/passwd">]><opml', 1)
    assert "root:" not in str(read(bomb.replace(b"Harbour", b"&b;Harbour")))


def test_folder_names_become_keys_of_topics() -> None:
    assert key_of("Économie & Marchés") == "economie-marches"
    assert key_of("  World News!! ") == "world-news"
    assert key_of("港") == key_of("") == ""


def test_old_feed_addresses_are_web_addresses() -> None:
    assert web_address("feed://example.org/rss") == web_address("feed:https://example.org/rss")
    assert web_address("http://example.org/") == "http://example.org/"


words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20).filter(str.strip)


@example([Outline("https://example.org/0", "what looks decoded twice", "Ð¡Ð¢")])
@given(st.lists(st.builds(Outline, st.integers().map("https://example.org/{}".format), words, words), max_size=5))
def test_any_names_survive_the_way_out_and_in(outlines: list[Outline]) -> None:
    wanted = {(o.url, " ".join(o.topic.split())) for o in outlines}
    assert {(o.url, o.topic) for o in read(write(outlines))} == wanted
