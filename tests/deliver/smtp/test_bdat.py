"""Whole windows of messages by BDAT, to a real server that behaves or misbehaves in the middle of one."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digest.deliver.address import canonical
from digest.deliver.mime.message import Message, Recipient
from digest.deliver.result import Result
from digest.deliver.smtp.send import Interrupted, Report, send
from digest.errors import StoreError
from tests.deliver.samples import RENDERED, address, messages, template
from tests.deliver.smtp.test_send import SMUGGLED, at, deliver, raw
from tests.fakes.ledger import Ledger
from tests.fakes.smtp_server import CHUNKING, Act, Drop, Moment, Say, Silence, SmtpServer, self_signed

DEPTH = 8


def chunking(**changes: Any) -> SmtpServer:
    """A server that takes windows."""
    return SmtpServer(**{"extensions": CHUNKING} | changes)


def everybody_once(server: SmtpServer, ledger: Ledger, without: set[int] | None = None) -> None:
    """Assert that everybody except `without` got one copy, with their own envelope around their own mail."""
    built = {message.envelope_recipient: message for message in ledger.intended.values()}
    for taken in server.accepted:
        assert len(taken.recipients) == 1
        message = built[taken.recipients[0]]
        assert (taken.sender, taken.data) == (message.envelope_sender, message.data)
    expected = {m.envelope_recipient for m in built.values() if m.subscriber_id not in (without or set())}
    assert Counter(server.recipients) == dict.fromkeys(expected, 1)


def missing(server: SmtpServer, numbers: set[int]) -> set[int]:
    """Return the recipients who got nothing."""
    return {number for number in numbers if address(number) not in server.recipients}


# when all goes well


@pytest.mark.parametrize("depth", [1, 2, 3, 8, 40])
def test_every_subscriber_gets_one_copy_and_one_result(depth: int) -> None:
    with chunking() as server:
        ledger, report = deliver(server, 200, depth)
    everybody_once(server, ledger)
    assert ledger.states() == {"accepted": 200}
    assert report == Report()
    assert server.seen["data"] == 0


@pytest.mark.parametrize("off", ["chunking", "pipelining"])
def test_bdat_can_be_disabled(off: str) -> None:
    with chunking() as server:
        ledger, _ = deliver(server, 40, DEPTH, **{off: False})
    everybody_once(server, ledger)
    assert (server.seen["bdat"], server.seen["data"]) == (0, 40)


def test_relays_have_their_own_pipelines() -> None:
    with chunking() as wide, SmtpServer() as narrow:
        ledger = Ledger(2 * 16 + 3 * 2)
        relays = [wide.relay(connections=2, pipeline=16), narrow.relay(connections=3, pipeline=2)]
        send(messages(400), relays, ledger.record)
    assert ledger.states() == {"accepted": 400}
    assert wide.seen["bdat"] > 100
    assert narrow.seen["data"] > 100


def test_bdat_trial_precedes_windows() -> None:
    sizes: list[str] = []
    with chunking(behave=lambda m: sizes.append(m.argument) if m.phase == "bdat" else None) as server:
        ledger, _ = deliver(server, 30, DEPTH, connections=1)
    line = next(iter(ledger.intended.values())).data.index(b"\r\n") + 2
    assert sizes[0] == str(line)
    assert all(size.endswith(" LAST") for size in sizes[1:])
    assert server.seen["rset"] == 29  # before every MAIL but the first


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_bdat_tls_large_windows_arrive_unchanged(security: str, tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path)
    big = template(replace(RENDERED, html="<p>much</p>\n" * 5_000))
    with chunking(tls=context, implicit_tls=security == "tls") as server:
        ledger = Ledger(2 * DEPTH)
        relay = server.relay(security=security, ca_file=ca_file, connections=2, pipeline=DEPTH)
        send(messages(60, big), [relay], ledger.record)
    everybody_once(server, ledger)
    assert server.seen["data"] == 0


def test_bdat_huge_windows_arrive_unchanged() -> None:
    big = template(replace(RENDERED, html="<p>much</p>\n" * 100_000))
    with chunking() as server:
        ledger = Ledger(2 * DEPTH)
        send(messages(24, big), [server.relay(connections=2, pipeline=DEPTH)], ledger.record)
    everybody_once(server, ledger)


def test_bdat_window_of_many_pieces_arrives_unchanged() -> None:
    data = [b"Subject: x\r\n", b"\r\n", *[b"%d\r\n" % n for n in range(200)]]
    pieces = [
        Message("e", n, "a@example.org", address(n), f"<{n}@example.org>", tuple(data), safe=True) for n in range(1, 41)
    ]
    with chunking() as server:
        ledger = Ledger()
        send(pieces, [server.relay(connections=1, pipeline=40)], ledger.record)
    everybody_once(server, ledger)


def test_bdat_international_address_is_sent() -> None:
    made = template()
    people = [Recipient(n, canonical(f"jörg{n}@bücher.example").text if n % 3 else address(n)) for n in range(1, 30)]
    with chunking() as server:
        ledger = Ledger()
        send([made.fill(person) for person in people], [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    everybody_once(server, ledger)


def test_bdat_without_smtputf8_address_is_refused() -> None:
    made = template()
    people = [Recipient(n, canonical("jörg@example.org").text if n in {1, 7} else address(n)) for n in range(1, 20)]
    with chunking(extensions=("PIPELINING", "CHUNKING")) as server:
        ledger = Ledger()
        send([made.fill(person) for person in people], [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    everybody_once(server, ledger, {1, 7})
    assert ledger.having("refused") == {1, 7}
    assert "SMTPUTF8" in ledger.outcomes[7].reason


def test_message_over_size_limit_stops_the_run() -> None:
    with chunking(extensions=("PIPELINING", "CHUNKING", "SIZE 1000")) as server:
        ledger, report = deliver(server, 20, DEPTH)
    assert set(ledger.states()) == {"planned"}
    assert server.seen["mail"] == 0
    assert "larger than the 1000 octets" in report.stopped


def test_bdat_leading_dots_arrive_unchanged() -> None:
    made = [
        raw(b"hello\r\n.\r\n" + SMUGGLED + b"..two\r\n")._replace(subscriber_id=n, envelope_recipient=address(n))
        for n in range(1, 10)
    ]
    with chunking() as server:
        ledger = Ledger()
        send(made, [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    everybody_once(server, ledger)


@pytest.mark.parametrize("bad", [{1, 2, 3}, {4, 7, 9}])
def test_malformed_message_is_refused_alone(bad: set[int]) -> None:
    made = [
        raw(b"hello\n.\r\n" + SMUGGLED if n in bad else b"hello\r\n")._replace(
            subscriber_id=n, envelope_recipient=address(n)
        )
        for n in range(1, 10)
    ]
    with chunking() as server:
        ledger = Ledger()
        report = send(made, [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    assert not report.stopped
    assert ledger.having("refused") == bad
    assert "CRLF" in ledger.outcomes[min(bad)].reason
    everybody_once(server, ledger, bad)


def test_bdat_data_without_header_field_is_refused() -> None:
    made = [raw(b"hello\r\n")._replace(subscriber_id=n, envelope_recipient=address(n)) for n in range(1, 10)]
    made[0] = made[0]._replace(parts=(b" hello\r\n", b"\r\nhello\r\n"))
    with chunking() as server:
        ledger = Ledger()
        send(made, [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    assert ledger.having("refused") == {1}
    everybody_once(server, ledger, {1})


def test_connection_is_replaced_after_its_quota() -> None:
    with chunking() as server:
        ledger, _ = deliver(server, 120, DEPTH, connections=2, messages_per_connection=10)
    everybody_once(server, ledger)
    assert max(Counter(m.connection for m in server.accepted).values()) <= 10


def test_per_domain_limit_is_kept() -> None:
    open_now: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def watch(moment: Moment) -> Act | None:
        domain = moment.argument.rpartition("@")[2]
        if moment.phase == "rcpt":
            open_now[domain] += 1
            most[domain] = max(most[domain], open_now[domain])
            served.append(domain)
        if moment.phase == "content":
            open_now[served.pop(0)] -= 1
        return None

    served: list[str] = []
    with chunking(behave=watch) as server:
        ledger = Ledger()
        send(messages(60), [server.relay(connections=1, per_domain=1, pipeline=DEPTH)], ledger.record)
    assert ledger.states() == {"accepted": 60}
    assert max(most.values()) == 1


def test_rate_is_kept() -> None:
    with chunking() as server:
        began = time.monotonic()
        ledger, _ = deliver(server, 30, DEPTH, rate=40)
        took = time.monotonic() - began
    assert ledger.states() == {"accepted": 30}
    assert 0.7 <= took < 3


def test_bdat_commit_serves_many_messages() -> None:
    with chunking() as server:
        ledger, _ = deliver(server, 400, 16, connections=1)
    assert ledger.commits <= 400 / 8 + 5


def test_denied_subscribers_are_not_mailed() -> None:
    gone = {3, 4, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 60}
    with chunking() as server:
        ledger = Ledger(2 * DEPTH, denied=frozenset(gone))
        send(messages(60), [server.relay(connections=2, pipeline=DEPTH)], ledger.record)
    assert set(server.recipients) == {address(n) for n in range(1, 61) if n not in gone}


# a refusal in the middle


@pytest.mark.parametrize(
    ("phase", "code", "text", "state", "bounce"),
    [
        ("mail", 450, "4.2.0 not from you now", "deferred", ""),
        ("mail", 451, "local error", "deferred", ""),
        ("mail", 452, "4.3.1 no room", "deferred", ""),
        ("rcpt", 550, "5.1.1 no such user", "refused", "hard"),
        ("rcpt", 550, "5.7.1 blocked by policy", "refused", ""),
        ("rcpt", 551, "user not local", "refused", "hard"),
        ("rcpt", 552, "mailbox full", "deferred", "soft"),
        ("rcpt", 554, "no", "refused", ""),
        ("rcpt", 450, "4.2.0 greylisted", "deferred", ""),
        ("rcpt", 451, "local error", "deferred", ""),
        ("rcpt", 452, "4.2.2 over quota", "deferred", "soft"),
        ("content", 450, "4.2.0 later", "deferred", ""),
        ("content", 451, "4.3.0 later", "deferred", ""),
        ("content", 452, "disk full", "deferred", ""),
        ("content", 550, "5.1.1 no such user after all", "refused", "hard"),
        ("content", 552, "5.3.4 too big", "refused", ""),
        ("content", 554, "5.7.1 spam", "refused", ""),
        ("content", 421, "4.3.2 shutting down", "deferred", ""),
    ],
)
@pytest.mark.parametrize("number", [1, 7])
def test_rejection_affects_its_recipient_only(
    phase: str, code: int, text: str, state: str, bounce: str, number: int
) -> None:
    with chunking(behave=at(phase, [number], Say(code, text))) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1)
    assert not report.stopped
    (unhappy,) = ledger.having(state)
    others = ledger.having("unknown")  # after a 421 nobody knows of those behind it
    assert (len(others) > 0) == (code == 421 and number == 7)
    everybody_once(server, ledger, {unhappy} | (missing(server, others)))
    assert str(code) in ledger.outcomes[unhappy].reason
    assert ledger.outcomes[unhappy].bounce == bounce


@pytest.mark.parametrize("phase", ["rcpt", "content"])
def test_bdat_consecutive_rejections_stay_separate(phase: str) -> None:
    numbers = [*range(1, 4), *range(9, 19), 30, 60]
    with chunking(behave=at(phase, numbers, Say(550, "5.1.1 gone"))) as server:
        ledger, _ = deliver(server, 60, DEPTH, connections=1)
    assert ledger.having("refused") == set(numbers)
    everybody_once(server, ledger, set(numbers))


def test_bdat_multi_line_replies_are_separated() -> None:
    said = b"550-5.7.1 rejected as spam\r\n550 see https://mx.example/help\r\n"
    fine = b"250-2.0.0 512 octets\r\n250 2.0.0 queued as ABC\r\n"

    def behave(moment: Moment) -> Act | None:
        if moment.phase == "content":
            return Say(250, raw=fine)
        return Say(550, raw=said) if moment.phase == "rcpt" and moment.number == 12 else None

    with chunking(behave=behave) as server:
        ledger, _ = deliver(server, 30, DEPTH)
    (no,) = ledger.having("refused")
    assert "rejected as spam see https://mx.example/help" in ledger.outcomes[no].reason
    everybody_once(server, ledger, {no})
    assert {o.reason for o in ledger.outcomes.values() if o.state == "accepted"} == {
        "2.0.0 512 octets 2.0.0 queued as ABC"
    }


def test_permanent_rejection_of_sender_stops_the_run() -> None:
    with chunking(behave=lambda m: Say(550, "5.7.1 your address is blocked") if m.phase == "mail" else None) as server:
        ledger, report = deliver(server, 30, DEPTH)
    assert "blocked" in report.stopped
    assert set(ledger.states()) == {"planned"}
    assert server.accepted == []


# a connection that ends


@pytest.mark.parametrize("phase", ["rset", "mail", "rcpt", "bdat", "content"])
@pytest.mark.parametrize("act", [Drop(), Say(421, "4.3.2 bye", "drop"), Say(raw=b"nonsense\r\n"), Say(999, "what")])
def test_bdat_connection_lost_in_window_bounds_doubt(phase: str, act: Act) -> None:
    with chunking(behave=at(phase, [6], act)) as server:
        ledger, report = deliver(server, 60, DEPTH, connections=1)
    assert not report.stopped
    assert set(ledger.states()) <= {"accepted", "unknown", "deferred"}
    doubt = ledger.having("unknown")
    assert len(doubt) <= DEPTH
    assert ledger.states().get("deferred", 0) <= 1
    everybody_once(server, ledger, ledger.having("deferred") | missing(server, doubt))
    assert all(ledger.outcomes[n].reason for n in doubt)


@pytest.mark.parametrize("phase", ["mail", "rcpt", "bdat", "chunk"])
@pytest.mark.parametrize(
    "act", [Drop(), Say(421, "4.3.2 bye", "drop"), Say(raw=b"nonsense\r\n"), Say(999, "what"), Silence()]
)
def test_bdat_connection_lost_on_trial_loses_no_message(phase: str, act: Act) -> None:
    with chunking(behave=at(phase, [1], act)) as server:
        ledger, report = deliver(server, 60, DEPTH, connections=1, timeout=0.5)
    assert not report.stopped
    assert set(ledger.states()) <= {"accepted", "deferred"}
    assert ledger.states().get("deferred", 0) <= (1 if isinstance(act, Say) and act.code == 421 else 0)
    everybody_once(server, ledger, ledger.having("deferred"))


@pytest.mark.parametrize(
    "act",
    [
        Drop(take=True),
        Say(raw=b"garbage\r\n"),
        Say(raw=b"12\r\n"),
        Say(raw=b"250"),
        Say(354, "again?"),
        Say(550, raw=b"550-no, and I do not say more\r\n"),
        Say(550, raw=b"550-no\r\n250 or yes?\r\n"),
        Silence(take=True),
        Say(raw=b"\0\0\0\0\r\n"),
    ],
)
def test_bdat_unreadable_verdict_is_unknown(act: Act) -> None:
    with chunking(behave=at("content", [9], act)) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1, answer_timeout=1, timeout=1)
    doubt = ledger.having("unknown")
    assert 1 <= len(doubt) <= DEPTH
    assert ledger.states() == {"accepted": 40 - len(doubt), "unknown": len(doubt)}
    assert max(Counter(server.recipients).values()) == 1
    assert not report.stopped


def test_bdat_drop_within_content_leaves_later_ones_clear() -> None:
    big = template(replace(RENDERED, html="<p>much</p>\n" * 500_000))
    with chunking(drop_content_after=200_000) as server:
        ledger = Ledger(DEPTH)
        send(messages(DEPTH, big), [server.relay(connections=1, pipeline=DEPTH)], ledger.record, patience=1)
    assert server.accepted == []
    assert set(ledger.states()) <= {"deferred", "unknown"}
    assert ledger.states().get("unknown", 0) <= 1


def test_bdat_message_that_kills_connections_costs_one_window() -> None:
    def poison(moment: Moment) -> Act | None:
        return Drop() if moment.phase == "rcpt" and moment.argument == address(5) else None

    with chunking(behave=poison) as server:
        ledger, _ = deliver(server, 60, DEPTH, connections=1)
    bad = ledger.having("unknown") | ledger.having("deferred")
    assert 5 in bad
    assert len(bad) <= DEPTH
    everybody_once(server, ledger, bad)


def test_bdat_slow_verdict_is_awaited() -> None:
    def slow(moment: Moment) -> None:
        if moment.phase == "content" and moment.number in {3, 20}:
            time.sleep(1.0)

    with chunking(behave=slow) as server:
        ledger, _ = deliver(server, 40, DEPTH, connections=1, timeout=0.4, answer_timeout=10)
    everybody_once(server, ledger)
    assert server.connections == 1


def test_bdat_replies_are_acknowledged_at_once() -> None:
    with chunking(nagle=True) as server:
        began = time.monotonic()
        ledger, _ = deliver(server, 400, DEPTH, connections=1)
        took = time.monotonic() - began
    everybody_once(server, ledger)
    assert took < 400 / DEPTH * 0.04


def test_bdat_silence_before_content_times_out() -> None:
    with chunking(behave=at("chunk", [1], Silence())) as server:
        began = time.monotonic()
        ledger, _ = deliver(server, 20, DEPTH, connections=1, timeout=0.3)
        assert time.monotonic() - began < 5
    everybody_once(server, ledger)


# a server that does not mean what it offers


def test_server_without_bdat_gets_data() -> None:
    with chunking(knows_bdat=False) as server:
        ledger, report = deliver(server, 60, DEPTH)
    assert not report.stopped
    everybody_once(server, ledger)
    assert ledger.states() == {"accepted": 60}
    assert server.seen["data"] == 60
    usual = {"EHLO", "MAIL", "RCPT", "DATA", "BDAT", "QUIT"}
    strange = {line for line in server.commands if line.split(" ")[0].upper() not in usual}
    assert strange <= {message.data.split(b"\r\n")[0].decode() for message in ledger.intended.values()}
    assert all(re.match("[A-Za-z-]+:", line) for line in strange)


@pytest.mark.parametrize("code", [500, 501, 502, 503, 504])
@pytest.mark.parametrize("phase", ["bdat", "chunk", "content"])
@pytest.mark.parametrize("number", [1, 9])
def test_bdat_unknown_command_reply_blames_nobody(code: int, phase: str, number: int) -> None:
    with chunking(behave=at(phase, [number], Say(code, "5.5.1 what?"))) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1)
    assert not report.stopped
    doubt = ledger.having("unknown")
    assert len(doubt) < DEPTH
    assert len(doubt) + ledger.states()["accepted"] == 40
    assert number > 1 or not doubt
    everybody_once(server, ledger, missing(server, doubt))
    if server.seen[phase] >= number:
        assert server.seen["data"] > 20


@pytest.mark.parametrize("number", [1, 9])
def test_bdat_250_after_refused_recipient_is_not_trusted(number: int) -> None:
    with chunking(behave=at("rcpt", [number], Say(550, "5.1.1 gone")), yes_to_nobody=True) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1)
    assert not report.stopped
    doubt = ledger.having("unknown")
    assert (number in doubt) == (number > 1)  # on trial nothing was at stake, and DATA asked again
    assert ledger.states() == {"accepted": 40 - len(doubt)} | ({"unknown": len(doubt)} if doubt else {})
    everybody_once(server, ledger, missing(server, doubt))
    assert server.seen["data"] > 0


@pytest.mark.parametrize("code", [250, 354])
def test_bdat_early_250_is_not_trusted(code: int) -> None:
    big = template(replace(RENDERED, html="<p>much</p>\n" * 500_000))
    with chunking(behave=at("bdat", [4], Say(code, "already", "deaf")), receive_buffer=65_536) as server:
        ledger = Ledger(DEPTH)
        send(messages(8, big), [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    everybody_once(server, ledger)
    assert ledger.states() == {"accepted": 8}


@pytest.mark.parametrize("code", [452, 552, 554])
def test_bdat_early_rejection_counts_and_ends_writing(code: int) -> None:
    big = template(replace(RENDERED, html="<p>much</p>\n" * 500_000))
    with chunking(behave=at("bdat", [4], Say(code, "no")), receive_buffer=65_536) as server:
        ledger = Ledger(DEPTH)
        send(messages(8, big), [server.relay(connections=1, pipeline=DEPTH)], ledger.record)
    state = "deferred" if code == 452 else "refused"
    assert ledger.states() == {"accepted": 7, state: 1}
    everybody_once(server, ledger, ledger.having(state))


@pytest.mark.parametrize("code", [250, 334, 450, 500, 550])
def test_bdat_failed_rset_ends_the_connection(code: int) -> None:
    with chunking(behave=at("rset", [5], Say(code, "hm"))) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1)
    assert not report.stopped
    doubt = ledger.having("unknown")
    assert (server.connections > 1) == (code != 250)
    assert len(doubt) <= DEPTH
    everybody_once(server, ledger, missing(server, doubt))


def test_bdat_unsolicited_replies_end_the_connection() -> None:
    with chunking(behave=at("content", [6], Say(250, raw=b"250 ok\r\n250 ok\r\n" * 20))) as server:
        ledger, report = deliver(server, 40, DEPTH, connections=1)
    assert not report.stopped
    taken = set(server.recipients)
    assert {address(n) for n in ledger.having("refused") | ledger.having("deferred")}.isdisjoint(taken)


# our side stops


def test_record_failure_stops_sending() -> None:
    with chunking() as server:
        ledger = Ledger(bound=3 * DEPTH)

        def record(results: Sequence[Result], intents: Sequence[Message]) -> Any:
            if len(server.accepted) >= 40:
                raise StoreError("the disk is full")
            return ledger.record(results, intents)

        with pytest.raises(Interrupted) as caught:
            send(messages(200), [server.relay(connections=3, pipeline=DEPTH)], record)
        time.sleep(0.05)
        answered = {r.message.envelope_recipient for r in caught.value.results if r.outcome.state == "accepted"}
        on_record = {address(n) for n in ledger.having("accepted")}
        assert set(server.recipients) == answered | on_record
        assert set(server.recipients) <= {address(n) for n in ledger.intended}


def test_stopping_finishes_messages_in_flight() -> None:
    with chunking() as server:
        ledger, report = deliver(server, 500, DEPTH, should_stop=lambda: len(server.accepted) >= 40)
    assert len(ledger.outcomes) == len(ledger.intended) == len(server.accepted) < 140
    assert ledger.states() == {"accepted": len(server.accepted)}
    assert not report.stopped
