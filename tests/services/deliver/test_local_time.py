"""Readers in other zones get the edition at their own local time, and are late only after that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.compose.edition import Edition
from digest.deliver.audience import not_before
from digest.deliver.delivery import Delivery
from digest.store import open_store
from tests.fakes.smtp_server import Moment, Say, SmtpServer
from tests.services.deliver.test_kill import prepare
from tests.services.sender import EDITION, run

FAR = timedelta(hours=9)  # from Paris to Los Angeles


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An edition for one reader at home, and one on the other side of the world."""
    found = f"sqlite:///{tmp_path}/digest.db"
    with open_store(found, upgrade=True) as store:
        prepare(store, 1)
        edition = store.editions.get(EDITION)
        assert edition is not None
        (home,) = store.deliveries.listing(EDITION)
        far = store.subscribers.add("far@example.org", now=edition.send_at)
        store.subscriptions.subscribe(far.id, "morning", (), "confirmed", now=edition.send_at)
        row = Delivery(EDITION, far.id, far.address, home.variant, not_before=edition.send_at + FAR)
        store.deliveries.plan(EDITION, [row], now=edition.send_at)
    return found


def send_at(url: str) -> datetime:
    with open_store(url) as store:
        edition = store.editions.get(EDITION)
    assert edition is not None
    return edition.send_at


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_local_time_after_edition_limit_is_kept(url: str) -> None:
    start = send_at(url)
    with SmtpServer() as server:
        first = run(url, server.port, "resend", clock=at(start))
        assert (first.state, first.counts) == ("sending", {"accepted": 1, "planned": 1})
        waiting = run(url, server.port, "resend", clock=at(start + timedelta(hours=5)))
        assert (waiting.state, waiting.counts) == ("sending", {"accepted": 1, "planned": 1})
        done = run(url, server.port, "resend", clock=at(start + FAR))
        assert (done.state, done.counts) == ("sent", {"accepted": 2})
        assert server.recipients == ["reader0@example.org", "far@example.org"]


def test_local_time_has_its_own_limit(url: str) -> None:
    start = send_at(url)
    with SmtpServer() as server:
        run(url, server.port, "resend", clock=at(start))
        late = run(url, server.port, "resend", clock=at(start + FAR + timedelta(hours=3, seconds=1)))
    assert (late.state, late.counts) == ("sent", {"accepted": 1, "skipped": 1})
    with open_store(url) as store:
        (skipped,) = store.deliveries.listing(EDITION, "skipped")
    assert skipped.reason == "too late (more than 3 hours after its time)"


def test_late_delivery_is_skipped_while_others_wait(url: str) -> None:
    start = send_at(url)
    with SmtpServer() as server:
        late = run(url, server.port, "resend", clock=at(start + timedelta(hours=4)))
        assert (late.state, late.counts) == ("sending", {"skipped": 1, "planned": 1})
        assert run(url, server.port, "resend", clock=at(start + FAR)).counts == {"accepted": 1, "skipped": 1}


def test_deferral_is_retried_until_limit_after_local_time(url: str) -> None:
    start = send_at(url)

    def behave(moment: Moment) -> Say | None:
        return Say(451, "4.7.1 come back") if (moment.phase, moment.number) == ("rcpt", 2) else None

    with SmtpServer(behave=behave) as server:
        run(url, server.port, "resend", clock=at(start))
        put_off = run(url, server.port, "resend", clock=at(start + FAR))
        assert put_off.counts == {"accepted": 1, "deferred": 1}
        done = run(url, server.port, "resend", clock=at(start + FAR + timedelta(hours=1)))
    assert (done.state, done.counts) == ("sent", {"accepted": 2})


@pytest.mark.parametrize(
    ("slot", "zone", "there", "utc"),
    [
        ("2026-03-29T07:00", "America/New_York", "07:00", "11:00"),  # Paris has changed, New York did weeks ago
        ("2026-03-08T07:00", "America/New_York", "07:00", "11:00"),  # New York changes that night, Paris not yet
        ("2026-10-25T07:00", "America/New_York", "07:00", "11:00"),  # Paris has changed, New York not yet
        ("2026-11-01T07:00", "America/New_York", "07:00", "12:00"),  # and now both
        ("2026-03-08T02:30", "America/New_York", "03:30", "07:30"),  # an hour that New York leaves out
        ("2026-11-01T01:30", "America/New_York", "01:30", "05:30"),  # one that comes twice: the first time
    ],
)
def test_local_time_follows_daylight_saving(slot: str, zone: str, there: str, utc: str) -> None:
    from zoneinfo import ZoneInfo

    send = datetime.fromisoformat(slot).replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(ZoneInfo("UTC"))
    moment = not_before(Edition("e", "n", slot, send, send, "t", "en", "Europe/Paris"), zone)
    assert f"{moment.astimezone(ZoneInfo(zone)):%H:%M}" == there
    assert f"{moment.astimezone(ZoneInfo('UTC')):%H:%M}" == utc
