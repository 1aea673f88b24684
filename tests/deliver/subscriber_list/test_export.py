"""Exported cells: harmless in a spreadsheet, and read back unchanged."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.subscriber_list.export import with_guard, without_guard


@given(st.text(alphabet="'=+-@\t\r\na1 ", max_size=6) | st.text())
def test_guard_is_taken_off_again(cell: str) -> None:
    assert without_guard(with_guard(cell)) == cell


def test_formula_is_guarded_and_text_is_not() -> None:
    assert with_guard('=HYPERLINK("http://evil.example")') == '\'=HYPERLINK("http://evil.example")'
    assert [with_guard(cell) for cell in ("+1", "-1", "@a", "\t=1", "Ada", "O'Hara", "'tis")] == [
        "'+1", "'-1", "'@a", "'\t=1", "Ada", "O'Hara", "'tis",
    ]  # fmt: skip
