"""Editions: what was approved is what goes out, and every state follows from the one before."""

from dataclasses import replace

import pytest

from digest.compose.edition import approved, content_hash, edition_id, frozen, moved
from digest.compose.slot import Calendar, slot_at
from digest.errors import AlreadySent, EditConflict, EditionError
from tests.compose.samples import edition, story


def test_the_hash_covers_what_readers_see_and_nothing_else() -> None:
    first = edition()
    assert content_hash(replace(first, state="approved", version=9, approved_by="x")) == first.content_hash
    for change in ({"note": "hello"}, {"subject": "s"}, {"title": "t"}, {"sections": first.sections[:1]}):
        assert content_hash(replace(first, **change)) != first.content_hash


def test_an_edition_is_named_by_its_newsletter_and_local_time() -> None:
    from datetime import datetime

    slot = slot_at(Calendar("Europe/Paris"), datetime.fromisoformat("2026-11-24T07:00"))
    assert edition_id("morning", slot.local) == "morning-2026-11-24-0700"


def test_approval_names_the_content_that_was_seen() -> None:
    first = edition()
    done = approved(first, first.content_hash, "ada@example.org")
    assert (done.state, done.approved_hash, done.approved_by) == ("approved", first.content_hash, "ada@example.org")
    changed = frozen(replace(first, note="late news"))
    with pytest.raises(EditConflict, match="look again"):
        approved(changed, first.content_hash, "ada@example.org")


def test_what_is_out_cannot_be_approved_or_changed_again() -> None:
    sent = edition(state="sent")
    with pytest.raises(AlreadySent):
        approved(sent, sent.content_hash, "ada")
    with pytest.raises(EditionError, match="final"):
        moved(sent, "sending")


def test_an_edition_without_stories_cannot_be_approved() -> None:
    empty = edition(sections=())
    with pytest.raises(EditionError, match="no stories"):
        approved(empty, empty.content_hash, "ada")


def test_states_follow_one_another_only_as_allowed() -> None:
    at = edition()
    for state in ("approved", "sending", "paused", "sending", "sent"):
        at = moved(at, state)
    assert at.state == "sent"
    with pytest.raises(EditionError, match="cannot become sent"):
        moved(edition(), "sent")
    assert story("a").title == "Title a"
