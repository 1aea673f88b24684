"""The one strict form of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.address import AddressError, canonical, is_plain


@pytest.mark.parametrize(
    ("given_text", "text", "key", "smtputf8"),
    [
        ("ada@example.org", "ada@example.org", "ada@example.org", False),
        (" Ada@Example.ORG ", "Ada@example.org", "ada@example.org", False),
        ("a.b+c@example.org", "a.b+c@example.org", "a.b+c@example.org", False),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", False),
        ("ada@日本.example", "ada@xn--wgv71a.example", "ada@xn--wgv71a.example", False),
        ("jörg@example.org", "jörg@example.org", "jörg@example.org", True),
    ],
)
def test_canonical_form(given_text: str, text: str, key: str, smtputf8: bool) -> None:
    found = canonical(given_text)
    assert (found.text, found.key, found.smtputf8) == (text, key, smtputf8)
    assert canonical(found.text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ada",
        "ada@",
        "@example.org",
        "a@b@example.org",
        "user@e.test> ORCPT=rfc822;x",
        "user@e.test\r\nRCPT TO:<x@y.z>",
        "user@e.test\0",
        "Ada <ada@example.org>",
        "<ada@example.org>",
        '"a b"@example.org',
        "ada(comment)@example.org",
        "ada@example.org,bob@example.org",
        "ada@[127.0.0.1]",
        "ada@exa mple.org",
        "ada@-x.org",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 64 + ".org",
        "ada@" + "a." * 130 + "org",
        ".ada@example.org",
        "a..b@example.org",
        "ada\u200b@example.org",
        "ada\u202e@example.org",
        "ada@example\u3002org\n",
        "ada@localhost",
    ],
)
def test_canonical_rejects_other_text(text: str) -> None:
    with pytest.raises(AddressError, match="not a mail address"):
        canonical(text)


@given(st.text(max_size=60))
def test_canonical_address_cannot_escape_rcpt(text: str) -> None:
    try:
        found = canonical(text + "@example.org")
    except AddressError:
        return
    assert not set(found.text) & set(' \t\r\n<>\0"(),:;[]\\')
    assert found.text.count("@") == 1
    assert canonical(found.text).text == found.text


def test_is_plain_accepts_canonical_addresses_only() -> None:
    assert is_plain("ada@example.org")
    for text in ("ada@Example.org", "jörg@example.org", "ada@example.org\n", "ada", "x" * 65 + "@example.org"):
        assert not is_plain(text)
