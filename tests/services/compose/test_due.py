"""Due work: each newsletter's calendar and review policy on a stored edition, by a settable clock."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest import process
from digest.bootstrap import App
from digest.compose.edit import Drop
from digest.compose.edition import Edition
from digest.errors import SendError
from digest.services.compose import due
from digest.store import Store
from digest.store.leases import SLOT_LEASE
from tests.services.samples import DAY, MORNING, NEWS, NOW, Clock, app_of, bring, settings_of

SEND = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)  # 07:00 in Paris
CUT_OFF = SEND - timedelta(minutes=45)


class Newsroom:
    """A app whose clock is set by hand; remembers what editors were told."""

    def __init__(self, store: Store, folder: Path, more: str = "", **newsletter: str) -> None:
        self.clock = Clock()
        self.app: App = app_of(settings_of(folder, more, **newsletter), store, self.clock)
        self.store = store
        self.reminded: list[tuple[str, str]] = []

    def look(self, moment: datetime) -> list[str]:
        """Return the changes of the jobs at this moment in words; editions ready to be sent are 'ready'."""
        self.clock.moment = moment
        since = NOW - 2 * DAY
        with process.run() as name:
            made = due.compose_due(
                self.store,
                self.app.settings,
                moment,
                lambda key: since,
                owner=name,
                is_gone=process.is_gone,
            )
        done, ready = due.review_due(self.store, self.app.settings, moment, self.remind)
        return [h.what for h in (*made, *done)] + ["ready" for _ in ready]

    def remind(self, edition: Edition, reason: str) -> None:
        self.reminded.append((edition.id, reason))

    def edition(self, name: str = MORNING) -> Edition:
        return self.app.editions.get(name)

    def sent(self, name: str = MORNING) -> None:
        """Send the approved edition in time."""
        assert self.store.editions.set_state(name, ["approved"], "sent", now=SEND)

    def titles(self, name: str) -> set[str]:
        return {story.title for story in self.edition(name).stories}


def news(*numbers: int) -> set[str]:
    return {NEWS[number][0] for number in numbers}


@pytest.fixture
def yesterday(store: Store) -> None:
    """The slots of the days before are done with."""
    for slot in ("2026-11-23T07:00", "2026-11-22T07:00"):
        store.slots.decide("morning", slot, "composed", now=NOW - DAY)


@pytest.mark.usefixtures("yesterday")
class TestPolicies:
    def test_auto_composes_at_cut_off_and_sends_at_slot(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0, 1)
        assert room.look(CUT_OFF - timedelta(seconds=1)) == []
        assert room.look(CUT_OFF) == ["composed"]
        assert room.edition().state == "approved"
        assert room.look(SEND - timedelta(seconds=1)) == []
        assert room.look(SEND) == ["ready"]
        assert room.reminded == []

    def test_required_review_reminds_twice_and_never_sends_unapproved(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"required"', remind='"10m"', max_late='"2h"')
        bring(store, 0, 1)
        assert room.look(CUT_OFF) == ["composed", "reminded"]
        assert room.look(SEND - timedelta(minutes=11)) == []
        assert room.look(SEND - timedelta(minutes=10)) == ["reminded"]
        assert [name for name, _ in room.reminded] == [MORNING, MORNING]
        assert room.look(SEND) == []
        assert room.look(SEND + timedelta(hours=2)) == []
        assert room.look(SEND + timedelta(hours=2, seconds=1)) == ["skipped"]
        assert "nobody approved it" in room.edition().reason

    @pytest.mark.parametrize(
        ("if_unreviewed", "happens", "state"),
        [("send", ["approved", "ready"], "approved"), ("skip", ["skipped"], "skipped"), ("hold", [], "in_review")],
    )
    def test_window_ends_as_if_unreviewed_says(
        self, store: Store, tmp_path: Path, if_unreviewed: str, happens: list[str], state: str
    ) -> None:
        room = Newsroom(store, tmp_path, review='"window"', if_unreviewed=f'"{if_unreviewed}"')
        bring(store, 0, 1)
        room.look(CUT_OFF)
        room.look(SEND - timedelta(minutes=1))
        assert room.look(SEND) == happens
        assert room.edition().state == state

    def test_window_approval_is_sent(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"window"', if_unreviewed='"skip"')
        bring(store, 0, 1)
        room.look(CUT_OFF)
        room.app.approving.approve(room.edition(), "ada")
        assert room.look(SEND) == ["ready"]
        assert room.edition().approved_by == "ada"

    def test_edition_past_max_late_is_skipped(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', max_late='"1h"')
        bring(store, 0, 1)
        room.look(CUT_OFF)
        assert room.look(SEND + timedelta(hours=1, minutes=1)) == ["skipped"]
        assert "not sent in time" in room.edition().reason

    def test_emptied_edition_fails_alone(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"window"')
        bring(store, 0)
        room.look(CUT_OFF)
        room.app.editing.edit(room.edition(), Drop(room.edition().stories[0].key), "ada")
        room.look(SEND - timedelta(minutes=1))
        assert room.look(SEND) == ["failed"]

    def test_concurrent_reminders_are_sent_once(self, store: Store, tmp_path: Path) -> None:
        first, second = (Newsroom(store, tmp_path, review='"required"') for _ in "ab")
        bring(store, 0)
        assert first.look(CUT_OFF) == ["composed", "reminded"]
        assert store.editions.note_once(MORNING, "schedule", '{"do": "remind", "number": 2}', now=CUT_OFF)
        assert not store.editions.note_once(MORNING, "schedule", '{"do": "remind", "number": 2}', now=CUT_OFF)
        assert second.look(SEND - timedelta(minutes=1)) == []

    def test_failed_reminder_stops_nothing_else(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"required"')
        bring(store, 0)

        def fails(edition: Edition, reason: str) -> None:
            raise SendError(451, "try later")

        due.compose_due(store, room.app.settings, CUT_OFF, lambda key: NOW - DAY)
        done, _ = due.review_due(store, room.app.settings, CUT_OFF, fails)
        assert [h.what for h in done] == ["failed", "reminded"]


@pytest.mark.usefixtures("yesterday")
class TestWhatWaits:
    """Stories of a slot that was not sent go into the next edition; those of one that was do not."""

    def test_skipped_slot_hands_stories_to_next_edition(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', max_late='"1h"')
        bring(store, 0, 1)
        room.look(CUT_OFF)
        room.look(SEND + timedelta(hours=2))  # too late
        bring(store, 2, at=SEND + timedelta(hours=3))
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(0, 1, 2)

    def test_too_few_stories_wait_for_next_edition(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', min_stories="2")
        bring(store, 0)
        assert room.look(CUT_OFF) == ["skipped"]
        assert room.edition().reason == "1 of at least 2 stories"
        bring(store, 1, at=SEND)
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(0, 1)

    def test_printed_story_is_not_repeated(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0, 1)
        room.look(CUT_OFF)
        room.sent()
        bring(store, 2, at=SEND + timedelta(hours=3))
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(2)

    def test_cancelled_edition_hands_on_stories_nobody_got(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0)
        room.look(CUT_OFF)
        room.app.sending.cancel(room.edition())
        bring(store, 1, at=SEND)
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(0, 1)

    def test_slot_skipped_by_hand_hands_stories_on(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0)
        room.app.scheduling.skip("morning", datetime.fromisoformat("2026-11-24T07:00"))
        assert room.look(CUT_OFF) == []
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(0)

    @pytest.mark.parametrize(("on_holiday", "expected"), [("merge", {0, 1}), ("skip", {1})])
    def test_holiday_stories_are_merged_or_dropped_by_setting(
        self, store: Store, tmp_path: Path, on_holiday: str, expected: set[int]
    ) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', skip_dates="[2026-11-24]", on_holiday=f'"{on_holiday}"')
        bring(store, 0)
        assert room.look(CUT_OFF) == []
        assert room.look(SEND) == ["missed"]
        [slot] = store.slots.of("morning", "2026-11-24")
        assert (slot.outcome, slot.reason) == ("skipped", "holiday")
        bring(store, 1, at=SEND + timedelta(hours=1))
        room.look(CUT_OFF + DAY)
        assert room.titles("morning-2026-11-25-0700") == news(*expected)

    def test_pause_composes_nothing_and_drops_old_news(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', pauses="[{ first = 2026-11-24, last = 2026-11-25 }]")
        bring(store, 0)
        assert room.look(SEND) == ["missed"]
        assert room.look(SEND + DAY) == ["missed"]
        bring(store, 1, at=SEND + DAY + timedelta(hours=1))
        assert room.look(CUT_OFF + 2 * DAY) == ["composed"]
        assert room.titles("morning-2026-11-26-0700") == news(1)


@pytest.mark.usefixtures("yesterday")
class TestCalendar:
    def test_each_daily_slot_has_articles_since_the_last(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', send_at='["07:00", "18:00"]')
        store.slots.decide("morning", "2026-11-23T18:00", "composed", now=NOW)
        store.slots.decide("morning", "2026-11-22T18:00", "composed", now=NOW)
        bring(store, 0)
        assert room.look(CUT_OFF) == ["composed"]
        room.sent()
        bring(store, 1, at=SEND + timedelta(hours=4))
        evening = CUT_OFF + timedelta(hours=11)
        assert room.look(evening)[0] == "composed"
        assert room.titles("morning-2026-11-24-1800") == news(1)

    def test_weekly_edition_covers_week_within_max_age(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', days='["tue"]', max_age='"7d"')
        for number in range(3):
            bring(store, number, at=NOW - number * 2 * DAY)
        assert room.look(CUT_OFF) == ["composed"]
        assert room.titles(MORNING) == news(0, 1, 2)

    def test_monthly_edition_is_composed_on_its_day(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', monthdays="[24, -1]")
        bring(store, 0)
        assert room.look(CUT_OFF) == ["composed"]
        bring(store, 1, at=CUT_OFF + 5 * DAY)
        assert "composed" not in room.look(CUT_OFF + 5 * DAY)
        assert "composed" in room.look(CUT_OFF + 6 * DAY)
        assert room.app.editions.get("morning").id == "morning-2026-11-30-0700"

    def test_edition_unsent_in_downtime_hands_stories_to_next(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', max_late='"1h"')
        bring(store, 0)
        assert room.look(CUT_OFF) == ["composed"]
        assert room.edition().state == "approved"  # and the program is away until tomorrow's cut-off
        bring(store, 1, at=NOW + timedelta(hours=8))
        assert room.look(CUT_OFF + DAY) == ["skipped", "composed"]
        assert room.titles("morning-2026-11-25-0700") == news(0, 1)

    def test_downtime_catches_up_newest_slot_and_records_older(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"', send_at='["05:00", "06:00", "07:00"]', max_late='"3h"')
        bring(store, 0, at=NOW - timedelta(hours=5))
        assert "composed" in room.look(SEND + timedelta(minutes=5))
        outcomes = {slot.slot: slot.outcome for slot in store.slots.of("morning", "2026-11-24")}
        assert outcomes == {
            "2026-11-24T05:00": "skipped",
            "2026-11-24T06:00": "skipped",
            "2026-11-24T07:00": "composed",
        }
        assert room.titles(MORNING) == news(0)


@pytest.mark.usefixtures("yesterday")
class TestOneEditionASlot:
    def test_slot_claim_is_taken_over_after_its_lease(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0)
        assert store.slots.claim("morning", "2026-11-24T07:00", CUT_OFF)  # and its owner dies
        assert room.look(CUT_OFF + SLOT_LEASE - timedelta(seconds=1)) == []
        assert room.look(CUT_OFF + SLOT_LEASE) == ["composed"]
        assert room.look(CUT_OFF + 2 * SLOT_LEASE) == []

    def test_slot_claim_of_killed_process_is_taken_over_at_restart(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0)
        tell = "from digest import process\nwith process.run() as name: print(name)"
        killed = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout.strip()
        assert store.slots.claim("morning", "2026-11-24T07:00", CUT_OFF, owner=killed)
        assert room.look(CUT_OFF + timedelta(seconds=20)) == ["composed"]

    def test_clock_jump_makes_no_second_edition(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"auto"')
        bring(store, 0)
        assert room.look(CUT_OFF) == ["composed"]
        before = room.edition()
        for jump in (-3 * DAY, -timedelta(hours=1), timedelta(minutes=1), timedelta(minutes=20), -DAY):
            room.look(CUT_OFF + jump)
        assert [slot.slot for slot in store.slots.of("morning") if slot.edition_id] == ["2026-11-24T07:00"]
        assert room.edition() == before

    def test_slot_composed_early_is_not_composed_again(self, store: Store, tmp_path: Path) -> None:
        room = Newsroom(store, tmp_path, review='"required"')
        bring(store, 0)
        room.clock.moment = NOW
        edition, made = room.app.composing.compose("morning")
        assert made
        assert room.look(CUT_OFF) == ["reminded"]
        assert room.app.composing.compose("morning") == (room.edition(), False)
        assert room.edition().content_hash == edition.content_hash
