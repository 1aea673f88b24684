"""Editions: whole and exact, one editor at a time, approval bound to content, nothing forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from digest.compose.edition import Edition, frozen
from digest.errors import AlreadySent, EditConflict, EditionError
from digest.store import Store
from digest.store.ledger import LedgerRow
from tests.store.samples import NOW, edition, minutes, stored_edition


def retitled(before: Edition, title: str) -> Edition:
    """An edit as the pure part makes it: one version up, any approval void."""
    return frozen(replace(before, title=title, version=before.version + 1, state="in_review", approved_hash=""))


def test_an_edition_comes_back_exactly(store: Store) -> None:
    made = edition()
    store.editions.create(made, '{"why": "ü"}', now=NOW, author="schedule")
    assert store.editions.get(made.id) == replace(made, created_at=NOW)
    assert store.editions.why(made.id) == '{"why": "ü"}'
    assert store.editions.get("unknown") is None
    assert store.editions.why("unknown") is None


def test_an_edition_and_what_it_tells_are_stored_together_or_not_at_all(store: Store) -> None:
    made = edition(state="approved")
    rows = [LedgerRow("a", "https://h.test/a", "Title", "Lead", "{}")]
    store.editions.create(made, "{}", now=NOW, ledger=rows)
    assert [told.story_key for told in store.ledger.since("morning", NOW)] == ["a"]
    with pytest.raises(EditConflict):
        store.editions.create(edition(title="Another"), "{}", now=NOW, ledger=[])
    with pytest.raises(EditConflict):
        store.editions.save(retitled(made, "Late"), 7, "ada", "{}", now=NOW, ledger=[])
    assert [told.story_key for told in store.ledger.since("morning", NOW)] == ["a"]
    store.editions.save(replace(made, version=2), 1, "ada", "{}", now=NOW, ledger=[rows[0]._replace(story_key="b")])
    assert [told.story_key for told in store.ledger.since("morning", NOW)] == ["b"]


def test_a_slot_has_one_edition(store: Store) -> None:
    stored_edition(store)
    with pytest.raises(EditConflict, match="has an edition already"):
        store.editions.create(edition(title="Another"), "{}", now=NOW)
    with pytest.raises(EditConflict):
        store.editions.create(edition(id="other-id"), "{}", now=NOW)
    found = store.editions.get(edition().id)
    assert found is not None
    assert found.title == "The Morning"


def test_an_edit_replaces_the_content_and_enters_the_history(store: Store) -> None:
    made = stored_edition(store, "in_review")
    store.editions.save(retitled(made, "Better"), 1, "ada", '{"do": "retitle"}', now=minutes(1))
    found = store.editions.get(made.id)
    assert found is not None
    assert (found.title, found.version) == ("Better", 2)
    first, second = store.editions.versions(made.id)
    assert (first.version, first.edition) == (1, made)
    assert (second.version, second.author, second.at, second.action) == (2, "ada", minutes(1), '{"do": "retitle"}')
    assert second.edition is not None
    assert second.edition.title == "Better"


def test_two_editors_at_once_get_a_conflict_and_nothing_is_overwritten(store: Store) -> None:
    made = stored_edition(store, "in_review")
    start, conflicts = Barrier(2), []

    def edit(name: str) -> None:
        start.wait()
        try:
            store.editions.save(retitled(made, name), 1, name, "{}", now=NOW)
        except EditConflict as conflict:
            conflicts.append((name, str(conflict)))

    threads = [Thread(target=edit, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((loser, message),) = conflicts
    found = store.editions.get(made.id)
    assert found is not None
    assert {found.title, loser} == {"ada", "bob"}
    assert "version 2, you had 1" in message
    assert len(store.editions.versions(made.id)) == 2


def test_the_content_of_what_is_out_cannot_change(store: Store) -> None:
    made = stored_edition(store, "sent")
    with pytest.raises(AlreadySent, match="is sent"):
        store.editions.save(retitled(made, "Late"), 1, "ada", "{}", now=NOW)
    assert len(store.editions.versions(made.id)) == 1


def test_a_cancelled_or_unknown_edition_is_no_conflict_but_said_plainly(store: Store) -> None:
    made = stored_edition(store, "cancelled")
    with pytest.raises(EditionError, match="is cancelled"):
        store.editions.save(retitled(made, "Late"), 1, "ada", "{}", now=NOW)
    with pytest.raises(EditionError, match="there is no edition 'nothing'"):
        store.editions.save(replace(made, id="nothing"), 1, "ada", "{}", now=NOW)


def test_approval_names_the_content_it_saw(store: Store) -> None:
    made = stored_edition(store, "in_review")
    edited = retitled(made, "Better")
    store.editions.save(edited, 1, "ada", "{}", now=NOW)
    with pytest.raises(EditConflict):
        store.editions.approve(made.id, made.content_hash, "bob", now=minutes(1))
    store.editions.approve(made.id, edited.content_hash, "bob", now=minutes(2))
    found = store.editions.get(made.id)
    assert found is not None
    assert (found.state, found.approved_hash, found.approved_by) == ("approved", edited.content_hash, "bob")
    assert json.loads(store.editions.versions(made.id)[-1].action)["do"] == "approve"
    with pytest.raises(EditionError, match="there is no edition 'nothing'"):
        store.editions.approve("nothing", "x", "bob", now=NOW)


def test_an_edit_voids_the_approval(store: Store) -> None:
    made = stored_edition(store, "in_review")
    approved = store.editions.approve(made.id, made.content_hash, "bob", now=NOW)
    store.editions.save(retitled(approved, "Changed"), 1, "ada", "{}", now=minutes(1))
    found = store.editions.get(made.id)
    assert found is not None
    assert (found.state, found.approved_hash) == ("in_review", "")


def test_the_state_moves_only_from_where_it_was_expected(store: Store) -> None:
    made = stored_edition(store, "approved")
    assert store.editions.set_state(made.id, ["approved"], "sending", now=NOW)
    assert not store.editions.set_state(made.id, ["approved"], "sending", now=NOW)
    assert store.editions.set_state(made.id, ["sending"], "paused", "550 blocked", now=minutes(1), author="deliver")
    found = store.editions.get(made.id)
    assert found is not None
    assert (found.state, found.reason, found.version) == ("paused", "550 blocked", 1)
    last = store.editions.versions(made.id)[-1]
    assert json.loads(last.action) == {"do": "state", "from": "sending", "to": "paused", "reason": "550 blocked"}
    assert (last.author, last.edition) == ("deliver", None)


def test_a_state_change_by_the_schedule_does_not_disturb_an_editor(store: Store) -> None:
    made = stored_edition(store, "draft")
    store.editions.set_state(made.id, ["draft"], "in_review", now=NOW)
    store.editions.note(made.id, "schedule", '{"do": "remind"}', now=NOW)
    store.editions.save(retitled(made, "Mine"), 1, "ada", "{}", now=minutes(1))
    assert [record.version for record in store.editions.versions(made.id)] == [1, 1, 1, 2]


def test_editions_are_listed_by_newsletter_newest_first_and_by_state(store: Store) -> None:
    for day, state in ((24, "sent"), (25, "approved"), (26, "draft")):
        local = f"2026-11-{day}T07:00"
        send_at = minutes((day - 24) * 1440)
        stored_edition(store, state, id=f"morning-{day}", slot=local, send_at=send_at)  # type: ignore[arg-type]
    stored_edition(store, "draft", id="evening-24", newsletter="evening", send_at=minutes(720))
    assert [found.id for found in store.editions.recent("morning", limit=2)] == ["morning-26", "morning-25"]
    assert [found.id for found in store.editions.recent()] == ["morning-26", "morning-25", "evening-24", "morning-24"]
    assert [found.id for found in store.editions.in_state("draft", "approved")] == [
        "evening-24",
        "morning-25",
        "morning-26",
    ]


def test_who_approves_second_changes_nothing(store: Store) -> None:
    made = stored_edition(store, "in_review")
    store.editions.approve(made.id, made.content_hash, "ada", now=minutes(1))
    again = store.editions.approve(made.id, made.content_hash, "policy: nobody reviewed it in time", now=minutes(2))
    assert (again.state, again.approved_by) == ("approved", "ada")
    acts = [json.loads(line.action)["do"] for line in store.editions.versions(made.id)]
    assert acts.count("approve") == 1


def test_the_ledger_tells_only_what_readers_get_to_see(store: Store) -> None:
    made = stored_edition(store, "in_review")
    rows = [
        LedgerRow("a", "https://h.test/a", "Title", "Lead", '{"words": []}'),
        LedgerRow("a", "https://t.test/a", "T", "L", ""),
    ]
    store.ledger.replace(made.id, rows)
    assert store.ledger.since("morning", NOW) == []
    store.editions.set_state(made.id, ["in_review"], "approved", now=NOW)
    told = store.ledger.since("morning", NOW)
    assert [(one.story_key, one.url, one.fingerprint) for one in told] == [
        ("a", "https://h.test/a", '{"words": []}'),
        ("a", "https://t.test/a", ""),
    ]
    assert (told[0].edition_id, told[0].newsletter, told[0].at) == (made.id, "morning", made.send_at)
    assert store.ledger.since(["evening"], NOW) == []
    assert store.ledger.since(None, NOW) == store.ledger.since(["evening", "morning"], NOW) == told
    assert store.ledger.since("morning", minutes(61)) == []


def test_recording_the_ledger_again_replaces_it(store: Store) -> None:
    made = stored_edition(store, "approved")
    store.ledger.replace(made.id, [LedgerRow("a", "u", "T", "L", "{}"), LedgerRow("b", "v", "T", "L", "{}")])
    store.ledger.replace(made.id, [LedgerRow("b", "v", "T", "L", "{}")])
    assert [one.story_key for one in store.ledger.since("morning", NOW)] == ["b"]
    store.ledger.replace(made.id, [])
    assert store.ledger.since("morning", NOW) == []
