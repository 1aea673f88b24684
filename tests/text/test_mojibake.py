"""Text that was decoded wrongly once is repaired; text that only looks a little like it stays."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.mojibake import repaired

BROKEN = [
    ("Die BÃ¼hne fÃ¼r die MÃ¤rchen Ã¶ffnet", "Die Bühne für die Märchen öffnet"),
    ("The mayorâ€™s plan", "The mayor’s plan"),
    ("trÃ¨s tÃ´t, Ã lâ€™Ã©cole", "très tôt, à l’école"),
    ("ÐŸÐ»Ð°Ð½ Ð³Ð¾Ñ€Ð¾Ð´Ð°", "План города"),
]
WHOLE = [
    "Le café « déjà » l’été",
    "NÃO É MANHû",
    "“IRMû e MANHû",
    "Ärger über Öl",
    "Приветственное слово",
    "Ålesund",
    "",
]


@pytest.mark.parametrize(("broken", "whole"), BROKEN)
def test_utf8_read_as_windows_1252_is_read_again(broken: str, whole: str) -> None:
    assert repaired(broken) == whole


@pytest.mark.parametrize("text", WHOLE)
def test_a_text_that_is_whole_stays(text: str) -> None:
    assert repaired(text) == text


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert len(repaired(text)) <= len(text)


def test_mending_is_linear() -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        repaired("Ã¼â€™Ã " * count)
        return time.process_time() - start

    assert seconds(200_000) < 60 * max(seconds(10_000), 0.002)
