"""`digest check`: each problem is a finding with its own remedy, whatever else is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from digest.demo.site import whole_day
from tests.cli.conftest import DAY, Run
from tests.fakes.imap_server import ImapServer
from tests.fakes.smtp_server import SmtpServer


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(whole_day(DAY) + timedelta(minutes=3), tick=True):
        yield


def add(desk: Path, text: str) -> None:
    with (desk / "settings.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def found(run: Run, area: str) -> list[tuple[str, str, str]]:
    done = run("check", "--json")
    assert done.exit_code in (0, 4), done.stderr
    return [(f["severity"], f["problem"], f["remedy"]) for f in json.loads(done.stdout) if f["where"] == area]


def test_check_reports_unusable_key_and_continues(desk: Path, run: Run) -> None:
    add(desk, '[dkim.d1]\ndomain = "example.org"\nkey_file = "nowhere.pem"')
    [(level, message, _)] = found(run, "dkim")
    assert (level, "nowhere.pem cannot be read" in message) == ("error", True)
    assert found(run, "mail"), "what comes after it was looked at too"
    assert run("dkim", "keygen", "example.org", "--out", str(desk / "nowhere.pem")).exit_code == 0
    assert found(run, "dkim") == [("ok", "d1._domainkey.example.org: signs every message", "")]


@pytest.mark.parametrize(
    ("subject", "problem", "remedy"),
    [
        ("{{ top.titel }}", "subject: 'top' has no 'titel'", "did you mean 'title'?"),
        ("{{ tpo.title }}", "subject: there is no 'tpo'", "did you mean 'top'?"),
        ("{{ top.title | uper }}", "subject: there is no filter 'uper'", "did you mean 'upper'?"),
        ("{{ top.title ", "cannot be read", "write it as '{{ top.title }}'"),
    ],
)
def test_check_reports_wrong_subject_before_any_edition(
    desk: Path, run: Run, subject: str, problem: str, remedy: str
) -> None:
    _set(desk, f"subject = {json.dumps(subject)}")
    wrong = [one for one in found(run, "templates") if one[0] == "error"]
    assert [(problem in message, told) for _, message, told in wrong] == [(True, remedy)]


def test_check_reports_missing_logo_with_the_nearest_file(desk: Path, run: Run) -> None:
    (desk / "logo.png").write_bytes(b"")
    text = (desk / "settings.toml").read_text(encoding="utf-8")
    text = text.replace('brand = { accent = "#a3261b"', 'brand = { logo = "lgo.png", accent = "#a3261b"')
    (desk / "settings.toml").write_text(text, encoding="utf-8")
    [(_, message, remedy)] = [one for one in found(run, "templates") if one[0] == "error"]
    assert "lgo.png: No such file or directory" in message
    assert remedy == f"did you mean '{desk / 'logo.png'}'?"


def _set(desk: Path, line: str) -> None:
    text = (desk / "settings.toml").read_text(encoding="utf-8")
    text = text.replace("[newsletters.morning]\n", f"[newsletters.morning]\n{line}\n")
    (desk / "settings.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words", "remedy"),
    [
        ('subject = "{{ newsletter.titl }}"', "titl", "subject in settings.toml: did you mean 'title'?"),
        ('theme = "clasic"', "there is no theme 'clasic'", "choose from classic, compact, magazine"),
    ],
)
def test_check_reports_unrenderable_mail_with_remedy(
    full_desk: Path, run: Run, line: str, words: str, remedy: str
) -> None:
    assert run("compose", "morning").exit_code == 0
    text = (full_desk / "settings.toml").read_text(encoding="utf-8")
    text = text.replace("[newsletters.morning]\n", f"[newsletters.morning]\n{line}\n")
    (full_desk / "settings.toml").write_text(text, encoding="utf-8")
    wrong = [one for one in found(run, "mail") if one[0] == "error"]
    assert [(words in message, told) for _, message, told in wrong] == [(True, remedy)]


def test_check_warns_once_of_newsletter_without_edition(desk: Path, run: Run) -> None:
    assert ("warning", "newsletter matin has no edition yet to look at", "digest compose matin") in found(run, "mail")


def test_check_says_signed_in_only_after_sign_in(desk: Path, run: Run) -> None:
    with SmtpServer() as server:
        add(desk, f'[deliver]\ntransport = "smtp"\n[smtp]\nport = {server.port}\nsecurity = "none"')
        [(level, message, _)] = found(run, "smtp")
    assert (level, message) == ("ok", f"127.0.0.1:{server.port}: answers, PIPELINING, SMTPUTF8")
    [(level, message, _)] = found(run, "smtp")  # the server has gone
    assert (level, message) == ("error", f"127.0.0.1:{server.port}: Connection refused (at connect)")
    add(desk, 'ca_file = "nowhere.pem"')
    [(level, message, _)] = found(run, "smtp")
    assert (level, f"ca_file {desk / 'nowhere.pem'} is not there" in message) == ("error", True)


def test_check_counts_bounce_mailbox_and_touches_nothing(desk: Path, run: Run) -> None:
    with ImapServer(folders={"INBOX": {7: b"Subject: x\r\n\r\nx"}}) as server:
        add(desk, f'[bounces]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\npassword = "secret"')
        assert found(run, "bounces") == [("ok", f"127.0.0.1:{server.port}: signs us in; mails in INBOX: 1", "")]
        assert (server.moves, server.fetched) == (0, [])
        server.password = "another"
        [(level, _, remedy)] = found(run, "bounces")
        assert (level, remedy) == ("error", "see [bounces] in settings.toml")


def test_check_reports_unreachable_database_with_remedy(desk: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as gone:
        pass  # nobody listens on its port any more
    monkeypatch.setenv("DIGEST_STORE__URL", f"postgresql://nobody:hunter2@127.0.0.1:{gone.port}/news")
    [(level, message, remedy)] = found(run, "store")
    assert (level, remedy) == ("error", "check that it runs, and [store] url")
    assert message.startswith("database 'news' on 127.0.0.1: the server cannot be reached (")
    [same] = json.loads(run("db", "check", "--json").stdout)
    assert (same["problem"], same["remedy"]) == (message, remedy)
    assert "hunter2" not in message + remedy


def test_check_summarises_healthy_feeds_for_people_only(full_desk: Path, run: Run) -> None:
    told = run("check")
    well = [one for one in found(run, "feeds") if one[0] == "ok"]
    assert len(well) > 20
    assert f"{len(well)} feeds are well" in told.stdout
    assert well[0][1] not in told.stdout
    assert told.stderr.splitlines()[-1].endswith(("warnings.", "warning."))
