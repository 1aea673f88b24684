"""Several schedulers as processes on one store: one edition a slot, whichever dies and whatever their clocks show."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.store import Store
from digest.store.leases import SLOT_LEASE
from tests.services.samples import bring, settings_of

SEND = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
CUT_OFF = SEND - timedelta(minutes=45)


class Scheduler:
    """One process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert self.read() == "ready"

    def read(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, moment: datetime) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{moment.isoformat()}\n")
        self.process.stdin.flush()

    def answer(self) -> list[str]:
        found: list[str] = json.loads(self.read())
        return found


@contextmanager
def scheduler(store: Store, folder: Path, *more: str) -> Iterator[Scheduler]:
    url = store.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.services.planner", str(folder / "settings.toml"), url, *more]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Scheduler(process)
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.fixture
def newsroom(store: Store, tmp_path: Path) -> Store:
    settings_of(tmp_path, send_at='["07:00", "12:00", "18:00"]', max_late='"1h"')
    bring(store, 0, 1, 2, at=CUT_OFF - timedelta(hours=1))
    for hour in range(1, 12):
        bring(store, 3 + hour % 6, at=CUT_OFF + timedelta(hours=hour))
    return store


def test_concurrent_schedulers_make_one_edition_and_reminder_per_slot(newsroom: Store, tmp_path: Path) -> None:
    moments = [CUT_OFF, CUT_OFF + timedelta(hours=5), CUT_OFF - timedelta(hours=2), CUT_OFF + timedelta(hours=11)]
    with ExitStack() as stack:
        three = [stack.enter_context(scheduler(newsroom, tmp_path)) for _ in range(3)]
        answers: Counter[str] = Counter()
        for moment in moments:
            for one in three:
                one.ask(moment)
            for one in three:
                answers.update(one.answer())
    made = {slot.edition_id for slot in newsroom.slots.of("morning") if slot.edition_id}
    assert made == {f"morning-2026-11-24-{hour}00" for hour in ("07", "12", "18")}
    counts = {name: sum(1 for r in newsroom.editions.versions(name) if "create" in r.action) for name in made}
    assert set(counts.values()) == {1}
    assert answers["morning-2026-11-24-0700"] == 2, "composed by one, reminded by one"


def test_killed_scheduler_is_replaced_after_its_lease(newsroom: Store, tmp_path: Path) -> None:
    with scheduler(newsroom, tmp_path, "die") as dying, scheduler(newsroom, tmp_path) as living:
        dying.ask(CUT_OFF)
        assert dying.process.wait(timeout=30) == -9
        living.ask(CUT_OFF + timedelta(seconds=15))
        assert living.answer() == []
        living.ask(CUT_OFF + SLOT_LEASE)
        assert living.answer() == ["morning-2026-11-24-0700"] * 2
    [slot] = newsroom.slots.of("morning", "2026-11-24T07:00")
    assert (slot.outcome, slot.edition_id) == ("composed", "morning-2026-11-24-0700")


def test_schedulers_with_skewed_clocks_make_no_duplicate(newsroom: Store, tmp_path: Path) -> None:
    with scheduler(newsroom, tmp_path) as one, scheduler(newsroom, tmp_path) as other:
        for skew in (timedelta(0), timedelta(days=-2), timedelta(hours=5), timedelta(minutes=1), timedelta(hours=-5)):
            one.ask(CUT_OFF)
            other.ask(CUT_OFF + skew)
            one.answer(), other.answer()
    ids = [slot.edition_id for slot in newsroom.slots.of("morning") if slot.edition_id]
    assert len(ids) == len(set(ids))
    for name in ids:
        assert sum("create" in record.action for record in newsroom.editions.versions(name)) == 1
