"""The desk: edits on a stored edition: nothing overwritten, everything on record, everything can be taken back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from digest.bootstrap import House
from digest.collect.article import Article
from digest.compose.edit import Add, Drop, Edit, Move, Note, Pin, Retitle, Rewrite, Subject
from digest.compose.edition import Edition
from digest.errors import AlreadySent, ArticleError, EditConflict, EditionError, SettingsError
from digest.services import edit_edition
from digest.store import Store
from tests.services.samples import MORNING, NEWS, NOW, Clock, address, article_of, bring, house_of, settings_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(store: Store, tmp_path: Path, clock: Clock) -> House:
    bring(store, 0, 1, 2, 3, at=NOW - timedelta(hours=1))
    return house_of(settings_of(tmp_path), store, clock)


@pytest.fixture
def seen(home: House) -> Edition:
    edition, made = home.compose("morning")
    assert made
    return edition


def addition(number: int, home: House, position: int = 0) -> Add:
    return edit_edition.added(article_of(number), "world", "World", position, now=home.clock())


def told(home: House) -> set[str]:
    return {row.title for row in home.store.editions.told("morning", NOW - timedelta(days=9))}


def test_an_edit_is_stored_with_author_and_time_and_voids_the_approval(home: House, seen: Edition) -> None:
    first = seen.stories[0]
    home.subscribe("ada@example.org", "morning")
    assert home.approve(seen, "ada") == 1
    changed = home.desk.edit(home.edition(MORNING), Retitle(first.key, "A better title"), "bob")
    found = home.edition(MORNING)
    assert found.stories == changed.stories
    assert (found.state, found.version, found.approved_hash, found.approved_by) == ("in_review", 2, "", "")
    assert found.stories[0].title == "A better title"
    assert sum(home.store.deliveries.summary(MORNING).values()) == 0, "who gets it is frozen again with the approval"
    line = edit_edition.history(home.store, MORNING)[-1]
    assert (line.author, line.at, line.what, line.version) == ("bob", NOW, "retitle", 2)
    assert [(c.kind, c.before, c.after) for c in line.changes] == [("retitled", first.title, "A better title")]
    assert home.approve(found, "ada") == 1


def test_the_ledger_holds_what_the_edition_prints_after_its_edits(home: House, seen: Edition) -> None:
    home.desk.edit(seen, Drop(seen.stories[0].key), "ada")
    home.desk.edit(home.edition(MORNING), addition(5, home), "ada")
    home.approve(home.edition(MORNING), "ada")
    assert told(home) == {story.title for story in home.edition(MORNING).stories}
    assert NEWS[5][0] in told(home)
    assert seen.stories[0].title not in told(home)


def test_the_second_of_two_editors_gets_a_conflict_and_overwrites_nothing(home: House, seen: Edition) -> None:
    home.desk.edit(seen, Note("Ada's"), "ada")
    with pytest.raises(EditConflict, match="changed by somebody else"):
        home.desk.edit(seen, Note("Bob's"), "bob")
    with pytest.raises(EditConflict):
        home.desk.undo(seen, "bob")
    assert home.edition(MORNING).note == "Ada's"


def test_of_editors_at_the_same_moment_one_wins_and_all_others_know(home: House, seen: Edition) -> None:
    start, lost = Barrier(4), []

    def write(name: str) -> None:
        start.wait()
        try:
            home.desk.edit(seen, Note(name), name)
        except EditConflict:
            lost.append(name)

    threads = [Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 3
    assert {*lost, home.edition(MORNING).note} == set("abcd")
    assert told(home) == set(), "a draft is nothing that readers were told"


def test_undo_takes_back_edit_after_edit_to_the_edition_as_composed(home: House, seen: Edition) -> None:
    first, second = seen.stories[0].key, seen.stories[1].key
    edits: list[Edit] = [Retitle(first, "Other"), Pin(second), Drop(first), Subject("Mine")]
    contents = [seen.content_hash]
    for wish in edits:
        contents.append(home.desk.edit(home.edition(MORNING), wish, "ada").content_hash)
    for expected in reversed(contents[:-1]):
        assert home.desk.undo(home.edition(MORNING), "bob").content_hash == expected
    with pytest.raises(EditionError, match="no edit is left to undo"):
        home.desk.undo(home.edition(MORNING), "bob")
    assert home.edition(MORNING).version == 9, "an undo is a change like any other"
    assert [line.what for line in edit_edition.history(home.store, MORNING)][-4:] == ["undo"] * 4


def test_a_story_moves_to_a_section_that_edition_or_newsletter_has(tmp_path: Path, store: Store) -> None:
    more = '[topics.culture]\ntitle = "Arts and letters"\nfeeds = ["https://c.example/feed"]\n'
    bring(store, 0, 1, at=NOW - timedelta(hours=1))
    home = house_of(settings_of(tmp_path, more, topics='["world", "culture"]'), store, Clock())
    seen, _ = home.compose("morning")
    with pytest.raises(SettingsError, match=r"no topic 'wrold'; it has: world, culture"):
        home.desk.edit(seen, Move(seen.stories[0].key, "wrold"), "ada")
    changed = home.desk.edit(seen, Move(seen.stories[0].key, "culture"), "ada")
    assert [section.title for section in changed.sections] == ["World", "Arts and letters"]


def test_after_an_undo_new_edits_go_on_from_there(home: House, seen: Edition) -> None:
    for wish in (Note("one"), Note("two")):
        home.desk.edit(home.edition(MORNING), wish, "ada")
    home.desk.undo(home.edition(MORNING), "ada")
    home.desk.edit(home.edition(MORNING), Note("three"), "ada")
    assert home.desk.undo(home.edition(MORNING), "ada").note == "one"
    assert home.desk.undo(home.edition(MORNING), "ada").content_hash == seen.content_hash


def test_one_late_insert_keeps_the_approval_and_is_on_record(home: House, seen: Edition, clock: Clock) -> None:
    home.subscribe("ada@example.org", "morning")
    home.approve(seen, "ada")
    clock.moment = seen.send_at - timedelta(minutes=3)
    after = home.desk.insert_late(home.edition(MORNING), addition(6, home), "bob")
    found = home.edition(MORNING)
    assert (found.state, found.approved_by, found.approved_hash) == ("approved", "bob", after.content_hash)
    assert found.stories[0].title == NEWS[6][0]
    assert sum(home.store.deliveries.summary(MORNING).values()) == 1
    line = next(line for line in edit_edition.history(home.store, MORNING) if line.what == "late insert")
    assert (line.author, line.at) == ("bob", clock.moment)
    assert [(c.kind, c.title, c.after) for c in line.changes] == [("added", NEWS[6][0], "World 1")]
    assert edit_edition.changes_since_approval(home.store, found) == line.changes
    with pytest.raises(EditionError, match=r"had its late insert, by bob at 05:57 UTC: there is one at most"):
        home.desk.insert_late(found, addition(7, home), "cyd")
    clock.moment = seen.send_at
    assert home.dispatch.deliver(home.edition(MORNING)).counts == {"accepted": 1}
    [mail] = (home.settings.folder / "outbox" / MORNING).glob("*.eml")
    assert NEWS[6][0].encode() in mail.read_bytes()


def test_a_late_insert_is_for_what_is_approved_and_not_yet_on_its_way(home: House, seen: Edition) -> None:
    with pytest.raises(EditionError, match="add the story as an ordinary edit"):
        home.desk.insert_late(seen, addition(6, home), "bob")
    home.approve(seen, "ada")
    approved = home.edition(MORNING)
    home.store.editions.set_state(MORNING, ["approved"], "sending", now=NOW)
    with pytest.raises(AlreadySent):
        home.desk.insert_late(approved, addition(6, home), "bob")
    with pytest.raises(AlreadySent):
        home.desk.edit(approved, Note("too late"), "bob")
    with pytest.raises(AlreadySent):
        home.desk.insert_late(home.edition(MORNING), addition(6, home), "bob")


def test_a_late_insert_against_an_edit_is_a_conflict(home: House, seen: Edition) -> None:
    home.approve(seen, "ada")
    approved = home.edition(MORNING)
    home.desk.edit(approved, Note("meanwhile"), "cyd")
    with pytest.raises(EditConflict):
        home.desk.insert_late(approved, addition(6, home), "bob")


def test_an_article_that_is_there_is_not_added_twice(home: House, seen: Edition) -> None:
    with pytest.raises(EditionError, match="already has"):
        home.desk.edit(seen, addition(1, home), "ada")
    with pytest.raises(ArticleError):
        edit_edition.added(Article("https://x.example/", "", ""), "world", "World", now=NOW)


def test_the_history_tells_who_did_what_since_it_was_composed(home: House, seen: Edition) -> None:
    home.desk.edit(seen, Rewrite(seen.stories[0].key, "Shorter."), "ada")
    home.approve(home.edition(MORNING), "bob")
    lines = edit_edition.history(home.store, MORNING)
    assert [(line.version, line.author, line.what) for line in lines] == [
        (1, "command", "create"),
        (2, "ada", "rewrite"),
        (2, "bob", "approve"),
    ]
    assert [c.kind for c in edit_edition.changes_since(home.store, home.edition(MORNING), 1)] == ["rewritten"]
    assert edit_edition.changes_since(home.store, home.edition(MORNING), 2) == ()
    with pytest.raises(EditionError, match="no version 7"):
        edit_edition.changes_since(home.store, home.edition(MORNING), 7)
    assert json.loads(home.store.editions.versions(MORNING)[1].action)["lead"] == "Shorter."
    assert address(0) not in home.store.editions.versions(MORNING)[1].action
