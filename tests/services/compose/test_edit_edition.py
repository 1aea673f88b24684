"""Edits of a stored edition: no overwriting, a full history, and undo."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest

from digest.bootstrap import App
from digest.collect.article import Article
from digest.compose.edit import Add, Drop, Edit, Move, Note, Pin, Retitle, Rewrite, Subject
from digest.compose.edition import Edition
from digest.errors import AlreadySent, ArticleError, EditConflict, EditionError, SettingsError
from digest.services.compose import edit_edition
from digest.store import Store
from tests.services.samples import MORNING, NEWS, NOW, Clock, address, app_of, article_of, bring, settings_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app(store: Store, tmp_path: Path, clock: Clock) -> App:
    bring(store, 0, 1, 2, 3, at=NOW - timedelta(hours=1))
    return app_of(settings_of(tmp_path), store, clock)


@pytest.fixture
def seen(app: App) -> Edition:
    edition, made = app.composing.compose("morning")
    assert made
    return edition


def addition(number: int, app: App, position: int = 0) -> Add:
    return edit_edition.added(article_of(number), "world", "World", position, now=app.clock())


def told(app: App) -> set[str]:
    return {row.title for row in app.context.store.ledger.since("morning", NOW - timedelta(days=9))}


def test_edit_stores_author_and_time_and_voids_approval(app: App, seen: Edition) -> None:
    first = seen.stories[0]
    app.subscriptions.add("ada@example.org", "morning")
    assert app.approving.approve(seen, "ada") == 1
    changed = app.editing.edit(app.editions.get(MORNING), Retitle(first.key, "A better title"), "bob")
    found = app.editions.get(MORNING)
    assert found.stories == changed.stories
    assert (found.state, found.version, found.approved_hash, found.approved_by) == ("in_review", 2, "", "")
    assert found.stories[0].title == "A better title"
    assert sum(app.context.store.deliveries.summary(MORNING).values()) == 0, (
        "who gets it is frozen again with the approval"
    )
    line = edit_edition.history(app.context.store, MORNING)[-1]
    assert (line.author, line.at, line.what, line.version) == ("bob", NOW, "retitle", 2)
    assert [(c.kind, c.before, c.after) for c in line.changes] == [("retitled", first.title, "A better title")]
    assert app.approving.approve(found, "ada") == 1


def test_ledger_follows_edits(app: App, seen: Edition) -> None:
    app.editing.edit(seen, Drop(seen.stories[0].key), "ada")
    app.editing.edit(app.editions.get(MORNING), addition(5, app), "ada")
    app.approving.approve(app.editions.get(MORNING), "ada")
    assert told(app) == {story.title for story in app.editions.get(MORNING).stories}
    assert NEWS[5][0] in told(app)
    assert seen.stories[0].title not in told(app)


def test_second_editor_gets_conflict_and_overwrites_nothing(app: App, seen: Edition) -> None:
    app.editing.edit(seen, Note("Ada's"), "ada")
    with pytest.raises(EditConflict, match="changed by somebody else"):
        app.editing.edit(seen, Note("Bob's"), "bob")
    with pytest.raises(EditConflict):
        app.editing.undo(seen, "bob")
    assert app.editions.get(MORNING).note == "Ada's"


def test_concurrent_edits_have_one_winner_and_conflicts(app: App, seen: Edition) -> None:
    start, lost = Barrier(4), []

    def write(name: str) -> None:
        start.wait()
        try:
            app.editing.edit(seen, Note(name), name)
        except EditConflict:
            lost.append(name)

    threads = [Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 3
    assert {*lost, app.editions.get(MORNING).note} == set("abcd")
    assert told(app) == set(), "a draft is nothing that readers were told"


def test_undo_reverts_edits_back_to_composed_edition(app: App, seen: Edition) -> None:
    first, second = seen.stories[0].key, seen.stories[1].key
    edits: list[Edit] = [Retitle(first, "Other"), Pin(second), Drop(first), Subject("Mine")]
    contents = [seen.content_hash]
    for wish in edits:
        contents.append(app.editing.edit(app.editions.get(MORNING), wish, "ada").content_hash)
    for expected in reversed(contents[:-1]):
        assert app.editing.undo(app.editions.get(MORNING), "bob").content_hash == expected
    with pytest.raises(EditionError, match="no edit is left to undo"):
        app.editing.undo(app.editions.get(MORNING), "bob")
    assert app.editions.get(MORNING).version == 9, "an undo is a change like any other"
    assert [line.what for line in edit_edition.history(app.context.store, MORNING)][-4:] == ["undo"] * 4


def test_move_needs_section_of_edition_or_newsletter(tmp_path: Path, store: Store) -> None:
    more = '[topics.culture]\ntitle = "Arts and letters"\nfeeds = ["https://c.example/feed"]\n'
    bring(store, 0, 1, at=NOW - timedelta(hours=1))
    app = app_of(settings_of(tmp_path, more, topics='["world", "culture"]'), store, Clock())
    seen, _ = app.composing.compose("morning")
    with pytest.raises(SettingsError, match=r"no topic 'wrold'; it has: world, culture"):
        app.editing.edit(seen, Move(seen.stories[0].key, "wrold"), "ada")
    changed = app.editing.edit(seen, Move(seen.stories[0].key, "culture"), "ada")
    assert [section.title for section in changed.sections] == ["World", "Arts and letters"]


def test_edit_after_undo_continues_from_reverted_content(app: App, seen: Edition) -> None:
    for wish in (Note("one"), Note("two")):
        app.editing.edit(app.editions.get(MORNING), wish, "ada")
    app.editing.undo(app.editions.get(MORNING), "ada")
    app.editing.edit(app.editions.get(MORNING), Note("three"), "ada")
    assert app.editing.undo(app.editions.get(MORNING), "ada").note == "one"
    assert app.editing.undo(app.editions.get(MORNING), "ada").content_hash == seen.content_hash


def test_late_insert_keeps_approval_and_is_recorded(app: App, seen: Edition, clock: Clock) -> None:
    app.subscriptions.add("ada@example.org", "morning")
    app.approving.approve(seen, "ada")
    clock.moment = seen.send_at - timedelta(minutes=3)
    after = app.editing.insert_late(app.editions.get(MORNING), addition(6, app), "bob")
    found = app.editions.get(MORNING)
    assert (found.state, found.approved_by, found.approved_hash) == ("approved", "bob", after.content_hash)
    assert found.stories[0].title == NEWS[6][0]
    assert sum(app.context.store.deliveries.summary(MORNING).values()) == 1
    line = next(line for line in edit_edition.history(app.context.store, MORNING) if line.what == "late insert")
    assert (line.author, line.at) == ("bob", clock.moment)
    assert [(c.kind, c.title, c.after) for c in line.changes] == [("added", NEWS[6][0], "World 1")]
    assert edit_edition.changes_since_approval(app.context.store, found) == line.changes
    with pytest.raises(EditionError, match=r"had its late insert, by bob at 05:57 UTC: there is one at most"):
        app.editing.insert_late(found, addition(7, app), "cyd")
    clock.moment = seen.send_at
    assert app.sending.deliver(app.editions.get(MORNING)).counts == {"accepted": 1}
    [mail] = (app.settings.folder / "outbox" / MORNING).glob("*.eml")
    assert NEWS[6][0].encode() in mail.read_bytes()


def test_late_insert_needs_approved_unsent_edition(app: App, seen: Edition) -> None:
    with pytest.raises(EditionError, match="add the story as an ordinary edit"):
        app.editing.insert_late(seen, addition(6, app), "bob")
    app.approving.approve(seen, "ada")
    approved = app.editions.get(MORNING)
    app.context.store.editions.set_state(MORNING, ["approved"], "sending", now=NOW)
    with pytest.raises(AlreadySent):
        app.editing.insert_late(approved, addition(6, app), "bob")
    with pytest.raises(AlreadySent):
        app.editing.edit(approved, Note("too late"), "bob")
    with pytest.raises(AlreadySent):
        app.editing.insert_late(app.editions.get(MORNING), addition(6, app), "bob")


def test_late_insert_after_edit_is_conflict(app: App, seen: Edition) -> None:
    app.approving.approve(seen, "ada")
    approved = app.editions.get(MORNING)
    app.editing.edit(approved, Note("meanwhile"), "cyd")
    with pytest.raises(EditConflict):
        app.editing.insert_late(approved, addition(6, app), "bob")


def test_add_refuses_article_already_in_edition(app: App, seen: Edition) -> None:
    with pytest.raises(EditionError, match="already has"):
        app.editing.edit(seen, addition(1, app), "ada")
    with pytest.raises(ArticleError):
        edit_edition.added(Article("https://x.example/", "", ""), "world", "World", now=NOW)


def test_history_lists_authors_and_operations(app: App, seen: Edition) -> None:
    app.editing.edit(seen, Rewrite(seen.stories[0].key, "Shorter."), "ada")
    app.approving.approve(app.editions.get(MORNING), "bob")
    lines = edit_edition.history(app.context.store, MORNING)
    assert [(line.version, line.author, line.what) for line in lines] == [
        (1, "command", "create"),
        (2, "ada", "rewrite"),
        (2, "bob", "approve"),
    ]
    assert [c.kind for c in edit_edition.changes_since(app.context.store, app.editions.get(MORNING), 1)] == [
        "rewritten"
    ]
    assert edit_edition.changes_since(app.context.store, app.editions.get(MORNING), 2) == ()
    with pytest.raises(EditionError, match="no version 7"):
        edit_edition.changes_since(app.context.store, app.editions.get(MORNING), 7)
    assert json.loads(app.context.store.editions.versions(MORNING)[1].action)["lead"] == "Shorter."
    assert address(0) not in app.context.store.editions.versions(MORNING)[1].action
