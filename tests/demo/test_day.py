"""The demo end to end: no network, valid mails, and no page noise in them."""

from __future__ import annotations

import re
import subprocess
import sys
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

import pytest

WORDS = (
    "publicité|advertisement|anzeige|lire aussi|voir aussi|laisser un commentaire|partager|dans le même thème|"
    "votre avis|sur le même sujet|abonnez-vous|read more|sign up|newsletter|cookies?|share|إعلان|اقرأ أيضا"
)
NOISE = re.compile(rf"(?im)^\W*({WORDS})\b[^.!?\n]{{0,80}}$")

#: Code that blocks every connection except to this machine, then runs the command line.
WITHOUT_NETWORK = """
import socket, sys
real = socket.socket.connect
def guarded(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(("127.", "::1")):
        raise OSError(f"the network was asked for: {address}")
    return real(self, address)
socket.socket.connect = guarded
sys.argv = ["digest", *sys.argv[1:]]
from digest.cli import main
if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    script = folder / "run.py"
    script.write_text(WITHOUT_NETWORK, encoding="utf-8")
    command = [sys.executable, str(script), "demo", "--once", "--outbox", str(folder / "outbox")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "Good morning" in done.stdout
    assert "of 6 outlets" in done.stdout, "one of them calls itself differently in Arabic"
    assert "digest --settings" in done.stdout
    return folder / "outbox"


@pytest.fixture(scope="module")
def mails(outbox: Path) -> list[EmailMessage]:
    parser = BytesParser(policy=policy.default)
    return [parser.parsebytes(path.read_bytes()) for path in sorted(outbox.rglob("*.eml"))]


def test_sample_subscribers_get_exactly_one_mail(mails: list[EmailMessage]) -> None:
    from digest.demo.site import subscribers_csv

    wanted = sorted(line.split(",")[0] for line in subscribers_csv().splitlines()[1:])
    assert len(wanted) >= 6
    assert sorted(str(mail["To"]) for mail in mails) == wanted


def test_mail_has_text_first_and_html_below_limit(mails: list[EmailMessage]) -> None:
    for mail in mails:
        assert not mail.defects
        parts = [part.get_content_type() for part in mail.iter_parts()]
        assert parts == ["text/plain", "text/html"]
        html = mail.get_body(("html",))
        assert html is not None
        assert len(html.get_content().encode()) <= 100_000


def test_mail_has_one_click_headers(outbox: Path) -> None:
    for path in outbox.rglob("*.eml"):
        head = path.read_bytes().split(b"\r\n\r\n", 1)[0].decode("ascii")
        found = re.search(
            r"^List-Unsubscribe: <https://news\.example\.org/unsubscribe/[\w.=-]+>,\r\n <mailto:[^<>\s]+>\r$",
            head,
            re.M,
        )
        assert found, head
        assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head


def test_mail_holds_no_noise_line(mails: list[EmailMessage]) -> None:
    for mail in mails:
        body = mail.get_body(("plain",))
        assert body is not None
        assert not NOISE.search(body.get_content())
        assert not re.search(r"(?m)^[A-Z]{4,}\b[^.\n]{0,40} [–—-] ", body.get_content())  # a dateline


def test_subscribers_get_chosen_topics_in_their_language(mails: list[EmailMessage]) -> None:
    by_reader = {str(mail["To"]): mail for mail in mails}
    layla = by_reader["layla.haddad@mail.test"]
    assert layla["Content-Language"] == "ar"
    html = layla.get_body(("html",))
    assert html is not None
    assert 'dir="rtl"' in html.get_content()
    cora = by_reader["cora.lindt@example.org"].get_body(("plain",))
    assert cora is not None
    text = cora.get_content()
    assert "Science" in text
    assert "Sport\n" not in text


def test_event_of_several_outlets_appears_once(mails: list[EmailMessage]) -> None:
    mail = next(mail for mail in mails if str(mail["To"]) == "mina.sato@mail.test")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert text.count("Also in") >= 3
    assert text.count("Bank of Kestria") <= 3
