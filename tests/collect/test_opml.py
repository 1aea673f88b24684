"""Subscription lists come in from other readers and go out to them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.collect.opml import Outline, key_of, keys_of, read, web_address, write
from digest.errors import DigestError
from digest.settings.types import key_name

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
    assert key_of("Łódź & Økonomi") == "lodz-okonomi"
    assert key_of("") == key_of("!") == ""


@pytest.mark.parametrize("name", ["国际新闻", "اقتصاد", "Экономика", "ニュース", "뉴스", "חדשות", "समाचार", "Ειδήσεις"])
def test_a_name_in_any_letters_becomes_a_key_that_settings_take(name: str) -> None:
    assert key_name(key_of(name)) == key_of(name)


def test_every_folder_is_a_topic_of_its_own() -> None:
    folders = ["经济", "竞技", "!", "?", "World", "WORLD", "World!"]
    assert keys_of(folders, {}) == {
        "经济": "jingji",
        "竞技": "jingji-2",
        "!": "topic",
        "?": "topic-2",
        "World": "world",
        "WORLD": "world",
        "World!": "world-2",
    }


def test_a_folder_goes_into_the_topic_that_has_its_name() -> None:
    known = {"world": "Ailleurs", "jingji": "竞技"}
    assert keys_of(["World", "ailleurs", "竞技", "经济"], known) == {
        "World": "world",
        "ailleurs": "world",
        "竞技": "jingji",
        "经济": "jingji-2",
    }


def test_old_feed_addresses_are_web_addresses() -> None:
    assert web_address("feed://example.org/rss") == web_address("feed:https://example.org/rss")
    assert web_address("http://example.org/") == "http://example.org/"


words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20).filter(str.strip)


@example([Outline("https://example.org/0", "what looks decoded twice", "Ð¡Ð¢")])
@given(st.lists(st.builds(Outline, st.integers().map("https://example.org/{}".format), words, words), max_size=5))
def test_any_names_survive_the_way_out_and_in(outlines: list[Outline]) -> None:
    wanted = {(o.url, " ".join(o.topic.split())) for o in outlines}
    assert {(o.url, o.topic) for o in read(write(outlines))} == wanted


@given(st.lists(words, max_size=8), st.dictionaries(st.sampled_from(["a", "b-2", "topic"]), words))
def test_any_folders_get_keys_that_settings_take_and_the_same_ones_the_next_time(
    folders: list[str], known: dict[str, str]
) -> None:
    keys = keys_of(folders, known)
    assert all(key_name(key) for key in keys.values())
    assert len(set(keys.values()) - set(known)) == len(
        {name.casefold() for name, key in keys.items() if key not in known}
    )
    later = known | {key: name for name, key in keys.items() if key not in known}
    assert keys_of(folders, later) == keys
