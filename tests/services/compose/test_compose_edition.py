"""Composing from stored articles: the same inputs give the same bytes; freshness and leads as documented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.collect.article import Article
from digest.collect.lead import choose
from digest.compose.edition import Edition
from digest.compose.slot import slot_at
from digest.errors import EditConflict
from digest.services.compose.compose_edition import USUAL_LEAD, choose_slot, compose, draft, with_lead
from digest.services.newsletters import calendar_of
from digest.settings.model import LeadSettings
from digest.store import Store
from digest.store.codec import dumps
from tests.services.samples import DAY, FEED, NEWS, NOW, bring, settings_of

SEND = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
CUT_OFF = SEND - timedelta(minutes=45)


def titles(edition: Edition) -> set[str]:
    return {story.title for story in edition.stories}


def news(*numbers: int) -> set[str]:
    return {NEWS[number][0] for number in numbers}


def test_compose_same_inputs_gives_same_bytes(store: Store, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    bring(store, *range(8), at=NOW - timedelta(hours=1))
    slot = choose_slot(store, settings, "morning", CUT_OFF)
    first, again = (draft(store, settings, "morning", slot, now=CUT_OFF) for _ in "ab")
    assert dumps(first.edition) == dumps(again.edition)
    assert first.why == again.why
    stored = compose(store, settings, "morning", slot, now=CUT_OFF)
    late = draft(store, settings, "morning", slot, now=CUT_OFF + timedelta(hours=1))
    assert late.edition.content_hash == stored.content_hash, "not even the time of composing is in the content"
    with pytest.raises(EditConflict):
        compose(store, settings, "morning", slot, now=CUT_OFF)


@pytest.mark.postgresql
def test_compose_gives_same_bytes_on_both_databases(sqlite_store: Store, postgres_store: Store, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    made = []
    for store in (sqlite_store, postgres_store):
        for number in (3, 1, 2, 0):  # stored one by one, so that row numbers cannot be what decides
            bring(store, number, at=NOW - timedelta(minutes=number))
        slot = choose_slot(store, settings, "morning", CUT_OFF)
        composed = draft(store, settings, "morning", slot, now=CUT_OFF)
        made.append((dumps(composed.edition), composed.why))
    assert made[0] == made[1]


def test_choose_slot_takes_due_slot_or_next_without_articles(store: Store, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    later = SEND + timedelta(hours=1)
    bring(store, 0, at=CUT_OFF + timedelta(minutes=1))
    assert choose_slot(store, settings, "morning", later).send_at == SEND + DAY, "begun after the cut-off"
    bring(store, 1, at=CUT_OFF)
    assert choose_slot(store, settings, "morning", later).send_at == SEND
    assert choose_slot(store, settings, "morning", CUT_OFF).send_at == SEND


def test_compose_by_hand_days_ahead_takes_present_news(store: Store, tmp_path: Path) -> None:
    friday = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    settings = settings_of(tmp_path)
    weekdays = settings.newsletters["morning"].model_copy(update={"days": ("mon", "tue", "wed", "thu", "fri")})
    settings = settings.model_copy(update={"newsletters": {"morning": weekdays}})
    bring(store, *range(8), at=friday)
    slot = choose_slot(store, settings, "morning", friday)
    assert slot.send_at == SEND + 6 * DAY
    early = draft(store, settings, "morning", slot, now=friday).edition
    assert (early.state, early.cut_off) == ("draft", slot.cut_off)
    assert draft(store, settings, "morning", slot, now=slot.cut_off).edition.state == "skipped", "by then it is old"


def test_choose_slot_keeps_due_slot_that_was_skipped(store: Store, tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    slot = slot_at(calendar_of(settings.newsletters["morning"]), datetime.fromisoformat("2026-11-24T07:00"))
    assert compose(store, settings, "morning", slot, now=CUT_OFF).state == "skipped"
    assert choose_slot(store, settings, "morning", SEND) == slot


class TestFreshness:
    """Checked when composing, for the cut-off: undated and future-dated articles count from when we first saw them."""

    def compose(self, store: Store, folder: Path) -> Edition:
        settings = settings_of(folder, max_age='"1d"', min_stories="0")
        return draft(store, settings, "morning", choose_slot(store, settings, "morning", CUT_OFF), now=CUT_OFF).edition

    def test_article_older_than_max_age_at_cut_off_is_left_out(self, store: Store, tmp_path: Path) -> None:
        bring(store, 0, published=CUT_OFF - DAY + timedelta(minutes=1))
        bring(store, 1, published=CUT_OFF - DAY - timedelta(minutes=1))
        assert titles(self.compose(store, tmp_path)) == news(0)

    def test_undated_article_counts_from_first_seen(self, store: Store, tmp_path: Path) -> None:
        bring(store, 0, at=CUT_OFF - timedelta(hours=23))
        bring(store, 1, at=CUT_OFF - timedelta(hours=25))
        assert titles(self.compose(store, tmp_path)) == news(0)

    def test_future_date_counts_from_first_seen_without_advantage(self, store: Store, tmp_path: Path) -> None:
        bring(store, 0, at=CUT_OFF - timedelta(hours=23), published=CUT_OFF + 30 * DAY)
        bring(store, 1, at=CUT_OFF - timedelta(hours=25), published=CUT_OFF + 30 * DAY)
        bring(store, 2, at=CUT_OFF - timedelta(hours=1))
        edition = self.compose(store, tmp_path)
        assert titles(edition) == news(0, 2)
        assert edition.stories[0].title == NEWS[2][0], "the one that is seen later is fresher"

    def test_article_after_cut_off_waits_for_next_edition(self, store: Store, tmp_path: Path) -> None:
        bring(store, 0, at=CUT_OFF)
        bring(store, 1, at=CUT_OFF + timedelta(seconds=1))
        assert titles(self.compose(store, tmp_path)) == news(0)


LONG = (
    "The council of the port approved a new sea wall on Monday after nine hours of debate. The wall will be four "
    "metres high and cost ninety million crowns. Work begins in the spring with the northern quay. Fishermen had "
    "asked for a gate that lets small boats through at low tide."
)


def test_lead_length_follows_newsletter_settings(store: Store, tmp_path: Path) -> None:
    bring(store, 0)
    [((entry, *_), _)] = store.articles.candidates([FEED], NOW - DAY, NOW + DAY)
    article = Article(
        entry.url, entry.url, "Port gets a sea wall", "en", LONG, choose(LONG, "Port gets a sea wall", "en")
    )
    store.articles.save([(entry, article)], now=NOW)

    def lead(sentences: int, characters: int) -> str:
        settings = settings_of(tmp_path, lead=f"{{ sentences = {sentences}, characters = {characters} }}")
        slot = choose_slot(store, settings, "morning", CUT_OFF)
        [story] = draft(store, settings, "morning", slot, now=CUT_OFF).edition.stories
        assert story.lead in LONG or all(part in LONG for part in story.lead.split(". "))
        return story.lead

    assert lead(2, 280) == article.lead.text
    assert len(lead(1, 90)) < len(article.lead.text) <= len(lead(3, 400))


def test_written_lead_is_not_shortened() -> None:
    wanted = LeadSettings(sentences=1, characters=60)
    article = Article("s", "u", "Port gets a sea wall", "en", LONG, choose(LONG, "Port gets a sea wall", "en"))
    written = replace(article, lead=replace(article.lead, rung="editor"))
    assert with_lead(written, wanted) is written
    assert with_lead(article, USUAL_LEAD) is article
    short = with_lead(article, wanted)
    assert len(short.lead.sentences) == 1
    assert all(short.text[s.start : s.end] == s.text for s in short.lead.sentences)


def test_calendar_gets_every_setting(tmp_path: Path) -> None:
    newsletter = settings_of(tmp_path, send_at='["18:00", "07:00"]', days='["mon"]', holidays='"FR"').newsletters
    calendar = calendar_of(newsletter["morning"])
    assert [str(at) for at in calendar.times] == ["07:00:00", "18:00:00"]
    assert set(calendar.weekdays) == {0}
    assert calendar.off(datetime(2026, 7, 14, tzinfo=UTC).date())
