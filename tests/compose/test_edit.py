"""Edits: values that give a new edition, void approvals, and can be undone one by one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.edit import Add, Change, Drop, Edit, Move, Note, Pin, Retitle, Rewrite, Subject, apply, undone
from digest.compose.edition import Edition, approved
from digest.errors import AlreadySent, EditionError
from tests.compose.samples import edition, story

NOW = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


def order(at: Edition) -> list[tuple[str, list[str]]]:
    return [(section.topic, [s.key for s in section.stories]) for section in at.sections]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (Move("b", "world", 0), [("world", ["b", "a"]), ("culture", ["c"])]),
        (Move("a", "culture", 9), [("world", ["b"]), ("culture", ["c", "a"])]),
        (Move("c", "world", 1), [("world", ["a", "c", "b"])]),
        (Move("c", "culture", 0), [("world", ["a", "b"]), ("culture", ["c"])]),
        (Drop("c"), [("world", ["a", "b"])]),
        (Pin("c"), [("culture", ["c"]), ("world", ["a", "b"])]),
        (Pin("b"), [("world", ["b", "a"]), ("culture", ["c"])]),
        (Add(story("d"), "sport", "Sport"), [("world", ["a", "b"]), ("culture", ["c"]), ("sport", ["d"])]),
        (Add(story("d"), "world", "World", 1), [("world", ["a", "d", "b"]), ("culture", ["c"])]),
    ],
)
def test_an_edit_puts_stories_where_it_says(edit: Edit, expected: list[tuple[str, list[str]]]) -> None:
    assert order(apply(edition(), edit)) == expected


def test_words_are_changed_and_nothing_else() -> None:
    at = edition()
    for edit in (Retitle("a", " New "), Rewrite("a", "Better."), Note("Mind this", "a"), Note("Day"), Subject("S")):
        at = apply(at, edit)
    assert at.stories[0] == story("a", title="New", lead="Better.", note="Mind this")
    assert (at.note, at.subject, at.stories[1], at.version) == ("Day", "S", story("b"), 6)


def test_any_edit_voids_the_approval() -> None:
    at = edition()
    done = apply(approved(at, at.content_hash, "ada"), Drop("a"))
    assert (done.state, done.approved_hash, done.approved_by) == ("in_review", "", "")
    assert done.content_hash != at.content_hash


@pytest.mark.parametrize(
    "edit",
    [Drop("zz"), Move("zz", "world"), Pin("zz"), Retitle("a", "  "), Rewrite("a", ""), Add(story("a"), "w", "W")],
)
def test_an_impossible_edit_is_refused_with_the_reason(edit: Edit) -> None:
    with pytest.raises(EditionError, match=r"no story|cannot be empty|already has"):
        apply(edition(), edit)


def test_nothing_changes_an_edition_that_has_left_the_desk() -> None:
    with pytest.raises(AlreadySent):
        apply(edition(state="sending"), Drop("a"))


EDITS = st.sampled_from(
    [
        Drop("a"),
        Drop("b"),
        Pin("c"),
        Move("c", "world"),
        Retitle("b", "X"),
        Note("n"),
        Move("a", "culture"),
        Subject("S"),
    ]
)


@given(st.lists(EDITS, min_size=1, max_size=8))
def test_undo_takes_back_exactly_the_last_edit(edits: list[Edit]) -> None:
    original = edition()
    states, changes = [original], []
    for edit in edits:
        try:
            states.append(apply(states[-1], edit))
        except EditionError:
            continue
        changes.append(Change(states[-1].version, "ada", NOW, edit))
    while changes:
        back = undone(original, changes)
        assert back.content_hash == states[len(changes) - 1].content_hash
        assert back.version > states[len(changes)].version - 1
        changes.pop()
