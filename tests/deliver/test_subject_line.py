"""Subject and preheader: short, and the news first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.subject_line import preheader, shorten, subject


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Harbour railway to reopen", "Harbour railway to reopen"),
        ("x" * 60, "x" * 60),
        ("Trains are back in the harbour at last. Council voted late on Sunday after a campaign", None),
        ("Glacier lake drains overnight as villages sleep, 412 people are safe", "…"),
        ("Council votes after a two-year campaign to reopen the railway along the harbour", "…"),
        ("« Nous avons entendu la montagne » : un lac glaciaire se vide en une nuit entière", "…"),
    ],
)
def test_a_subject_is_the_top_title_or_its_beginning(title: str, expected: str | None) -> None:
    made = subject("", [title, "another"], "The Morning")
    if expected == "…":
        assert made.endswith("…")
        assert title.startswith(made[:-1])
        assert 33 <= len(made) <= 60
    else:
        assert made == (expected or "Trains are back in the harbour at last.")


def test_an_editors_subject_wins_and_an_empty_day_has_the_newsletters_name() -> None:
    assert subject("Our own words", ["A title"], "The Morning") == "Our own words"
    assert subject("", [], "The Morning") == "The Morning"


@given(st.text(max_size=300), st.integers(1, 100))
def test_nothing_is_ever_longer_than_its_room(text: str, room: int) -> None:
    assert len(shorten(text, room)) <= room


@pytest.mark.parametrize(
    ("titles", "leads", "expected"),
    [
        (
            ["Top", "Second story of the day", "Third story of the day", "Fourth one"],
            ["lead"],
            "Second story of the day · Third story of the day · Fourth one",
        ),
        (
            ["Top"],
            ["The lead of the only story."],
            "The lead of the only story. · 4 stories, 6 minutes · Monday, 23 November 2026",
        ),
        (["Top"], [""], "4 stories, 6 minutes · Monday, 23 November 2026 · The Morning"),
        (["Top", "word " * 40], [], "word " * 16 + "word…"),
    ],
)
def test_a_preheader_tells_what_the_subject_does_not(titles: list[str], leads: list[str], expected: str) -> None:
    made = preheader(titles, leads, "4 stories, 6 minutes", "Monday, 23 November 2026", "The Morning")
    assert made == expected
    assert 40 <= len(made) <= 90


@given(st.lists(st.text(min_size=1, max_size=200), max_size=6), st.lists(st.text(max_size=300), max_size=1))
def test_a_preheader_always_has_40_to_90_characters(titles: list[str], leads: list[str]) -> None:
    made = preheader(titles, leads, "4 stories, 6 minutes", "Monday, 23 November 2026", "The Morning")
    assert 40 <= len(made) <= 90
