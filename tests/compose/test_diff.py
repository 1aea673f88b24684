"""The difference of two contents: every change told, and none that is not there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.diff import difference
from digest.compose.edit import Add, Drop, Edit, Move, Note, Pin, Retitle, Rewrite, Subject, apply
from tests.compose.samples import edition, story


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (Drop("a"), ("dropped", "a", "World 1", "")),
        (Add(story("d"), "culture", "Culture", 1), ("added", "d", "", "Culture 2")),
        (Move("a", "culture", 1), ("moved", "a", "World 1", "Culture 2")),
        (Retitle("a", "New"), ("retitled", "a", "Title a", "New")),
        (Rewrite("a", "New."), ("rewritten", "a", "Lead a.", "New.")),
        (Note("Mind", "a"), ("noted", "a", "", "Mind")),
        (Note("Day"), ("note", "", "", "Day")),
        (Subject("S"), ("subject", "", "", "S")),
    ],
)
def test_each_edit_is_told_as_what_it_is(wish: Edit, expected: tuple[str, str, str, str]) -> None:
    [found] = difference(edition(), apply(edition(), wish))
    assert (found.kind, found.story, found.before, found.after) == expected


def test_a_new_order_is_told_by_the_fewest_moves() -> None:
    long = edition()
    for key in "fed":
        long = apply(long, Add(story(key), "world", "World", 2))
    assert [s.key for s in long.sections[0].stories] == ["a", "b", "d", "e", "f"]
    moved = difference(long, apply(long, Move("f", "world", 0)))
    assert [(c.kind, c.story) for c in moved] == [("moved", "f")]


def test_a_section_that_changed_its_place_is_told_by_its_first_story() -> None:
    [found] = difference(edition(), apply(edition(), Pin("c")))
    assert found.kind == "moved"


KEYS = st.sampled_from(["a", "b", "c"])


@given(
    st.lists(
        st.one_of(
            st.builds(Move, KEYS, st.sampled_from(["world", "culture", "new"]), st.integers(0, 3)),
            st.builds(Pin, KEYS),
            st.builds(Retitle, KEYS, st.sampled_from(["x", "y"])),
        ),
        max_size=6,
    )
)
def test_nothing_is_told_exactly_where_readers_see_the_same(edits: list[Edit]) -> None:
    after = edition()
    for wish in edits:
        after = apply(after, wish)
    assert difference(edition(), edition()) == ()
    same = [(s.topic, s.stories) for s in after.sections] == [(s.topic, s.stories) for s in edition().sections]
    assert (difference(edition(), after) == ()) is same
