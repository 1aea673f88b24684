"""Edits: values that give a new edition and void approvals."""

import pytest

from digest.compose.edit import Add, Drop, Edit, Move, Note, Pin, Retitle, Rewrite, Subject, apply
from digest.compose.edition import Edition, approved
from digest.errors import AlreadySent, EditionError
from tests.compose.samples import edition, story


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


def test_what_an_editor_writes_is_cleaned_of_what_nobody_sees_and_no_header_may_hold() -> None:
    at = edition()
    dirty = "New\r\nBcc: x\x00 \u202eend"
    for edit in (Retitle("a", dirty), Rewrite("a", dirty), Note(dirty, "a"), Note(dirty), Subject(dirty)):
        at = apply(at, edit)
    first = at.stories[0]
    assert (first.title, at.subject) == ("New Bcc: x end", "New Bcc: x end")
    assert first.lead == first.note == at.note == "New\nBcc: x end"
    with pytest.raises(EditionError, match="cannot be empty"):
        apply(at, Retitle("a", "\x00\u200b"))


def test_a_section_that_a_move_makes_has_the_title_it_is_given() -> None:
    assert apply(edition(), Move("a", "sport", 0, "Sport")).sections[-1].title == "Sport"
    assert apply(edition(), Move("a", "culture", 0, "Other")).sections[-1].title == "Culture"
