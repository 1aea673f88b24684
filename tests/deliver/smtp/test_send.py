"""Sending over real sockets to a server that behaves, misbehaves, or is not there."""

from __future__ import annotations

import re
import shlex
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from digest.deliver.address import canonical
from digest.deliver.mime.message import Message, Recipient
from digest.deliver.result import Result
from digest.deliver.smtp.send import Interrupted, Relay, Report, send
from digest.errors import StoreError
from tests.deliver.samples import RENDERED, address, messages, template
from tests.fakes.ledger import Ledger
from tests.fakes.smtp_server import Act, Drop, Moment, Say, Silence, SmtpServer, self_signed


def deliver(
    server: SmtpServer, count: int = 30, depth: int = 2, connections: int = 3, **changes: Any
) -> tuple[Ledger, Report]:
    """Send to the server, held to the promise; returns the ledger and the report."""
    options = {name: changes.pop(name) for name in ("lease", "patience", "should_stop") if name in changes}
    windows = "CHUNKING" in server.extensions and changes.get("chunking", True) and changes.get("pipelining", True)
    copies = connections * (depth if windows else max(1, depth - 1))
    ledger = Ledger(connections * depth, server=server, copies_bound=copies)
    report = send(
        messages(count), [server.relay(connections=connections, pipeline=depth, **changes)], ledger.record, **options
    )
    return ledger, report


def at(phase: str, numbers: Sequence[int], act: Act) -> Callable[[Moment], Act | None]:
    """Behave so at these moments of a phase."""
    return lambda moment: act if moment.phase == phase and moment.number in numbers else None


@pytest.mark.parametrize("depth", [1, 2, 3, 8])
@pytest.mark.parametrize("pipelining", [True, False])
def test_every_subscriber_gets_one_copy_and_one_result(depth: int, pipelining: bool) -> None:
    with SmtpServer() as server:
        ledger, report = deliver(server, 100, depth, pipelining=pipelining)
    assert Counter(server.recipients) == {address(n): 1 for n in range(1, 101)}
    assert ledger.states() == {"accepted": 100}
    assert report == Report()


def test_messages_arrive_octet_for_octet() -> None:
    with SmtpServer() as server:
        ledger, _ = deliver(server, 20)
    sent = {message.envelope_recipient: message for message in ledger.intended.values()}
    for taken in server.accepted:
        message = sent[taken.recipients[0]]
        assert taken.data == message.data
        assert taken.sender == message.envelope_sender


def test_aiosmtpd_accepts_everything() -> None:
    kept: list[Any] = []

    class Keep:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            kept.append((envelope.rcpt_tos[0], envelope.content))
            return "250 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Keep(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        ledger = Ledger()
        send(messages(25), [Relay("127.0.0.1", port, "none", connections=3)], ledger.record)
    finally:
        controller.stop()
    assert dict(kept) == {m.envelope_recipient: m.data for m in ledger.intended.values()}
    assert len(kept) == 25


def test_connections_never_exceed_messages() -> None:
    with SmtpServer() as server:
        deliver(server, 3, connections=8)
        assert server.connections <= 3


def test_connection_is_replaced_after_its_quota() -> None:
    with SmtpServer() as server:
        ledger, _ = deliver(server, 60, connections=2, messages_per_connection=10)
    assert ledger.states() == {"accepted": 60}
    assert max(Counter(m.connection for m in server.accepted).values()) <= 10


@pytest.mark.parametrize(
    ("phase", "code", "text", "state", "bounce"),
    [
        ("rcpt", 550, "5.1.1 no such user", "refused", "hard"),
        ("rcpt", 550, "5.7.1 blocked by policy", "refused", ""),
        ("rcpt", 551, "user not local", "refused", "hard"),
        ("rcpt", 552, "mailbox full", "deferred", "soft"),
        ("rcpt", 450, "4.2.0 greylisted", "deferred", ""),
        ("rcpt", 451, "local error", "deferred", ""),
        ("rcpt", 452, "4.2.2 over quota", "deferred", "soft"),
        ("data", 451, "not now", "deferred", ""),
        ("data", 554, "no", "refused", ""),
        ("content", 452, "disk full", "deferred", ""),
        ("content", 550, "5.1.1 no such user after all", "refused", "hard"),
        ("content", 552, "5.3.4 too big", "refused", ""),
        ("content", 554, "5.7.1 spam", "refused", ""),
        ("content", 421, "4.3.2 shutting down", "deferred", ""),
    ],
)
@pytest.mark.parametrize("pipelining", [True, False])
def test_rejection_affects_its_recipient_only(
    phase: str, code: int, text: str, state: str, bounce: str, pipelining: bool
) -> None:
    with SmtpServer(behave=at(phase, [7], Say(code, text))) as server:
        ledger, report = deliver(server, 30, pipelining=pipelining)
    assert ledger.states() == {"accepted": 29, state: 1}
    (unhappy,) = ledger.having(state)
    assert address(unhappy) not in server.recipients
    assert str(code) in ledger.outcomes[unhappy].reason
    assert ledger.outcomes[unhappy].bounce == bounce
    assert not report.stopped


@pytest.mark.parametrize("phase", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("act", [Drop(), Say(421, "4.3.2 bye", "drop"), Say(raw=b"nonsense\r\n"), Say(999, "what")])
def test_connection_lost_before_content_loses_no_message(phase: str, act: Act) -> None:
    with SmtpServer(behave=at(phase, [5, 11], act)) as server:
        ledger, report = deliver(server, 30)
    assert ledger.states() == {"accepted": 30}
    assert Counter(server.recipients) == {address(n): 1 for n in range(1, 31)}
    assert not report.stopped


@pytest.mark.parametrize(
    "act",
    [
        Drop(take=True),
        Drop(),
        Say(raw=b"garbage\r\n"),
        Say(raw=b"12\r\n"),
        Say(raw=b"250"),
        Say(354, "again?"),
        Say(550, raw=b"550-no, and I do not say more\r\n"),  # the next reply is no end of this one
        Say(550, raw=b"550-no\r\n250 or yes?\r\n"),
        Silence(take=True),
        Say(raw=b"\0\0\0\0\r\n"),
    ],
)
def test_data_unreadable_verdict_is_unknown(act: Act) -> None:
    with SmtpServer(behave=at("content", [9], act)) as server:
        ledger, report = deliver(server, 30, answer_timeout=4, timeout=4)
    assert ledger.states() == {"accepted": 29, "unknown": 1}
    assert max(Counter(server.recipients).values()) == 1
    assert not report.stopped


def test_drop_within_content_is_retried() -> None:
    # The server resets while it has only a part; the final dot cannot have left a socket that holds 64 kB.
    big = template(replace(RENDERED, html="<p>much</p>\n" * 500_000))
    with SmtpServer(drop_content_after=200_000) as server:
        ledger = Ledger()
        send(messages(2, big), [server.relay(connections=1)], ledger.record, patience=3)
    assert server.accepted == []
    assert set(ledger.states()) <= {"deferred", "unknown"}


@pytest.mark.parametrize(
    ("phase", "code"), [("mail", 354), ("mail", 334), ("rcpt", 354), ("rcpt", 334), ("data", 334), ("data", 250)]
)
@pytest.mark.parametrize("pipelining", [True, False])
def test_out_of_step_server_is_left_without_harm(phase: str, code: int, pipelining: bool) -> None:
    with SmtpServer(behave=at(phase, [4, 5], Say(code, "what?"))) as server:
        ledger, report = deliver(server, 30, pipelining=pipelining)
    assert ledger.states() == {"accepted": 30}
    assert Counter(server.recipients) == {address(n): 1 for n in range(1, 31)}
    assert not report.stopped


def test_multi_line_reply_gives_the_whole_reason() -> None:
    said = b"550-5.7.1 Unfortunately, messages from this server were rejected as spam\r\n550 see https://mx.example/help\r\n"
    with SmtpServer(behave=at("rcpt", [4], Say(550, raw=said))) as server:
        ledger, _ = deliver(server, 10)
    (no,) = (outcome for outcome in ledger.outcomes.values() if outcome.state == "refused")
    assert (no.fault, no.bounce) == ("policy", "")
    assert "rejected as spam see https://mx.example/help" in no.reason


def test_silence_before_content_times_out() -> None:
    with SmtpServer(behave=at("rcpt", [4], Silence())) as server:
        began = time.monotonic()
        ledger, _ = deliver(server, 20, timeout=0.3)
        assert time.monotonic() - began < 5
    assert ledger.states() == {"accepted": 20}


def test_message_that_kills_connections_is_deferred() -> None:
    def poison(moment: Moment) -> Act | None:
        return Drop() if moment.phase == "rcpt" and moment.argument == address(5) else None

    with SmtpServer(behave=poison) as server:
        ledger, _ = deliver(server, 30)
    assert ledger.states() == {"accepted": 29, "deferred": 1}
    assert ledger.having("deferred") == {5}


def test_quit_errors_are_ignored() -> None:
    with SmtpServer(behave=lambda m: Drop() if m.phase == "quit" else None) as server:
        ledger, report = deliver(server, 10)
    assert ledger.states() == {"accepted": 10}
    assert len(server.accepted) == 10
    assert not report.stopped


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (lambda m: Say(554, "5.7.1 go away") if m.phase == "connect" else None, "554"),
        (lambda m: Say(550, "5.7.1 your address is blocked") if m.phase == "mail" else None, "blocked"),
    ],
)
def test_permanent_rejection_of_sender_stops_the_run(behave: Any, words: str) -> None:
    with SmtpServer(behave=behave) as server:
        ledger, report = deliver(server, 30)
    assert words in report.stopped
    assert report.fault is not None
    assert report.fault.stops
    assert set(ledger.states()) <= {"planned"}
    assert len(ledger.outcomes) == len(ledger.intended)
    assert server.accepted == []


def test_auth_wrong_password_stops_the_run() -> None:
    with SmtpServer(users={"digest": "right"}) as server:
        ledger, report = deliver(server, 10, username="digest", password="wrong")
        assert server.seen["auth"] <= 6  # smtplib tries a second way; nobody tries for ever
    assert "535" in report.stopped
    assert not ledger.intended


def test_auth_right_password_signs_in() -> None:
    with SmtpServer(users={"digest": "right"}) as server:
        ledger, _ = deliver(server, 10, username="digest", password="right")
    assert ledger.states() == {"accepted": 10}


def printing(token: str) -> str:
    """A command that prints a token."""
    return shlex.join([sys.executable, "-c", f"print({token!r})"])


@pytest.mark.parametrize("methods", ["XOAUTH2", "PLAIN XOAUTH2", "OAUTHBEARER"])
def test_auth_token_of_a_command_signs_in(methods: str) -> None:
    with SmtpServer(users={"ada": f"token-for-{methods[:5]}"}, auth_methods=methods) as server:
        ledger, _ = deliver(server, 10, username="ada", token_command=printing(f"token-for-{methods[:5]}"))
    assert ledger.states() == {"accepted": 10}


@pytest.mark.parametrize("methods", ["XOAUTH2", "OAUTHBEARER"])
def test_auth_refused_token_stops_the_run(methods: str) -> None:
    with SmtpServer(users={"ada": "fresh"}, auth_methods=methods) as server:
        ledger, report = deliver(server, 10, username="ada", token_command=printing(f"stale-{methods}"))
        assert server.seen["quit"] == server.connections
    assert "535" in report.stopped
    assert ("status 400" in report.stopped) == (methods == "XOAUTH2")
    assert not ledger.intended


@pytest.mark.parametrize(
    ("methods", "changes", "words"),
    [
        ("XOAUTH2", {"password": "x"}, "offers only XOAUTH2 to sign in"),
        ("XOAUTH2", {"password": "x"}, "set token_command"),
        ("GSSAPI NTLM", {"password": "x"}, "offers only GSSAPI, NTLM to sign in"),
        ("PLAIN", {"token_command": "false"}, "a token needs XOAUTH2, OAUTHBEARER"),
        ("XOAUTH2", {"token_command": "false"}, "token_command ended with code 1"),
        ("XOAUTH2", {"token_command": "/nowhere/at-all"}, "token_command cannot be run"),
        ("XOAUTH2", {"token_command": "echo two words"}, "printed no token"),
    ],
)
def test_auth_without_a_common_method_is_reported_at_once(methods: str, changes: dict[str, Any], words: str) -> None:
    with SmtpServer(users={"ada": "x"}, auth_methods=methods) as server:
        ledger, report = deliver(server, 10, username="ada", **changes)
        assert server.connections <= 3
    assert words in report.stopped
    assert "\n" not in report.stopped
    assert not ledger.intended


def test_auth_not_offered_is_reported_at_once() -> None:
    with SmtpServer() as server:
        ledger, report = deliver(server, 10, username="ada", password="x")
    assert "offers no way to sign in" in report.stopped
    assert not ledger.intended


@pytest.mark.parametrize("count", [1, 9, 40])
def test_every_connection_ends_with_quit(count: int, tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path)
    with SmtpServer(tls=context, delay=0.01) as server:
        ledger, _ = deliver(server, count, connections=8, security="starttls", ca_file=ca_file)
        assert (server.seen["quit"], server.connections) == (server.connections, min(count, server.connections))
    assert ledger.states() == {"accepted": count}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_tls_messages_arrive_unchanged(security: str, tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path)
    with SmtpServer(tls=context, implicit_tls=security == "tls") as server:
        ledger, report = deliver(server, 40, security=security, ca_file=ca_file)
    assert not report.stopped
    assert ledger.states() == {"accepted": 40}
    built = {m.envelope_recipient: m.data for m in ledger.intended.values()}
    assert {m.recipients[0]: m.data for m in server.accepted} == built


def test_tls_untrusted_certificate_stops_the_run(tmp_path: Path) -> None:
    context, _ = self_signed(tmp_path)
    with SmtpServer(tls=context) as server:
        ledger, report = deliver(server, 5, security="starttls")
    assert "certificate" in report.stopped
    assert not ledger.intended


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("name", "days_left", "words"), [("127.0.0.1", -1, "expired"), ("mail.example.org", 2, "not valid for '127.0.0.1'")]
)
def test_tls_expired_or_foreign_certificate_stops_the_run(
    security: str, name: str, days_left: int, words: str, tmp_path: Path
) -> None:
    context, ca_file = self_signed(tmp_path, name, days_left)
    with SmtpServer(tls=context, implicit_tls=security == "tls") as server:
        ledger, report = deliver(server, 5, security=security, ca_file=ca_file)
    assert words in report.stopped
    assert not ledger.intended
    assert not server.accepted


def test_missing_starttls_stops_the_run() -> None:
    with SmtpServer() as server:
        ledger, report = deliver(server, 5, security="starttls")
    assert "STARTTLS" in report.stopped
    assert not ledger.intended


def test_unreachable_server_leaves_all_planned() -> None:
    with SmtpServer() as server:
        relay = server.relay()
    ledger = Ledger()
    report = send(messages(10), [relay], ledger.record, patience=0.5)
    assert "could be reached" in report.stopped
    assert not ledger.intended


def test_server_that_never_answered_is_reported_within_seconds() -> None:
    with SmtpServer() as server:
        relay = server.relay()
    report = send(messages(10), [relay], Ledger().record, clock=lambda: time.monotonic() * 20, lease=100_000)
    assert "no mail server could be reached for 10 seconds" in report.stopped
    assert "Connection refused" in report.stopped


def test_server_that_recovers_is_used_again() -> None:
    def once(moment: Moment) -> Act | None:
        return Say(421, "4.3.2 not now", "drop") if moment.phase == "connect" and moment.number <= 3 else None

    with SmtpServer(behave=once) as server:
        ledger, report = deliver(server, 20)
    assert ledger.states() == {"accepted": 20}
    assert not report.stopped


def test_second_relay_takes_over_from_a_refusing_one() -> None:
    with SmtpServer(behave=lambda m: Say(554, "no") if m.phase == "connect" else None) as bad, SmtpServer() as good:
        ledger = Ledger()
        report = send(messages(30), [bad.relay(), good.relay()], ledger.record)
    assert ledger.states() == {"accepted": 30}
    assert not report.stopped
    assert len(good.accepted) == 30


def test_relays_share_messages_by_weight() -> None:
    with SmtpServer() as small, SmtpServer() as large:
        relays = [small.relay(weight=1, connections=2), large.relay(weight=4, connections=2)]
        send(messages(500), relays, Ledger().record)
    assert 80 <= len(small.accepted) <= 130
    assert len(small.accepted) + len(large.accepted) == 500


def test_denied_subscribers_are_not_mailed() -> None:
    with SmtpServer() as server:
        ledger = Ledger(denied=frozenset({3, 4, 17}))
        send(messages(30), [server.relay(connections=2)], ledger.record)
    assert set(server.recipients) == {address(n) for n in range(1, 31) if n not in {3, 4, 17}}


def test_stopping_finishes_messages_in_flight() -> None:
    with SmtpServer() as server:
        ledger, report = deliver(server, 500, should_stop=lambda: len(server.accepted) >= 40)
    assert len(ledger.outcomes) == len(ledger.intended) == len(server.accepted) < 80
    assert ledger.states() == {"accepted": len(server.accepted)}
    assert not report.stopped


def test_record_failure_stops_sending() -> None:
    with SmtpServer() as server:
        ledger = Ledger(bound=6)

        def record(results: Sequence[Result], intents: Sequence[Message]) -> Any:
            if len(server.accepted) >= 12:
                raise StoreError("the disk is full")
            return ledger.record(results, intents)

        with pytest.raises(Interrupted) as caught:
            send(messages(100), [server.relay(connections=3, pipeline=2)], record)
        time.sleep(0.05)
        answered = {r.message.envelope_recipient for r in caught.value.results if r.outcome.state == "accepted"}
        on_record = {address(n) for n in ledger.having("accepted")}
        assert set(server.recipients) == answered | on_record
        assert isinstance(caught.value.__cause__, StoreError)


def test_source_error_is_raised_after_pending_replies() -> None:
    def source() -> Iterator[Message]:
        yield from messages(50)
        raise StoreError("the database went away")

    ledger = Ledger()
    with SmtpServer(delay=0.005) as server:
        with pytest.raises(StoreError, match="went away"):
            send(source(), [server.relay(connections=3)], ledger.record)
        assert ledger.states() == {"accepted": 50}
        assert Counter(server.recipients) == {address(n): 1 for n in range(1, 51)}


def test_expired_lease_sends_nothing_more() -> None:
    now = 0.0
    lost = StoreError("another sender has it")
    with SmtpServer() as server:
        ledger = Ledger()

        def record(results: Sequence[Result], intents: Sequence[Message]) -> Any:
            nonlocal now
            if now:
                raise lost
            if len(ledger.outcomes) >= 10:
                now = 10_000.0
                return ()  # what a sender that is stopped just after its commit believes to be true
            return ledger.record(results, intents)

        with pytest.raises(Interrupted) as caught:
            send(
                messages(100),
                [server.relay(connections=1, pipeline=2)],
                record,
                clock=lambda: time.monotonic() + now,
                lease=900,
            )
        assert caught.value.__cause__ is lost
        assert len(server.accepted) <= 12


def test_rate_is_kept() -> None:
    with SmtpServer() as server:
        began = time.monotonic()
        ledger, _ = deliver(server, 30, rate=40)
        took = time.monotonic() - began
    assert ledger.states() == {"accepted": 30}
    assert 0.7 <= took < 3


def test_per_domain_limit_is_kept() -> None:
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def watch(moment: Moment) -> Act | None:
        domain = moment.argument.rpartition("@")[2]
        if moment.phase == "rcpt":
            under_way[domain] += 1
            most[domain] = max(most[domain], under_way[domain])
        return None

    with SmtpServer(behave=watch, delay=0.002) as server:
        original = server.accepted.append

        class Taken(list[Any]):
            def append(self, item: Any) -> None:
                under_way[item.recipients[0].rpartition("@")[2]] -= 1
                original(item)

        server.accepted = Taken()
        ledger = Ledger()
        send(messages(60), [server.relay(connections=10, per_domain=1, pipeline=1)], ledger.record)
    assert ledger.states() == {"accepted": 60}
    assert max(most.values()) == 1


def test_smtputf8_address_is_sent_where_offered() -> None:
    with SmtpServer() as server:
        ledger = Ledger()
        message = template().fill(Recipient(1, canonical("jörg@bücher.example").text))
        send([message], [server.relay()], ledger.record)
    assert server.recipients == ["jörg@xn--bcher-kva.example"]
    assert ledger.states() == {"accepted": 1}


def test_without_smtputf8_local_part_is_refused_idn_is_not() -> None:
    with SmtpServer(extensions=("PIPELINING",)) as server:
        ledger = Ledger()
        made = template()
        people = [Recipient(1, canonical("jörg@example.org").text), Recipient(2, canonical("a@bücher.example").text)]
        send([made.fill(person) for person in people], [server.relay()], ledger.record)
    assert server.recipients == ["a@xn--bcher-kva.example"]
    assert "SMTPUTF8" in ledger.outcomes[1].reason
    assert ledger.outcomes[1].bounce == ""


def test_message_over_size_limit_stops_the_run() -> None:
    with SmtpServer(extensions=("PIPELINING", "SIZE 1000")) as server:
        ledger, report = deliver(server, 3)
    assert set(ledger.states()) == {"planned"}
    assert server.seen["mail"] == 0
    assert "larger than the 1000 octets" in report.stopped
    assert report.fault is not None
    assert report.fault.stops


def test_relay_with_larger_limit_gets_the_mail() -> None:
    with SmtpServer(extensions=("PIPELINING", "SIZE 1000")) as small, SmtpServer() as large:
        ledger = Ledger()
        report = send(messages(40), [small.relay(connections=2), large.relay(connections=2)], ledger.record)
        assert ledger.states() == {"accepted": 40}
        assert len(large.accepted) == 40
        assert not report.stopped


def test_auth_non_ascii_password_is_reported() -> None:
    with SmtpServer(users={"ada": "secret"}) as server:
        _, report = deliver(server, 3, username="ada", password="s\u00e9same")
    assert "beyond ASCII" in report.stopped


def raw(body: bytes) -> Message:
    """A message that no template made."""
    data = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\n" + body
    return Message("e", 1, "a@example.org", "b@example.org", "<1@example.org>", (data,))


SMUGGLED = b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nSubject: y\r\n\r\nz\r\n.\r\n"


@pytest.mark.parametrize(
    "end",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\n\0.\r\n",
        b"\n\n.\r\n",
        b"\r\r\n.\r\r\n",
    ],
)
def test_smuggling_endings_of_2023_are_refused(end: bytes) -> None:
    ledger = Ledger()
    with SmtpServer() as server:
        send([raw(b"hello" + end + SMUGGLED)], [server.relay()], ledger.record)
    assert server.accepted == []
    assert "CRLF" in ledger.outcomes[1].reason


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("body", [b"a\nb\r\n", "é\r\n".encode(), b"no end", b"x" * 999 + b"\r\n"])
def test_malformed_message_is_refused_alone(body: bytes, pipelining: bool) -> None:
    made = [
        raw(b"hello\r\n" if n % 3 else body)._replace(subscriber_id=n, envelope_recipient=address(n)) for n in range(9)
    ]
    ledger = Ledger()
    with SmtpServer() as server:
        report = send(made, [server.relay(connections=2, pipelining=pipelining)], ledger.record)
    assert not report.stopped
    assert ledger.having("refused") == {0, 3, 6}
    assert "malformed" in ledger.outcomes[3].reason
    assert ledger.outcomes[3].bounce == ""
    assert sorted(server.recipients) == [address(n) for n in (1, 2, 4, 5, 7, 8)]


def test_data_end_mark_in_content_is_dot_stuffed() -> None:
    message = raw(b"hello\r\n.\r\n" + SMUGGLED + b"..two\r\n")
    with SmtpServer() as server:
        send([message], [server.relay()], Ledger().record)
    (taken,) = server.accepted
    assert taken.data == message.data


def test_template_has_no_leading_dot_or_bare_line_end() -> None:
    nasty = "\r\n.\r\n".join(["a", "MAIL FROM:<x@example.org>", ".", "..", "\n.\n", "\r.\r", "From x", "=2E"])
    made = template(replace(RENDERED, html=nasty, text=nasty))
    data = made.fill(Recipient(1, address(1))).data
    assert not re.search(rb"(?m)^\.", data)
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data)
