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
def test_a_token_reads_back_for_ever_and_needs_no_escaping(number: int, newsletter: str) -> None:
    try:
        newsletter.encode()
    except UnicodeEncodeError:
        return
    token = LINKS.token(number, newsletter)
    assert LINKS.read_token(token) == (number, newsletter)
    assert Links("https://elsewhere.example", SECRET).read_token(token) == (number, newsletter)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@pytest.mark.parametrize("token", ["", ".", "x", "MToy", "MTptb3JuaW5n.x", "a.b.c", "é", "\0", "MTptb3JuaW5n."])
def test_a_token_that_we_did_not_make_says_nothing(token: str) -> None:
    assert LINKS.read_token(token) is None


def test_a_token_of_another_secret_or_another_reader_says_nothing() -> None:
    other = Links("https://news.example.org", "another secret of thirty-two chars")
    assert LINKS.read_token(other.token(1, "morning")) is None
    mine, theirs = LINKS.token(1, "morning"), LINKS.token(2, "morning")
    assert LINKS.read_token(theirs.partition(".")[0] + "." + mine.partition(".")[2]) is None


def test_the_addresses_of_the_site() -> None:
    links = Links("https://example.org/news/", SECRET)
    assert links.unsubscribe_url(1, "m") == f"https://example.org/news/unsubscribe/{links.token(1, 'm')}"
    assert links.preferences_url(1, "m") == f"https://example.org/news/preferences/{links.token(1, 'm')}"
    assert links.archive_url("m-2026-11-23-0700") == "https://example.org/news/archive/m-2026-11-23-0700"
    assert links.archive_url("a/b") == "https://example.org/news/archive/a%2Fb"


@pytest.mark.parametrize("base", ["", "ftp://x.example", "https://x.example/?a", "https://x.example/<", "x.example"])
def test_a_base_that_could_break_a_link_is_refused(base: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        Links(base, SECRET)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="secret"):
        Links("https://x.example", "short")


@given(st.integers(0, 2**63), st.text(st.characters(codec="utf-8"), max_size=50), st.sampled_from("bu"))
def test_a_return_address_reads_back_and_fits_the_standard(number: int, edition: str, kind: str) -> None:
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
def test_a_forged_return_address_says_nothing(address: str) -> None:
    assert RETURN_PATH.read(address) is None


def test_a_tag_cannot_be_turned_into_another_reader_s_or_another_kind() -> None:
    address = RETURN_PATH.make("b", "e", 35)
    assert RETURN_PATH.read(address.replace("+b23-", "+b24-")) is None
    assert RETURN_PATH.read(address.replace("+b", "+u")) is None
    assert ReturnPath(RETURN_PATH.address, "another secret").read(address) is None


def test_a_bounce_mailbox_with_too_long_a_name_is_refused() -> None:
    with pytest.raises(SettingsError, match="27 characters"):
        ReturnPath("x" * 40 + "@example.org", SECRET)
