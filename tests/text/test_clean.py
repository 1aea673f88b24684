"""Foreign text is safe to keep: nothing that turns, hides or breaks what stands beside it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from digest.text.clean import one_line, plain


def test_controls_surrogates_noncharacters_and_bidi_controls_go_and_the_rest_stays() -> None:
    assert plain("a\x00b\x1bc\x85d\x7fe\ud800f\ufffeg\ufdd0h\u202ei\u2066j\ufeffk") == "abcdefghijk"
    assert plain("tab\tline\r\nnext\rlast") == "tab\tline\nnext\nlast"
    persian, family, hebrew = "می\u200cخواهم", "👩\u200d👧", "\u200fשלום"
    assert plain(persian + family + hebrew) == persian + family + hebrew


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert one_line("  Two\n\nlines\u00a0and\u3000blanks ") == "Two lines and blanks"
    assert one_line("soft\u00adhyphen and zero\u200bwidth") == "softhyphen and zerowidth"
    assert one_line("x" * 50 + " yz", 52) == "x" * 50 + " y"
    assert one_line("x y", 2) == "x"


@given(st.text(st.characters(), max_size=200))
def test_what_is_left_can_be_stored_and_shown_anywhere(text: str) -> None:
    clean = plain(text)
    assert clean.encode("utf-8") is not None
    assert plain(clean) == clean
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in clean if c not in "\t\n")
    assert "\n" not in one_line(text)
