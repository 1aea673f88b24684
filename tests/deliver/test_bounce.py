"""Returned mail: what it means, when it suppresses, and why a forged one does nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.bounce import Event, Notice, Rules, kind_of_status, score, verdict
from digest.deliver.imap import Mailbox, MailboxError, poll
from digest.deliver.links import Links
from digest.deliver.notice import Ignored, read_notice
from digest.deliver.returnpath import ReturnPath, edition_code
from tests.deliver.bounces import QMAIL, SENT, VACATION, abuse_report, notice
from tests.deliver.samples import FACTS, LINKS, RETURN_PATH
from tests.fakes.imap_server import ImapServer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODE = edition_code(FACTS.edition_id)


def read(data: bytes) -> Notice | Ignored:
    """What it says to us."""
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
    ],
)
def test_a_status_notice_says_how_bad_it_is_and_whose_mail_it_was(status: str, words: str, kind: str) -> None:
    found = read(notice(status, words=words))
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id, found.edition_code) == (kind, 42, CODE)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_failure_changes_nothing(action: str) -> None:
    found = read(notice(action=action))
    assert isinstance(found, Ignored)
    assert action in found.reason


def test_who_it_is_about_comes_from_our_signature_and_never_from_what_the_notice_claims() -> None:
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
        ReturnPath(RETURN_PATH.address, "another secret").make("b", FACTS.edition_id, 42),
    ],
)
def test_a_forged_notice_does_nothing(to: str) -> None:
    found = read(notice(to=to))
    assert isinstance(found, Ignored)
    assert "proves" in found.reason


def test_without_our_return_address_the_returned_mail_itself_can_be_the_proof() -> None:
    found = read(notice(to="postmaster@news.example.org", original=SENT.data))
    assert isinstance(found, Notice)
    assert (found.subscriber_id, found.newsletter) == (42, "morning")


def test_returned_mail_with_a_forged_link_in_it_proves_nothing() -> None:
    other = Links("https://news.example.org", "another secret of thirty-two chars")
    forged = SENT.data.replace(LINKS.token(42, "morning").encode(), other.token(42, "morning").encode())
    assert isinstance(read(notice(to="x@news.example.org", original=forged)), Ignored)


def test_the_same_notice_read_twice_has_one_key_and_another_edition_s_has_another() -> None:
    first, again = read(notice()), read(notice(words="smtp; 550 said differently"))
    other = read(notice(to=RETURN_PATH.make("b", "another-edition", 42)))
    assert isinstance(first, Notice)
    assert isinstance(again, Notice)
    assert isinstance(other, Notice)
    assert first.key == again.key != other.key


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "virus", "other"])
def test_a_complaint_is_known_by_the_mail_in_it(kind: str) -> None:
    found = read(abuse_report(kind))
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == ("complaint", 42)


def test_a_report_that_a_mail_is_no_spam_is_no_complaint() -> None:
    assert isinstance(read(abuse_report("not-spam")), Ignored)


def test_an_abuse_report_about_nothing_of_ours_does_nothing() -> None:
    assert isinstance(read(abuse_report(original=b"Subject: x\r\n\r\ny\r\n")), Ignored)


def test_a_server_that_keeps_to_no_standard_is_understood() -> None:
    found = read(QMAIL)
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == ("hard", 42)


def test_somebody_s_holiday_is_no_bounce() -> None:
    assert isinstance(read(VACATION), Ignored)


def test_a_mail_to_the_unsubscribe_address_is_a_wish_to_leave() -> None:
    to = RETURN_PATH.make("u", FACTS.edition_id, 42)
    found = read(f"From: ada@example.org\r\nTo: {to}\r\nSubject: unsubscribe\r\n\r\n".encode())
    assert isinstance(found, Notice)
    assert (found.kind, found.subscriber_id) == ("unsubscribe", 42)


def test_the_envelope_recipient_of_a_pipe_is_enough() -> None:
    data = notice(to="someone@else.example")
    assert isinstance(read(data), Ignored)
    assert isinstance(read_notice(data, RETURN_PATH, LINKS, SENT.envelope_sender), Notice)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 900), st.integers(0, 900))
def test_nothing_that_comes_by_mail_can_break_the_reader(noise: bytes, start: int, end: int) -> None:
    data = notice(original=SENT.data)
    read(data[:start] + noise + data[end:])
    read(noise)
    read(abuse_report()[:start] + noise + abuse_report()[end:])


def test_a_mail_nested_beyond_reason_is_ignored() -> None:
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
    assert isinstance(read(deep), Ignored)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], ""),
        (["hard"], ""),
        (["hard", "hard"], "bounce"),
        (["soft"] * 7, ""),
        (["soft"] * 9, "bounce"),
        (["refusal"] * 50, ""),
        (["complaint"], "complaint"),
        (["soft", "complaint"], "complaint"),
    ],
)
def test_when_an_address_has_had_enough(kinds: list[str], expected: str) -> None:
    events = [Event(NOW - timedelta(days=n), kind, f"e{n}") for n, kind in enumerate(kinds)]
    assert verdict(events, NOW, Rules(half_life=timedelta(days=90))) == expected


def test_bounces_fade_and_those_of_one_edition_count_once() -> None:
    old = [Event(NOW - timedelta(days=60), "hard", "a"), Event(NOW - timedelta(days=90), "hard", "b")]
    assert score(old, NOW) == pytest.approx(0.25 + 0.125)
    same = [Event(NOW, "hard", "a"), Event(NOW, "soft", "a"), Event(NOW, "hard", "a")]
    assert score(same, NOW) == 1.0
    assert verdict([Event(NOW, "hard", "a"), Event(NOW - timedelta(days=1), "hard", "b")], NOW) == "bounce"


def test_a_clock_that_was_wrong_makes_no_bounce_count_more_than_one() -> None:
    assert score([Event(NOW + timedelta(days=300), "hard")], NOW) == 1.0


@pytest.mark.parametrize("status", ["", "5", "5.1", "x.y.z", "5.1.1.1", "５.１.１"])
def test_a_status_that_is_none_is_no_word_about_the_address(status: str) -> None:
    assert kind_of_status(status) in {"refusal", "hard"}
    assert kind_of_status("", "") == "refusal"


def mailbox(server: ImapServer, password: str = "secret") -> Mailbox:
    """How to reach a test server."""
    return Mailbox("127.0.0.1", "bounces", password, server.port, security="none", timeout=5)


def test_a_mailbox_is_read_and_what_was_dealt_with_is_moved_aside() -> None:
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


def test_a_mail_that_we_die_over_is_read_again() -> None:
    with ImapServer() as server:
        server.add(notice())

        def fail(data: bytes) -> bool:
            raise RuntimeError("the store is away")

        with pytest.raises(RuntimeError):
            poll(mailbox(server), fail)
        assert len(server.folders["INBOX"]) == 1


def test_a_mailbox_that_cannot_be_read_is_an_error_to_try_again() -> None:
    with ImapServer() as server:
        with pytest.raises(MailboxError, match="cannot be read"):
            poll(mailbox(server, "wrong"), lambda data: True)
        server.add(notice())
        server.add(notice())
        server.drop_after_moves = 1
        with pytest.raises(MailboxError, match="cannot be read"):
            poll(mailbox(server), lambda data: True)
        assert len(server.folders["INBOX"]) == 1
