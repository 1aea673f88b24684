"""`digest bounces ingest`: from files, a mailbox in a file or folder, or a pipe; mails of strangers change nothing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.deliver.bounces import notice
from tests.fakes.imap_server import ImapServer

FROM = "From MAILER-DAEMON Mon Nov 23 07:00:00 2026\n"


def test_ingest_reads_mbox_maildir_and_pipe(desk: Path, run: Run) -> None:
    (desk / "box").write_bytes((FROM.encode() + notice() + b"\n") * 3)
    (desk / "mail" / "new").mkdir(parents=True)
    (desk / "mail" / "new" / "1.host").write_bytes(notice())
    done = run("bounces", "ingest", str(desk / "box"), str(desk / "mail"), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"ignored": 4})  # it is signed by nobody we know
    done = run("bounces", "ingest", stdin="Subject: hello\n\nFrom here on.\n")
    assert (done.exit_code, done.stdout) == (0, "1 ignored\n")


def test_poll_reads_configured_mailbox(desk: Path, run: Run) -> None:
    with ImapServer() as server:
        settings = desk / "settings.toml"
        asked = f'[bounces]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\npassword = "secret"\n'
        settings.write_text(f"{settings.read_text()}\n{asked}username = 'bounces'\n")
        server.add(notice())
        done = run("bounces", "poll", "--json")
        assert (done.exit_code, json.loads(done.stdout)) == (0, {"ignored": 1})
        assert run("bounces", "poll").exit_code == 3
        settings.write_text(settings.read_text().replace('"secret"', '"wrong"'))
        assert run("bounces", "poll").exit_code == 75


def test_ingest_names_missing_file(desk: Path, run: Run) -> None:
    done = run("bounces", "ingest", str(desk / "nowhere"))
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


def test_ingest_of_empty_pipe_is_nothing_to_do(desk: Path, run: Run) -> None:
    assert run("bounces", "ingest", stdin="").exit_code == 3
