"""The text part: 72 columns, links as references, the same content."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.render.renderer import Renderer
from digest.deliver.render.text_part import References, tidy, width, wrap
from tests.deliver import editions


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_no_line_is_wider_than_72_columns_but_for_addresses(renderer: Renderer, language: str) -> None:
    text = renderer.render(editions.edition(language), editions.mail_settings()).text
    assert [line for line in text.splitlines() if width(line) > 72 and "://" not in line] == []
    assert "\n\n\n\n" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_a_rule_is_short_enough_for_the_line_of_a_phone(renderer: Renderer) -> None:
    text = renderer.render(editions.edition(), editions.mail_settings()).text
    rules = {line for line in text.splitlines() if line and not line.strip("-")}
    assert rules == {"-" * 40}


def test_every_reference_is_listed_once_and_every_listed_one_is_used(renderer: Renderer) -> None:
    text = renderer.render(editions.edition(stories=9), editions.mail_settings()).text
    body, tail = text[: text.index("\n[1] ")], text[text.index("\n[1] ") :]
    listed = dict(line.split(" ", 1) for line in tail.splitlines() if line.startswith("["))
    assert len(set(listed.values())) == len(listed)
    assert list(listed) == [f"[{number}]" for number in range(1, len(listed) + 1)]
    assert all(mark in body for mark in listed)


def test_the_same_address_has_one_number() -> None:
    references = References()
    assert [references.mark(url) for url in ("https://a.example", "https://b.example", "https://a.example", "")] == [
        " [1]",
        " [2]",
        " [1]",
        "",
    ]
    assert references.listing() == "[1] https://a.example\n[2] https://b.example"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("one two three", 7, "one two\nthree"),
        ("unbreakable", 4, "unbreakable"),
        ("新しい電車が走る。とても速い。", 12, "新しい電車が\n走る。とても\n速い。"),
        ("e\u0301te\u0301 e\u0301te\u0301", 4, "e\u0301te\u0301\ne\u0301te\u0301"),
        ("and 412 people [5]", 14, "and 412\npeople [5]"),
        ("about 31\u00a0000 people", 10, "about\n31\u00a0000\npeople"),
        ("", 10, ""),
    ],
)
def test_lines_break_where_their_script_allows(text: str, columns: int, expected: str) -> None:
    assert wrap(text, columns) == expected


@given(st.text(alphabet="abc dé新。 ", max_size=200), st.integers(4, 80))
def test_wrapping_loses_no_character(text: str, columns: int) -> None:
    assert wrap(text, columns).replace("\n", "").replace(" ", "") == text.replace(" ", "")


def test_a_reference_is_never_wrapped() -> None:
    line = "[12] https://example.org/" + "a-long-path/" * 10
    assert tidy(line) == line + "\n"
