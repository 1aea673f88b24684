"""Returned mail: what it means, when it suppresses, and why a forged one does nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.bounce import Event, Notice, Rules, kind_of_status, verdict
from digest.deliver.inbound.dsn import IgnoredMail, read_notice
from digest.deliver.inbound.imap import Mailbox, MailboxError, poll
from digest.deliver.links import Links
from digest.deliver.return_path import ReturnPath, edition_code
from tests.deliver.bounces import (
    EXIM,
    EXIM_STILL_TRIES,
    LEFT,
    QMAIL,
    QMAIL_FULL,
    SENT,
    VACATION,
    abuse_report,
    exim,
    international,
    notice,
    qmail,
    report,
)
from tests.deliver.samples import LINKS, METADATA, RETURN_PATH
from tests.fakes.imap_server import ImapServer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODE = edition_code(METADATA.edition_id)


def read(data: bytes) -> Notice | IgnoredMail:
    """Return the notice of a bounce."""
    return read_notice(data, RETURN_PATH, LINKS)


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "smtp; 550 5.1.1 no such user", "hard"),
        ("5.0.0", "smtp; 550 user unknown", "hard"),
        ("5.0.0", "smtp; 550 5.1.1 gone", "hard"),
        ("5.2.1", "smtp; 550 disabled", "hard"),
        ("5.2.2", "smtp; 552 mailbox full", "soft"),
        ("4.4.7", "smtp; 451 gave up after five days", "soft"),
        ("4.1.1", "smtp; 450 unknown for now", "soft"),
        ("5.7.1", "smtp; 550 5.7.1 blocked as spam", "refusal"),
        ("nonsense", "?", "refusal"),
        ("5.4.4", "X-Postfix; Host or domain name not found. Name service error for name=gone.example", "hard"),
        ("5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "hard"),
        ("5.5.0", "smtp;550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)", "hard"),
        ("5.0.0", "smtp; 554 delivery error: dd This user doesn't have a yahoo.com account", "hard"),
        ("5.3.0", "smtp; 553 5.3.0 <ada@example.org>... User unknown", "hard"),
        ("5.0.0", "smtp; 550 mailbox is full", "soft"),
        ("5.4.7", "smtp;delivery time expired", "soft"),
        ("5.4.6", "X-Postfix; mail for example.org loops back to myself", "soft"),
        ("5.7.1", "smtp; 550 5.7.1 user unknown to this list", "refusal"),
        ("5.0.0", "smtp; 550 sender domain does not exist", "refusal"),
        ("5.1.8", "smtp; 550 5.1.8 the sender's domain does not exist", "refusal"),
        ("5.0.0", "smtp; 554 your host doesn't have a reverse name", "refusal"),
    ],
)
def test_dsn_gives_kind_and_recipient(status: str, words: str, kind: str) -> None:
    found = read(notice(status, words=words))
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id, found.edition_code) == (kind, 42, CODE)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_dsn_without_failure_is_ignored(action: str) -> None:
    found = read(notice(action=action))
    assert isinstance(found, IgnoredMail)
    assert action in found.reason


def test_notice_subscriber_comes_from_our_signature() -> None:
    found = read(notice())
    assert isinstance(found, Notice)
    assert found.subscriber_id == 42
    assert "victim" not in repr(found)


@pytest.mark.parametrize(
    "to",
    [
        RETURN_PATH.address,
        "bounces+b16-aaaaaa-aaaaaaaaaaaa@news.example.org",
        SENT.envelope_sender.replace("+b", "+b1"),
        ReturnPath(RETURN_PATH.address, "another secret").make("b", METADATA.edition_id, 42),
    ],
)
def test_notice_forged_is_ignored(to: str) -> None:
    found = read(notice(to=to))
    assert isinstance(found, IgnoredMail)
    assert "proves" in found.reason


def test_notice_link_in_returned_mail_is_proof() -> None:
    found = read(notice(to="postmaster@news.example.org", original=SENT.data))
    assert isinstance(found, Notice)
    assert (found.subscriber_id, found.newsletter) == (42, "morning")


def test_notice_with_forged_link_is_ignored() -> None:
    other = Links("https://news.example.org", "another secret of thirty-two chars")
    forged = SENT.data.replace(LINKS.token(42, "morning").encode(), other.token(42, "morning").encode())
    assert isinstance(read(notice(to="x@news.example.org", original=forged)), IgnoredMail)


def test_notice_key_is_stable_per_edition() -> None:
    first, again = read(notice()), read(notice(words="smtp; 550 said differently"))
    other = read(notice(to=RETURN_PATH.make("b", "another-edition", 42)))
    assert isinstance(first, Notice)
    assert isinstance(again, Notice)
    assert isinstance(other, Notice)
    assert first.key == again.key != other.key


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "other"])
def test_abuse_report_is_attributed_by_the_included_mail(kind: str) -> None:
    found = read(abuse_report(kind))
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == ("complaint", 42)


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "virus"])
def test_feedback_report_of_a_machine_is_no_complaint(kind: str) -> None:
    assert isinstance(read(abuse_report(kind)), IgnoredMail)


def test_abuse_report_on_foreign_mail_is_ignored() -> None:
    assert isinstance(read(abuse_report(original=b"Subject: x\r\n\r\ny\r\n")), IgnoredMail)


def test_notice_in_nonstandard_form_is_understood() -> None:
    for mail, kind in ((QMAIL, "hard"), (EXIM, "hard"), (QMAIL_FULL, "soft")):
        found = read(mail)
        assert isinstance(found, Notice)
        assert (found.kind, found.subscriber_id) == (kind, 42)


@pytest.mark.parametrize(
    ("mail", "kind"),
    [
        (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), "hard"),
        (qmail("Sorry, I couldn't find any host named north.example. (#5.1.2)"), "hard"),
        (
            qmail("192.0.2.9 failed after I sent the message.", "Remote host said: 554 5.7.1 listed at a blocklist"),
            "refusal",
        ),
        (qmail("Remote host said: 550 Mail from this network is not accepted, poor reputation"), "refusal"),
        (qmail("Connected to 192.0.2.9 but sender was rejected.", "Remote host said: 550 go away"), "refusal"),
        (qmail("I wasn't able to establish an SMTP connection. (#4.4.1)", "It was in the queue too long."), "soft"),
        (qmail("Remote host said: 452 4.2.2 The recipient's inbox is out of storage space"), "soft"),
        (exim("host mx.north.example [192.0.2.9]", "550 5.7.1 Message rejected as spam by content scanner"), "refusal"),
        (exim("SMTP error from remote mail server after RCPT TO:<ada@example.org>:", "550 5.1.1 unknown"), "hard"),
        (exim("mailbox is full: retry timeout exceeded"), "soft"),
        (exim("retry timeout exceeded"), "soft"),
        (exim("all hosts for 'north.example' have been failing for a long time"), "soft"),
        (exim("Unrouteable address"), "hard"),
        (exim("something that no table knows"), "refusal"),
        (international("5.1.1", "smtp;550 5.1.1 no such user"), "hard"),
        (international("5.6.7", "X-Postfix; SMTPUTF8 is required, but was not offered by host"), "refusal"),
        (international("5.2.2", "smtp;552 the mailbox of müller is full", encoding="base64"), "soft"),
        (international("5.0.0", "smtp;550 user unknown", encoding="7bit"), "hard"),
    ],
)
def test_notice_in_a_server_s_own_form_gives_its_cause(mail: bytes, kind: str) -> None:
    found = read(mail)
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == (kind, 42)


@pytest.mark.parametrize("mail", [VACATION, LEFT, EXIM_STILL_TRIES])
def test_notice_auto_reply_or_delay_is_no_bounce(mail: bytes) -> None:
    assert isinstance(read(mail), IgnoredMail)


def test_notice_with_several_recipients_counts_the_worst() -> None:
    late, spam, gone = "Action: delayed\r\nStatus: 4.4.1", "Action: failed\r\nStatus: 5.7.1", "Status: 5.1.1"
    for blocks, kind in (((late, spam), "refusal"), ((late, spam, gone), "hard")):
        found = read(report(*blocks))
        assert isinstance(found, Notice)
        assert found.kind == kind
    assert isinstance(read(report(late, "Status: 4.2.2", "Action: relayed\r\nStatus: 2.1.5")), IgnoredMail)


def test_dsn_comments_in_fields_are_ignored() -> None:
    found = read(report("Action: Failed (bounced)\r\nStatus: 5.1.1 (bad destination mailbox address)"))
    assert isinstance(found, Notice)
    assert found.kind == "hard"


def test_notice_to_unsubscribe_address_unsubscribes() -> None:
    to = RETURN_PATH.make("u", METADATA.edition_id, 42)
    found = read(f"From: ada@example.org\r\nTo: {to}\r\nSubject: unsubscribe\r\n\r\n".encode())
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == ("unsubscribe", 42)


def test_notice_envelope_recipient_is_proof_enough() -> None:
    data = notice(to="someone@else.example")
    assert isinstance(read(data), IgnoredMail)
    assert isinstance(read_notice(data, RETURN_PATH, LINKS, SENT.envelope_sender), Notice)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 900))
def test_notice_arbitrary_bytes_never_crash(noise: bytes, start: int, end: int) -> None:
    data = notice(original=SENT.data)
    read(data[:start] + noise + data[end:])
    read(noise)
    read(abuse_report()[:start] + noise + abuse_report()[end:])


def test_notice_deeply_nested_is_ignored() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
    assert isinstance(read(deep), IgnoredMail)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], ""),
        (["hard"], ""),
        (["hard", "hard"], "bounce"),
        (["soft"] * 7, ""),
        (["soft"] * 8, "bounce"),
        (["soft"] * 7 + ["hard"], "bounce"),
        (["refusal"] * 50, ""),
        (["complaint"], "complaint"),
        (["soft", "complaint"], "complaint"),
    ],
)
def test_verdict_thresholds(kinds: list[str], expected: str) -> None:
    events = [Event(NOW - timedelta(days=n), kind, f"e{n}") for n, kind in enumerate(kinds)]
    assert verdict(events, NOW) == expected


def first_suppression(kind: str, days: float, limit: int = 40) -> int:
    """The number of the bounce that suppresses, when one comes every so many days; 0: never."""
    events: list[Event] = []
    for number in range(1, limit + 1):
        now = NOW + timedelta(days=days * number)
        events.append(Event(now, kind, f"e{number}"))
        if verdict(events, now):
            return number
    return 0


@pytest.mark.parametrize("days", [1, 5, 7, 14, 30, 90])
def test_verdict_hard_bounces_suppress_at_the_second_edition(days: float) -> None:
    assert first_suppression("hard", days) == 2


@pytest.mark.parametrize(("days", "number"), [(1, 8), (7, 8), (30, 8), (0.25, 13), (90, 0)])
def test_verdict_soft_bounces_suppress_whatever_the_interval(days: float, number: int) -> None:
    assert first_suppression("soft", days) == number


def test_verdict_counts_an_edition_once() -> None:
    same = [Event(NOW, "hard", "a"), Event(NOW, "soft", "a"), Event(NOW, "hard", "a")]
    assert verdict(same, NOW) == ""
    assert verdict([Event(NOW, "hard", "a"), Event(NOW - timedelta(days=1), "hard", "b")], NOW) == "bounce"
    assert verdict([Event(NOW, "hard", ""), Event(NOW - timedelta(days=1), "hard", "")], NOW) == "bounce"


def test_verdict_forgives_bounces_before_an_edition_that_arrived() -> None:
    events = [Event(NOW - timedelta(days=9 - n), "hard" if n < 2 else "soft", f"e{n}") for n in range(2)]
    in_a_row = [("e1", False), ("e0", False)]
    assert verdict(events, NOW, history=in_a_row) == "bounce"
    assert verdict(events, NOW, history=[("e1", False), ("between", True), ("e0", False)]) == ""
    assert verdict(events, NOW, history=[("e1", False), ("refused too", False), ("e0", False)]) == "bounce"
    assert verdict(events, NOW, history=[("later", True), *in_a_row]) == "bounce"  # it may still come back


def test_verdict_forgets_after_its_memory() -> None:
    rules = Rules(memory=timedelta(days=60))
    old = Event(NOW - timedelta(days=61), "hard", "a")
    assert verdict([old, Event(NOW, "hard", "b")], NOW, rules) == ""


def test_verdict_future_bounce_counts_once() -> None:
    assert verdict([Event(NOW + timedelta(days=300), "hard")], NOW) == ""


@pytest.mark.parametrize("status", ["", "5", "5.1", "x.y.z", "5.1.1.1", "５.１.１"])
def test_dsn_invalid_status_is_no_bounce(status: str) -> None:
    assert kind_of_status(status) in {"refusal", "hard"}
    assert kind_of_status("", "") == "refusal"


def mailbox(server: ImapServer, password: str = "secret") -> Mailbox:
    """How to reach a test server."""
    return Mailbox("127.0.0.1", "bounces", password, server.port, security="none", timeout=5)


def test_mailbox_processed_mail_is_moved() -> None:
    seen: list[Notice] = []

    def handle(data: bytes) -> bool:
        found = read(data)
        if isinstance(found, Notice):
            seen.append(found)
        return isinstance(found, Notice)

    with ImapServer() as server:
        server.add(notice())
        server.add(b"Subject: hello\r\n\r\nnothing of yours\r\n")
        server.add(abuse_report())
        assert poll(mailbox(server), handle) == (2, 1)
        assert poll(mailbox(server), handle) == (0, 0)
        assert server.folders["INBOX"] == {}
        assert len(server.folders["digest-done"]) == 2
        assert len(server.folders["digest-ignored"]) == 1
    assert [n.kind for n in seen] == ["hard", "complaint"]


def test_mailbox_oversized_mail_is_moved_unread() -> None:
    with ImapServer() as server:
        server.add(b"Subject: a film\r\n\r\n")
        server.add(notice())
        server.sizes[1] = 3_000_000_000
        assert poll(mailbox(server), lambda data: True) == (1, 1)
        assert server.fetched == [2]
        assert list(server.folders["digest-ignored"]) == [1]


def test_mailbox_broken_mail_is_passed_unchanged() -> None:
    broken = [
        b"\xff\xfe\x00",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n",
        b"Content-Type: text/plain; charset=nonsense\r\nSubject: \xe9=?utf-8?b?4pyT?=\r\n\r\n\xe9",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: message/rfc822\r\n\r\n!!",
    ]
    seen: list[bytes] = []

    def handle(data: bytes) -> bool:
        seen.append(data)
        return False

    with ImapServer() as server:
        for mail in broken:
            server.add(mail)
        assert poll(mailbox(server), handle) == (0, len(broken))
    assert seen == broken


def test_mailbox_folders_are_created_where_allowed() -> None:
    with ImapServer(namespace="INBOX.") as server:
        server.add(notice())
        assert poll(mailbox(server), lambda data: True) == (1, 0)
        server.add(notice())
        assert poll(mailbox(server), lambda data: True) == (1, 0)
        assert len(server.folders["INBOX.digest-done"]) == 2


def test_mailbox_mail_is_read_again_after_a_crash() -> None:
    with ImapServer() as server:
        server.add(notice())

        def fail(data: bytes) -> bool:
            raise RuntimeError("the store is away")

        with pytest.raises(RuntimeError):
            poll(mailbox(server), fail)
        assert len(server.folders["INBOX"]) == 1


def test_mailbox_unreadable_raises_retryable_error() -> None:
    with ImapServer() as server:
        with pytest.raises(MailboxError, match="cannot be read"):
            poll(mailbox(server, "wrong"), lambda data: True)
        server.add(notice())
        server.add(notice())
        server.drop_after_moves = 1
        with pytest.raises(MailboxError, match="cannot be read"):
            poll(mailbox(server), lambda data: True)
        assert len(server.folders["INBOX"]) == 1


def test_mailbox_token_of_a_command_signs_in() -> None:
    with ImapServer(token="imap-token") as server:
        server.add(notice())
        box = replace(mailbox(server), token_command="echo imap-token")
        assert poll(box, lambda data: True) == (1, 0)
        with pytest.raises(MailboxError, match="cannot be read"):
            poll(replace(box, token_command="echo another-token"), lambda data: True)
        with pytest.raises(MailboxError, match=r"takes no password and offers XOAUTH2; set bounces\.token_command"):
            poll(mailbox(server), lambda data: True)
        with pytest.raises(MailboxError, match="token_command ended with code 1"):
            poll(replace(box, token_command="false"), lambda data: True)
