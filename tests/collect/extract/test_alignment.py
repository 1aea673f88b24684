"""Extracted text is matched with the lines of the page, also when lines were joined or split."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract.alignment import align

LINES = [
    "Home",
    "A first sentence.",
    "Cell one",
    "Cell two",
    "A much longer paragraph, of two sentences. Here is the second.",
    "Home",
]


def test_whole_lines_are_found_in_order() -> None:
    chosen = align(["A first sentence.", "Home"], LINES)
    assert (chosen.lines, chosen.unmatched) == ((1, 5), ())


def test_joined_lines_are_matched_one_by_one() -> None:
    assert align(["Cell one | Cell two"], LINES).lines == (2, 3)
    assert align(["CELL ONECELL TWO"], LINES).lines == (2, 3)


def test_part_of_a_line_is_found_as_that_line() -> None:
    assert align(["of two sentences. Here is the second."], LINES).lines == (4,)


def test_text_that_the_page_does_not_show_is_unmatched() -> None:
    assert align(["From a script, not from the page."], LINES).unmatched == ("From a script, not from the page.",)


@given(st.lists(st.text(max_size=30), max_size=12), st.lists(st.text(max_size=30), max_size=12))
def test_any_texts_are_matched_in_order_or_unmatched(texts: list[str], lines: list[str]) -> None:
    chosen = align(texts, lines)
    assert list(chosen.lines) == sorted(set(chosen.lines))
    assert all(0 <= index < len(lines) for index in chosen.lines)
    assert set(chosen.unmatched) <= set(texts)
    assert not set(chosen.unmatched) & set(lines)
