"""What a library chose is found again among the lines of the page, glued or broken as it may come."""

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
    assert (chosen.lines, chosen.strangers) == ((1, 5), ())


def test_lines_glued_together_are_found_one_by_one() -> None:
    assert align(["Cell one | Cell two"], LINES).lines == (2, 3)
    assert align(["CELL ONECELL TWO"], LINES).lines == (2, 3)


def test_part_of_a_line_is_found_as_that_line() -> None:
    assert align(["of two sentences. Here is the second."], LINES).lines == (4,)


def test_a_text_that_the_page_does_not_show_is_a_stranger() -> None:
    assert align(["From a script, not from the page."], LINES).strangers == ("From a script, not from the page.",)


@given(st.lists(st.text(max_size=30), max_size=12), st.lists(st.text(max_size=30), max_size=12))
def test_any_texts_are_placed_in_order_or_are_strangers(texts: list[str], lines: list[str]) -> None:
    chosen = align(texts, lines)
    assert list(chosen.lines) == sorted(set(chosen.lines))
    assert all(0 <= index < len(lines) for index in chosen.lines)
    assert set(chosen.strangers) <= set(texts)
    assert not set(chosen.strangers) & set(lines)
