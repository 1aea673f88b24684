"""Header values: what is refused, what is encoded, what is never touched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.deliver.mime import headers
from digest.errors import RenderError


def test_plain_words_stay_as_they_are_and_fold_at_blanks() -> None:
    assert headers.unstructured("Subject", "Hello world") == b"Hello world"
    folded = headers.unstructured("Subject", "word " * 30 + "end")
    assert max(map(len, folded.split(b"\r\n"))) <= 76
    assert folded.replace(b"\r\n", b"") == b"word " * 30 + b"end"


def test_what_looks_encoded_is_encoded_so_that_it_is_shown_and_not_read() -> None:
    assert headers.unstructured("Subject", "=?utf-8?q?x?=").startswith(b"=?utf-8?")
    assert b"=?utf-8?q?x?=" not in headers.unstructured("Subject", "=?utf-8?q?x?=")


def test_a_phrase_with_specials_is_quoted_and_one_with_accents_never_stands_in_quotes() -> None:
    assert headers.mailbox("From", "A, B", "a@example.org") == b'"A, B"\r\n <a@example.org>'
    assert headers.mailbox("From", 'A "x" \\', "a@example.org") == b'"A \\"x\\" \\\\"\r\n <a@example.org>'
    assert not headers.mailbox("From", "Été", "a@example.org").startswith(b'"')
    assert headers.mailbox("From", "", "a@example.org") == b"a@example.org"


@pytest.mark.parametrize("address", ["a@b>c", "a b@c", "a@b@c", "ab", "a@b,c@d", "a(x)@b", "a;b@c", '"a"@b'])
def test_an_address_that_could_end_its_brackets_is_refused(address: str) -> None:
    with pytest.raises(RenderError, match="plain address"):
        headers.raw_address("To", address)


def test_uris_are_folded_only_between_them() -> None:
    long = "https://example.org/" + "x" * 300
    assert headers.uris("List-Unsubscribe", long, "mailto:a@b.example") == (
        f"<{long}>,\r\n <mailto:a@b.example>".encode()
    )


@pytest.mark.parametrize("uri", ["https://example.org/a b", "https://example.org/<", "https://example.org/é", "a\r\nb"])
def test_a_uri_that_is_not_bare_is_refused(uri: str) -> None:
    with pytest.raises(RenderError, match="plain URI"):
        headers.uris("List-Unsubscribe", uri)


def test_a_uri_longer_than_a_line_is_refused() -> None:
    with pytest.raises(RenderError, match="longer than a line"):
        headers.uris("List-Archive", "https://example.org/" + "x" * 1000)


def test_a_date_needs_a_zone() -> None:
    assert headers.date(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == b"Fri, 02 Jan 2026 03:04:05 +0000"
    with pytest.raises(ValueError, match="time zone"):
        headers.date(datetime(2026, 1, 2))  # noqa: DTZ001


def test_an_identifier_that_could_not_stand_in_a_message_id_is_replaced() -> None:
    assert headers.safe_id("morning-2026", "x") == "morning-2026"
    for bad in ("a b", "é", "a..b", ".a", "", "a@b", "x" * 101):
        assert headers.safe_id(bad, "x") == "x"


def test_a_raw_value_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(RenderError, match="ASCII"):
        headers.token("Feedback-ID", "é")
