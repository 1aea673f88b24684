"""Numbers stay whole at the end of a line, and no line begins with a mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.breaks import with_no_break_spaces


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("6 400 habitants et 1 234 567 arbres", "6_400 habitants et 1_234_567 arbres"),
        ("En 2026 400 arbres", "En 2026_400 arbres"),
        ("le 3 mai 2026", "le 3 mai 2026"),
        ("22 % de plus, 12 € de moins, 30 °C", "22_% de plus, 12_€ de moins, 30_°C"),
        ("Qui ? Lui ! Voici : rien ; tout", "Qui_? Lui_! Voici_: rien_; tout"),
        ("« Carmen » à Lyon, dit-on. « Non ! »", "«_Carmen_» à Lyon, dit-on. «_Non_!_»"),
        ("Er sagte »Nein« und ging", "Er sagte »Nein« und ging"),
        ("sagte »Nein«, dann »Ja« laut", "sagte »Nein«, dann »Ja« laut"),
        ("a :-) smile costs $ 5", "a :-) smile costs $ 5"),
        ("", ""),
    ],
)
def test_what_belongs_together_stays_on_one_line(text: str, kept: str) -> None:
    assert with_no_break_spaces(text).replace("\u00a0", "_") == kept


@given(st.text(alphabet="ab12 %«»:;!?.\u00a0\n", max_size=60))
def test_nothing_else_changes(text: str) -> None:
    done = with_no_break_spaces(text)
    assert len(done) == len(text)
    assert done.replace("\u00a0", " ") == text.replace("\u00a0", " ")
    assert with_no_break_spaces(done) == done
