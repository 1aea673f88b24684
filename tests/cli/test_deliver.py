"""`digest deliver` for an operator: too early, refused, interrupted, paused twice; each names the next step."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from digest import process
from digest.demo.site import whole_day
from digest.settings import load
from digest.store import open_store
from tests.cli.conftest import DAY, Run
from tests.fakes.smtp_server import Act, Drop, Moment, Say, Silence, SmtpServer
from tests.store.samples import claim

MORNING = "morning-2026-11-24-0700"


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True):
        yield


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Each begins as a process does, whatever an earlier one asked of signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def mailing(desk: Path, port: int, in_doubt: str = "resend") -> None:
    """Let a desk send to the mail server on a port, one message at a time."""
    server = f'[smtp]\nport = {port}\nsecurity = "none"\nconnections = 1\npipeline = 1\n'
    with (desk / "settings.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[deliver]\ntransport = "smtp"\nin_doubt = "{in_doubt}"\n{server}')


def approved(run: Run) -> None:
    assert run("compose", "morning").exit_code == 0
    assert run("approve", "morning").exit_code == 0


def when(phase: str, number: int, act: Callable[[], Act | None]) -> Callable[[Moment], Act | None]:
    return lambda moment: act() if (moment.phase, moment.number) == (phase, number) else None


@pytest.mark.usefixtures("morning")
def test_deliver_before_slot_begins_nothing(full_desk: Path, run: Run) -> None:
    approved(run)
    early = run("deliver", "morning", "--json")
    assert (early.exit_code, json.loads(early.stdout)["state"]) == (75, "approved")
    assert "The next are due at 2026-11-24 07:00 (Europe/Paris); --now sends at once." in early.stderr
    assert run("edit", "morning", "drop", "1").exit_code == 0


@pytest.mark.usefixtures("morning")
@pytest.mark.parametrize(("reply", "code"), [(Say(550, "5.1.1 nobody here"), 1), (Say(451, "4.7.1 come again"), 75)])
def test_refused_test_copy_names_recipient_and_retry(full_desk: Path, run: Run, reply: Say, code: int) -> None:
    with SmtpServer(behave=when("rcpt", 1, lambda: reply)) as server:
        mailing(full_desk, server.port)
        assert run("compose", "morning").exit_code == 0
        done = run("deliver", "morning", "--test", "me@example.org")
    assert done.exit_code == code
    assert done.stderr.splitlines()[-1] == f"digest: me@example.org: {reply.code} {reply.text} (at the recipient)"


@pytest.mark.usefixtures("morning")
def test_test_copy_without_server_names_check(full_desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.services.deliver.mailer.PATIENCE", 1.0)
    with SmtpServer() as server:
        mailing(full_desk, server.port)
    assert run("compose", "morning").exit_code == 0
    done = run("deliver", "morning", "--test", "me@example.org")
    assert (done.exit_code, "'digest check' tests the mail servers" in done.stderr) == (75, True)


@pytest.mark.usefixtures("morning")
def test_test_copy_gives_up_on_silent_server(full_desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.services.deliver.mailer.PATIENCE", 1.0)
    with SmtpServer(behave=when("content", 1, Silence)) as server:
        mailing(full_desk, server.port)
        assert run("compose", "morning").exit_code == 0
        done = run("deliver", "morning", "--test", "me@example.org")
    assert done.exit_code == 75
    assert "me@example.org" in done.stderr


@pytest.mark.usefixtures("morning")
def test_ctrl_c_interrupts_test_copy(full_desk: Path, run: Run) -> None:
    def interrupt() -> Silence:
        os.kill(os.getpid(), signal.SIGINT)
        return Silence()

    with SmtpServer(behave=when("content", 1, interrupt)) as server:
        mailing(full_desk, server.port)
        assert run("compose", "morning").exit_code == 0
        done = run("deliver", "morning", "--test", "me@example.org")
    assert (done.exit_code, done.stderr.split()) == (1, ["Aborted!"])


@pytest.mark.usefixtures("morning")
def test_send_ended_by_signal_says_how_to_continue(
    full_desk: Path, run: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    with SmtpServer(behave=when("content", 2, lambda: os.kill(os.getpid(), signal.SIGTERM))) as server:
        mailing(full_desk, server.port)
        approved(run)
        done = run("deliver", "morning", "--now", "--json")
        told = json.loads(done.stdout)
        assert (done.exit_code, told["sent"], told["open"]) == (75, 2, 4)
        assert f"stopped: by a signal; 'digest deliver {MORNING}' goes on" in done.stderr
        assert "are due at" not in done.stderr
        assert "Finishing what is under way" in capfd.readouterr().err
        rest = run("deliver", "morning")
        assert rest.exit_code == 0, rest.stderr
        assert len(server.recipients) == len(set(server.recipients)) == 6


@pytest.mark.usefixtures("morning")
def test_deliver_reports_messages_of_another_sender(full_desk: Path, run: Run) -> None:
    approved(run)
    now = datetime.now(UTC)
    with open_store(load(full_desk / "settings.toml", {}).store.url) as store, process.run() as another:
        assert store.editions.set_state(MORNING, ["approved"], "sending", now=now)
        store.deliveries.requeue(MORNING, ["planned"], now=now)
        assert len(claim(store, MORNING, another, now, timedelta(minutes=20), 500)) == 6
        done = run("deliver", "morning")
    assert done.exit_code == 75
    assert done.stderr.splitlines()[-1] == "Another sender is at work on the last 6 messages."


def test_in_doubt_messages_are_resent_on_request(full_desk: Path, run: Run) -> None:
    with time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True) as clock:
        with SmtpServer(behave=when("content", 2, lambda: Drop(take=True))) as server:
            mailing(full_desk, server.port, in_doubt="hold")
            approved(run)
            clock.shift(timedelta(hours=1))
            done = run("deliver", "morning")
            assert (done.exit_code, len(server.accepted)) == (5, 6)
            assert f"{MORNING} was sent, but 1 of its messages may have arrived or not" in run("check").stdout
            assert (
                f"1 message may have arrived or not: no answer came; 'digest deliver {MORNING} --in-doubt'"
                in done.stderr
            )
            assert run("deliver", "morning").exit_code == 3, "nobody gets anything twice unasked"
            again = run("deliver", "morning", "--in-doubt", "--json")
            assert (again.exit_code, json.loads(again.stdout)["counts"]) == (0, {"accepted": 6})
            assert len(server.accepted) == 7
            nothing = run("deliver", "morning", "--in-doubt")
            assert (nothing.exit_code, "is in doubt" in nothing.stderr) == (3, True)


def test_in_doubt_messages_are_not_resent_too_late(full_desk: Path, run: Run) -> None:
    with time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True) as clock:
        with SmtpServer(behave=when("content", 2, lambda: Drop(take=True))) as server:
            mailing(full_desk, server.port, in_doubt="hold")
            approved(run)
            clock.shift(timedelta(hours=1))
            assert run("deliver", "morning").exit_code == 5
            clock.shift(timedelta(hours=9))
            late = run("deliver", "morning", "--in-doubt")
            assert (late.exit_code, "is too late" in late.stderr) == (1, True)
            assert "1 unknown" in run("deliveries", "morning").stdout


@pytest.mark.usefixtures("morning")
def test_subscriber_why_shows_server_refusal(full_desk: Path, run: Run) -> None:
    with SmtpServer(behave=when("rcpt", 1, lambda: Say(550, "5.1.1 nobody here"))) as server:
        mailing(full_desk, server.port)
        approved(run)
        assert run("deliver", "morning", "--now").exit_code == 0
    [refused] = map(json.loads, run("deliveries", "morning", "--state", "refused", "--json").stdout.splitlines())
    [record] = json.loads(run("subscribers", "why", refused["address"], "--json").stdout)["returned"]
    assert (record["kind"], record["edition_id"]) == ("hard", MORNING)
    told = run("subscribers", "why", refused["address"]).stdout
    assert re.search(rf"hard  {MORNING}  550 5\.1\.1 nobody here", told.partition("Returned")[2]), told


@pytest.mark.usefixtures("morning")
def test_add_refuses_suppressed_address_without_again(full_desk: Path, run: Run) -> None:
    with open_store(load(full_desk / "settings.toml", {}).store.url) as store:
        store.suppressions.add("ada@example.org", "bounce", "550 nobody here", now=datetime.now(UTC))
    held = run("subscribers", "add", "Ada@Example.org", "morning")
    assert (held.exit_code, held.stdout) == (1, "")
    assert "is not mailed (bounce since 2026-11-24); with --again it is" in held.stderr
    why = run("subscribers", "why", "ada@example.org")
    assert "Not mailed: bounce since 2026-11-24 (550 nobody here)" in why.stdout
    assert "--again" in why.stderr
    assert run("subscribers", "add", "ada@example.org", "morning", "--again").exit_code == 0
    told = json.loads(run("subscribers", "why", "ada@example.org", "--json").stdout)
    assert (told["suppression"], told["events"][-1]["detail"]) == (None, "by hand, again after: bounce")
    approved(run)
    assert "ada@example.org" in run("deliveries", "morning").stdout


@pytest.mark.usefixtures("morning")
def test_dry_run_progress_says_writing(full_desk: Path, run: Run) -> None:
    assert run("compose", "morning").exit_code == 0
    dry = run("deliver", "morning", "--dry-run", str(full_desk / "look"))
    assert dry.stderr.splitlines()[0] == "Writing messages: 6"


@pytest.mark.usefixtures("morning")
def test_pause_and_cancel_twice_is_nothing_to_do(full_desk: Path, run: Run) -> None:
    with SmtpServer(behave=when("mail", 1, lambda: Say(554, "5.7.1 you are on a list"))) as server:
        mailing(full_desk, server.port)
        approved(run)
        early = run("deliver", "morning", "--pause")
        assert (early.exit_code, "'digest schedule pause' all sending" in early.stderr) == (1, True)
        refused = run("deliver", "morning", "--now")
    assert f"'digest deliver {MORNING} --resume'" in refused.stderr
    checked = json.loads(run("check", "--json").stdout)
    [stuck] = [f for f in checked if f["where"] == "sending" and f["severity"] == "error"]
    assert stuck["problem"].startswith(f"{MORNING} is paused, 6 of 6 messages to go: 127.0.0.1:")
    assert stuck["remedy"].endswith(f"digest deliver {MORNING} --resume")
    again = run("deliver", "morning", "--pause", "--json")
    assert (again.exit_code, json.loads(again.stdout)["state"]) == (3, "paused")
    assert run("deliver", "morning", "--cancel").exit_code == 0
    twice = run("deliver", "morning", "--cancel")
    assert (twice.exit_code, "is cancelled already" in twice.stderr) == (3, True)


@pytest.mark.usefixtures("morning")
def test_deliveries_of_nobody_says_so(full_desk: Path, run: Run) -> None:
    assert run("compose", "morning").exit_code == 0
    assert run("deliveries", "morning").stdout == f"{MORNING} (in_review): nothing planned yet\n"
    assert run("approve", "morning").exit_code == 0
    assert run("deliveries", "morning", "--state", "refused").stdout.splitlines() == [
        f"{MORNING} (approved): nobody is 'refused'",
        "6 planned",
    ]
    assert run("deliveries", "morning").stdout.splitlines()[0] == f"{MORNING} (approved)"


def test_paused_sending_names_resume_command(full_desk: Path, run: Run, morning: None) -> None:
    approved(run)
    run("schedule", "pause")
    done = run("deliver", "morning", "--now")
    assert (done.exit_code, "paused by hand; 'digest schedule pause --resume' goes on" in done.stderr) == (1, True)
