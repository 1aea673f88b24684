"""Signed links and signed return addresses: ours read back, forged ones say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.links import Links
from digest.deliver.return_path import ReturnAddress, ReturnPath, edition_code
from digest.errors import SettingsError
from tests.deliver.samples import LINKS, RETURN_PATH, SECRET


@given(st.integers(0, 2**53), st.text(max_size=40))
def test_token_round_trip_needs_no_escaping(number: int, newsletter: str) -> None:
    try:
        newsletter.encode()
    except UnicodeEncodeError:
        return
    token = LINKS.token(number, newsletter)
    assert LINKS.read_token(token) == (number, newsletter)
    assert Links("https://elsewhere.example", SECRET).read_token(token) == (number, newsletter)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("token", ["", ".", "x", "MToy", "MTptb3JuaW5n.x", "a.b.c", "é", "\0", "MTptb3JuaW5n."])
def test_token_forged_is_rejected(token: str) -> None:
    assert LINKS.read_token(token) is None


@pytest.mark.parametrize("subscriber_id", [1, 12, 123, 2**53 - 1])
def test_token_has_one_spelling(subscriber_id: int) -> None:
    token = LINKS.token(subscriber_id, "morning")
    for place in range(len(token)):
        for bit in range(7):
            altered = token[:place] + chr(ord(token[place]) ^ 1 << bit) + token[place + 1 :]
            assert LINKS.read_token(altered) is None, altered
    assert all(LINKS.read_token(each) is None for each in (token + "=", token + "\n", " " + token, token + "."))


def test_token_of_another_secret_is_rejected() -> None:
    other = Links("https://news.example.org", "another secret of thirty-two chars")
    assert LINKS.read_token(other.token(1, "morning")) is None
    mine, theirs = LINKS.token(1, "morning"), LINKS.token(2, "morning")
    assert LINKS.read_token(theirs.partition(".")[0] + "." + mine.partition(".")[2]) is None


def test_links_urls_of_the_site() -> None:
    links = Links("https://example.org/news/", SECRET)
    assert links.unsubscribe_url(1, "m") == f"https://example.org/news/unsubscribe/{links.token(1, 'm')}"
    assert links.preferences_url(1, "m") == f"https://example.org/news/preferences/{links.token(1, 'm')}"
    assert links.archive_url("m-2026-11-23-0700") == "https://example.org/news/archive/m-2026-11-23-0700"
    assert links.archive_url("a/b") == "https://example.org/news/archive/a%2Fb"


@pytest.mark.parametrize("base", ["", "ftp://x.example", "https://x.example/?a", "https://x.example/<", "x.example"])
def test_links_invalid_base_url_is_refused(base: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        Links(base, SECRET)


def test_links_short_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="secret"):
        Links("https://x.example", "short")


@given(st.integers(0, 2**63), st.text(st.characters(codec="utf-8"), max_size=50), st.sampled_from("bu"))
def test_return_path_round_trip(number: int, edition: str, kind: str) -> None:
    address = RETURN_PATH.make(kind, edition, number)  # type: ignore[arg-type]
    expected = ReturnAddress(kind, number, edition_code(edition))  # type: ignore[arg-type]
    assert RETURN_PATH.read(address) == expected
    assert RETURN_PATH.read(f"<{address.upper()}>") == expected
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    "address",
    [
        "bounces@news.example.org",
        "bounces+@news.example.org",
        "bounces+b9ix-6ygsh2-aaaaaaaaaaaa@news.example.org",
        "bounces+b9-6ygsh2-0123456789ab@evil.example",
        "other+b9-6ygsh2-0123456789ab@news.example.org",
        "",
        "@",
    ],
)
def test_return_path_forged_address_is_rejected(address: str) -> None:
    assert RETURN_PATH.read(address) is None


def test_return_path_tag_cannot_be_altered() -> None:
    address = RETURN_PATH.make("b", "e", 35)
    assert RETURN_PATH.read(address.replace("+b23-", "+b24-")) is None
    assert RETURN_PATH.read(address.replace("+b", "+u")) is None
    assert ReturnPath(RETURN_PATH.address, "another secret").read(address) is None


def test_return_path_long_local_part_is_refused() -> None:
    with pytest.raises(SettingsError, match="27 characters"):
        ReturnPath("x" * 40 + "@example.org", SECRET)
