"""Text from strangers: clean lines, honest cuts, no markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.html import cut, line, paragraphs, scrub


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  two\r\n lines \t and blanks ", "two lines and blanks"),
        ("a\x00b\x07c\x9bd\x7f", "abcd"),
        ("\u202egnp.exe\u202c \u2066x\u2069", "gnp.exe x"),
        ("\ud800lone", "lone"),
        ("\ufdd00\ufdd1\ufeff\u200b", "0"),
        ("Mo\u0301ld", "Mo\u0301ld"),
        ("Z" + "\u0351" * 40, "Z" + "\u0351" * 4),
        ("👩‍👩‍👧 می‌خواهم", "👩‍👩‍👧 می‌خواهم"),
        ("10\u00a0% et 2\u202f300", "10\u00a0% et 2\u202f300"),
    ],
)
def test_a_line_has_only_what_can_be_read(text: str, expected: str) -> None:
    assert line(text) == expected


@given(st.text(max_size=400), st.integers(1, 200))
def test_a_line_is_one_line_of_that_length_and_stays_as_it_is(text: str, limit: int) -> None:
    made = line(text, limit)
    assert len(made) <= limit
    assert not re.search(r"[\r\n\t\x00]", made)
    assert line(made, limit) == made
    made.encode()


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("several words to cut", 15, "several words…"),
        ("oneverylongwordindeed", 10, "oneverylo…"),
        ("a comma, then more", 9, "a comma…"),
        ("anything", 1, "…"),
    ],
)
def test_a_cut_falls_between_words_and_is_marked(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


def test_paragraphs_are_parted_by_blank_lines_and_limited_together() -> None:
    assert paragraphs("one\ntwo\n\n  \n three \r\n\r\nfour") == ("one two", "three", "four")
    assert paragraphs("a" * 30 + "\n\n" + "b" * 30, 40) == ("a" * 30, "b" * 9 + "…")
    assert paragraphs("") == ()


def test_scrubbing_keeps_line_breaks() -> None:
    assert scrub("a\nb\x00") == "a\nb"
