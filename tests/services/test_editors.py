"""Editors are told: that a draft waits, once more before the deadline, and of sick sources while there is time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digest.bootstrap import House
from digest.jobs import Jobs
from digest.store import Store
from tests.fakes.smtp_server import Moment, Say, SmtpServer
from tests.services.samples import DAY, FEED, MORNING, NEWS, NOW, Clock, bring, house_of, settings_of
from tests.store.samples import crowd

CUT_OFF = NOW + timedelta(minutes=15)
SEND = NOW + timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(CUT_OFF)


@pytest.fixture
def home(sqlite_store: Store, tmp_path: Path, clock: Clock) -> House:
    sqlite_store.meta.set("newsletter since morning", (NOW - timedelta(hours=6)).isoformat())
    bring(sqlite_store, 0, 1)
    return house_of(settings_of(tmp_path, remind='"10m"'), sqlite_store, clock)


def mails(home: House, kind: str) -> list[EmailMessage]:
    files = sorted(home.settings.folder.glob(f"outbox/*.{kind}.*/*.eml"))
    return [BytesParser(policy=default).parsebytes(path.read_bytes()) for path in files]


def quiet(home: House) -> None:
    """The feed has been silent for longer than ever."""
    [feed] = home.store.feeds.get([FEED]).values()
    silent = replace(feed, last_checked=NOW, last_new=NOW - DAY, cadence=1200.0, longest_gap=7200.0)
    home.store.feeds.save(silent, (), now=NOW)


def test_every_editor_is_told_when_a_draft_waits_and_before_the_deadline(home: House, clock: Clock) -> None:
    for name in ("ada", "bob"):
        home.store.editors.add(name, f"{name}@example.org", "", now=NOW)
    jobs = Jobs(home)
    jobs.compose()
    jobs.compose()
    assert sorted(mail["To"] for mail in mails(home, "reminder")) == ["ada@example.org", "bob@example.org"]
    clock.moment = SEND - timedelta(minutes=10)
    jobs.deliver()
    jobs.compose()
    told = mails(home, "reminder")
    assert len(told) == 4
    assert {mail["Auto-Submitted"] for mail in told} == {"auto-generated"}
    assert {mail["Subject"] for mail in told} == {f"The Morning: {MORNING} waits for review"}
    text = told[0].get_content()
    assert all(NEWS[number][0] in text for number in (0, 1))
    assert f"digest approve {MORNING}" in text
    assert home.store.deliveries.summary(MORNING) == {}, "editors are in no edition's books"


def test_editors_are_written_to_in_their_newsletters_language(home: House, tmp_path: Path, clock: Clock) -> None:
    own = house_of(settings_of(tmp_path, language='"fr"', editors='["desk@example.org"]'), home.store, clock)
    quiet(own)
    Jobs(own).compose()
    [mail] = mails(own, "reminder")
    assert mail["Subject"] == f"The Morning: {MORNING} attend une relecture"
    assert "muette depuis" in mail.get_content()
    assert f"digest approve {MORNING}" in mail.get_content()


def test_the_settings_may_name_a_newsletters_own_editors(home: House, tmp_path: Path) -> None:
    home.store.editors.add("ada", "ada@example.org", "", now=NOW)
    assert home.desk.editors("morning") == ("ada@example.org",)
    own = settings_of(tmp_path, editors='["desk@example.org"]')
    assert house_of(own, home.store, Clock()).desk.editors("morning") == ("desk@example.org",)


def test_with_nobody_to_tell_the_log_says_so(home: House) -> None:
    with capture_logs() as lines:
        Jobs(home).compose()
    assert {"review", "nobody to remind"} <= {line["event"] for line in lines}
    assert mails(home, "reminder") == []


def test_sick_sources_are_told_before_the_cut_off_once_a_slot(home: House, clock: Clock) -> None:
    home.store.editors.add("ada", "ada@example.org", "", now=NOW)
    quiet(home)
    clock.moment = CUT_OFF - timedelta(minutes=61)
    assert home.desk.warn() == []
    clock.moment = CUT_OFF - timedelta(minutes=59)
    assert home.desk.warn() == ["morning"]
    assert home.desk.warn() == []
    [mail] = mails(home, "sources")
    assert "silent for 23 hours, usually 20 minutes" in mail.get_content()
    clock.moment = CUT_OFF
    assert home.desk.warn() == []
    clock.moment = CUT_OFF + DAY - timedelta(minutes=30)
    assert home.desk.warn() == ["morning"]


def test_well_kept_sources_are_no_reason_for_a_mail(home: House, clock: Clock) -> None:
    home.store.editors.add("ada", "ada@example.org", "", now=NOW)
    clock.moment = CUT_OFF - timedelta(minutes=10)
    assert home.desk.warn() == []


def test_a_reminder_goes_by_the_same_servers_as_the_mail(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    with SmtpServer() as server:
        more = f'[deliver]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        home = house_of(settings_of(tmp_path, more, editors='["ada@example.org"]'), sqlite_store, clock)
        bring(sqlite_store, 0)
        edition, _ = home.compose("morning")
        assert home.desk.remind(edition) == 1
        assert server.recipients == ["ada@example.org"]


def test_a_wave_of_refusals_pauses_the_edition_and_its_editors_are_told(
    sqlite_store: Store, tmp_path: Path, clock: Clock
) -> None:
    def behave(moment: Moment) -> Say | None:
        blocked = moment.phase == "rcpt" and moment.argument.startswith("reader")
        return Say(550, "5.7.1 your address is listed") if blocked else None

    with SmtpServer(behave=behave) as server:
        more = f'[deliver]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        home = house_of(settings_of(tmp_path, more, editors='["ada@example.org"]'), sqlite_store, clock)
        bring(sqlite_store, 0)
        crowd(sqlite_store, 50)
        edition, _ = home.compose("morning")
        home.approve(edition, "ada")
        clock.moment = edition.send_at
        Jobs(home).deliver()
        assert home.edition(edition.id).state == "paused"
        assert sqlite_store.deliveries.summary(edition.id) == {"planned": 50}  # it was no word about any of them
        assert server.recipients == ["ada@example.org"]
        notice = server.accepted[0].data.decode()
        assert "your address is listed" in notice
        assert "--resume" in notice


def test_a_store_that_is_away_pauses_no_edition(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    home = house_of(settings_of(tmp_path), sqlite_store, clock)
    bring(sqlite_store, 0)
    crowd(sqlite_store, 3)
    edition, _ = home.compose("morning")
    home.approve(edition, "ada")
    clock.moment = edition.send_at
    path = Path(str(sqlite_store.database.path))
    sqlite_store.deliveries.claim(edition.id, "nobody", clock.moment, timedelta(minutes=1), 0)
    path.rename(tmp_path / "away.db")
    Jobs(home).deliver()
    (tmp_path / "away.db").rename(path)
    assert home.edition(edition.id).state != "paused"
    Jobs(home).deliver()
    assert home.edition(edition.id).state == "sent"


def test_old_texts_go_but_never_what_a_coming_edition_may_choose_from(
    sqlite_store: Store, tmp_path: Path, clock: Clock
) -> None:
    more = '[collect]\nkeep = "1d"\n'
    home = house_of(settings_of(tmp_path, more, max_age='"7d"', days='["tue"]'), sqlite_store, clock)
    bring(sqlite_store, 0, at=clock.moment - 6 * DAY)
    bring(sqlite_store, 1, at=clock.moment - 11 * DAY)
    Jobs(home).prune()
    kept = sqlite_store.articles.candidates([FEED], NOW - 30 * DAY, NOW + DAY)
    assert [article.title for _, article in kept] == [NEWS[0][0]]
    edition, _ = home.compose("morning")
    home.approve(edition, "ada")
    clock.moment += 90 * DAY
    Jobs(home).prune()
    assert sqlite_store.articles.candidates([FEED], NOW - 30 * DAY, NOW + DAY) == []
    assert home.edition(MORNING).stories[0].title == NEWS[0][0]
    assert [row.title for row in sqlite_store.editions.told("morning", NOW - DAY)] == [NEWS[0][0]]
