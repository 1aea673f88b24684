"""Quoted-printable in pieces, with the standard library as the judge."""

from __future__ import annotations

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.deliver.mime import quoted_printable
from digest.errors import RenderError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=400)


@given(TEXT)
@example("." * 200)
@example("From " * 40)
@example("x" * 75)
@example("x" * 76)
@example("é" * 60)
@example(" " * 200)
@example("a" * 74 + "=")
@example("a" * 73 + "é.b")
def test_any_text_reads_back_and_every_line_is_safe(text: str) -> None:
    encoded = quoted_printable.encode(text)
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert quopri.decodestring(encoded).decode().replace("\r\n", "\n") == expected
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert line.isascii()


@given(TEXT, TEXT, TEXT)
def test_pieces_join_to_the_text_they_were_made_of(before: str, value: str, after: str) -> None:
    value = value.replace("\r", "").replace("\n", "")
    before = before.rstrip("\r")
    joined = (
        quoted_printable.with_soft_break(quoted_printable.encode(before))
        + quoted_printable.encode(value)
        + quoted_printable.SOFT_BREAK
        + quoted_printable.encode(after)
    )
    expected = before.replace("\r\n", "\n").replace("\r", "\n") + value
    expected += after.replace("\r\n", "\n").replace("\r", "\n")
    assert quopri.decodestring(joined).decode().replace("\r\n", "\n") == expected
    assert all(len(line) <= 76 and not line.startswith(b".") for line in joined.split(b"\r\n"))


def test_what_cannot_be_utf_8_is_refused_by_its_number() -> None:
    with pytest.raises(RenderError, match=r"U\+DC80"):
        quoted_printable.encode("a\udc80")
