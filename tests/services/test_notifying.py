"""Mails to editors: a draft waits, its deadline is near, feeds are unhealthy, sending was paused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digest.bootstrap import App
from digest.jobs import Jobs
from digest.store import Store
from tests.fakes.smtp_server import Drop, Moment, Say, SmtpServer
from tests.services.samples import DAY, FEED, MORNING, NEWS, NOW, Clock, app_of, bring, settings_of
from tests.store.samples import claim, crowd

CUT_OFF = NOW + timedelta(minutes=15)
SEND = NOW + timedelta(hours=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(CUT_OFF)


@pytest.fixture
def app(sqlite_store: Store, tmp_path: Path, clock: Clock) -> App:
    sqlite_store.meta.set("newsletter since morning", (NOW - timedelta(hours=6)).isoformat())
    bring(sqlite_store, 0, 1)
    return app_of(settings_of(tmp_path, remind='"10m"'), sqlite_store, clock)


def mails(app: App, kind: str) -> list[EmailMessage]:
    files = sorted(app.settings.folder.glob(f"outbox/*.{kind}.*/*.eml"))
    return [BytesParser(policy=default).parsebytes(path.read_bytes()) for path in files]


def quiet(app: App) -> None:
    """The feed has been silent for longer than ever."""
    [feed] = app.context.store.feeds.get([FEED]).values()
    silent = replace(feed, last_checked=NOW, last_new=NOW - DAY, cadence=1200.0, longest_gap=7200.0)
    app.context.store.feeds.save(silent, (), now=NOW)


def test_reminders_reach_every_editor_at_draft_and_before_deadline(app: App, clock: Clock) -> None:
    for name in ("ada", "bob"):
        app.context.store.editors.add(name, f"{name}@example.org", "", now=NOW)
    jobs = Jobs(app)
    jobs.compose()
    jobs.compose()
    assert sorted(mail["To"] for mail in mails(app, "reminder")) == ["ada@example.org", "bob@example.org"]
    clock.moment = SEND - timedelta(minutes=10)
    jobs.deliver()
    jobs.compose()
    told = mails(app, "reminder")
    assert len(told) == 4
    assert {mail["Auto-Submitted"] for mail in told} == {"auto-generated"}
    assert {mail["Subject"] for mail in told} == {f"The Morning: {MORNING} waits for review"}
    text = told[0].get_content()
    assert all(NEWS[number][0] in text for number in (0, 1))
    assert f"digest approve {MORNING}" in text
    assert app.context.store.deliveries.summary(MORNING) == {}, "editors are in no edition's books"


def test_reminder_is_in_newsletter_language(app: App, tmp_path: Path, clock: Clock) -> None:
    own = app_of(settings_of(tmp_path, language='"fr"', editors='["desk@example.org"]'), app.context.store, clock)
    quiet(own)
    Jobs(own).compose()
    [mail] = mails(own, "reminder")
    assert mail["Subject"] == f"The Morning: {MORNING} attend une relecture"
    assert "muette depuis" in mail.get_content()
    assert f"digest approve {MORNING}" in mail.get_content()


def test_editors_in_settings_replace_stored_ones(app: App, tmp_path: Path) -> None:
    app.context.store.editors.add("ada", "ada@example.org", "", now=NOW)
    assert app.notifying.addresses("morning") == ("ada@example.org",)
    own = settings_of(tmp_path, editors='["desk@example.org"]')
    assert app_of(own, app.context.store, Clock()).notifying.addresses("morning") == ("desk@example.org",)


def test_reminder_without_editors_is_logged(app: App) -> None:
    with capture_logs() as lines:
        Jobs(app).compose()
    assert {"edition.waiting", "notification.no_recipients"} <= {line["event"] for line in lines}
    assert mails(app, "reminder") == []


def test_unhealthy_feeds_are_reported_before_cut_off_once_per_slot(app: App, clock: Clock) -> None:
    app.context.store.editors.add("ada", "ada@example.org", "", now=NOW)
    quiet(app)
    clock.moment = CUT_OFF - timedelta(minutes=61)
    assert app.notifying.warn_of_feeds() == []
    clock.moment = CUT_OFF - timedelta(minutes=59)
    assert app.notifying.warn_of_feeds() == ["morning"]
    assert app.notifying.warn_of_feeds() == []
    [mail] = mails(app, "sources")
    assert "silent for 23 hours, usually 20 minutes" in mail.get_content()
    clock.moment = CUT_OFF
    assert app.notifying.warn_of_feeds() == []
    clock.moment = CUT_OFF + DAY - timedelta(minutes=30)
    assert app.notifying.warn_of_feeds() == ["morning"]


def test_healthy_feeds_cause_no_mail(app: App, clock: Clock) -> None:
    app.context.store.editors.add("ada", "ada@example.org", "", now=NOW)
    clock.moment = CUT_OFF - timedelta(minutes=10)
    assert app.notifying.warn_of_feeds() == []


def test_reminder_uses_configured_mail_servers(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    with SmtpServer() as server:
        more = f'[deliver]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        app = app_of(settings_of(tmp_path, more, editors='["ada@example.org"]'), sqlite_store, clock)
        bring(sqlite_store, 0)
        edition, _ = app.composing.compose("morning")
        assert app.notifying.remind(edition) == 1
        assert server.recipients == ["ada@example.org"]


def test_wave_of_refusals_pauses_edition_and_notifies_editors(
    sqlite_store: Store, tmp_path: Path, clock: Clock
) -> None:
    def behave(moment: Moment) -> Say | None:
        blocked = moment.phase == "rcpt" and moment.argument.startswith("reader")
        return Say(550, "5.7.1 your address is listed") if blocked else None

    with SmtpServer(behave=behave) as server:
        more = f'[deliver]\ntransport = "smtp"\n[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        app = app_of(settings_of(tmp_path, more, editors='["ada@example.org"]'), sqlite_store, clock)
        bring(sqlite_store, 0)
        crowd(sqlite_store, 50)
        edition, _ = app.composing.compose("morning")
        app.approving.approve(edition, "ada")
        clock.moment = edition.send_at
        Jobs(app).deliver()
        assert app.editions.get(edition.id).state == "paused"
        assert sqlite_store.deliveries.summary(edition.id) == {"planned": 50}  # it was no word about any of them
        assert server.recipients == ["ada@example.org"]
        notice = server.accepted[0].data.decode()
        assert "your address is listed" in notice
        assert "--resume" in notice


def test_editors_are_notified_of_messages_in_doubt(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    def behave(moment: Moment) -> Drop | None:
        return Drop(take=True) if moment.phase == "content" and moment.number == 2 else None

    with SmtpServer(behave=behave) as server:
        more = '[deliver]\ntransport = "smtp"\nin_doubt = "hold"\n'
        more += f'[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        app = app_of(settings_of(tmp_path, more, editors='["ada@example.org"]'), sqlite_store, clock)
        bring(sqlite_store, 0)
        crowd(sqlite_store, 5)
        edition, _ = app.composing.compose("morning")
        app.approving.approve(edition, "ada")
        clock.moment = edition.send_at
        Jobs(app).deliver()
        assert sqlite_store.deliveries.summary(edition.id) == {"accepted": 4, "unknown": 1}
        notice = server.accepted[-1]
    assert notice.recipients == ("ada@example.org",)
    assert b"some messages are in doubt" in notice.data
    assert f"digest deliver {edition.id} --in-doubt".encode() in notice.data


def test_unreachable_store_pauses_no_edition(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    app = app_of(settings_of(tmp_path), sqlite_store, clock)
    bring(sqlite_store, 0)
    crowd(sqlite_store, 3)
    edition, _ = app.composing.compose("morning")
    app.approving.approve(edition, "ada")
    clock.moment = edition.send_at
    path = Path(str(sqlite_store.database.path))
    claim(sqlite_store, edition.id, "nobody", clock.moment, timedelta(minutes=1), 0)
    path.rename(tmp_path / "away.db")
    Jobs(app).deliver()
    (tmp_path / "away.db").rename(path)
    assert app.editions.get(edition.id).state != "paused"
    Jobs(app).deliver()
    assert app.editions.get(edition.id).state == "sent"


def test_prune_keeps_articles_that_next_edition_may_choose(sqlite_store: Store, tmp_path: Path, clock: Clock) -> None:
    more = '[collect]\nkeep = "1d"\n'
    app = app_of(settings_of(tmp_path, more, max_age='"7d"', days='["tue"]'), sqlite_store, clock)
    bring(sqlite_store, 0, at=clock.moment - 6 * DAY)
    bring(sqlite_store, 1, at=clock.moment - 11 * DAY)
    Jobs(app).prune()
    kept = sqlite_store.articles.candidates([FEED], NOW - 30 * DAY, NOW + DAY)
    assert [article.title for _, article in kept] == [NEWS[0][0]]
    edition, _ = app.composing.compose("morning")
    app.approving.approve(edition, "ada")
    clock.moment += 90 * DAY
    Jobs(app).prune()
    assert sqlite_store.articles.candidates([FEED], NOW - 30 * DAY, NOW + DAY) == []
    assert app.editions.get(MORNING).stories[0].title == NEWS[0][0]
    assert [row.title for row in sqlite_store.ledger.since("morning", NOW - DAY)] == [NEWS[0][0]]
