"""What a server's words mean."""

from __future__ import annotations

import pytest

from digest.deliver.outcome import Outcome, Phase
from digest.deliver.reply import Reply, Wave, outcome


@pytest.mark.parametrize("code", [0, 100, 199, 300, 354, 399, 600, 999])
def test_outcome_unreadable_reply_after_content_is_unknown(code: int) -> None:
    found = outcome(Reply("content", code, "?"))
    assert found.state == "unknown"
    assert found.closes


@pytest.mark.parametrize("phase", ["connect", "tls", "auth", "mail"])
@pytest.mark.parametrize("code", [500, 530, 535, 550, 554, 571])
def test_outcome_5xx_before_recipient_stops_the_run(phase: Phase, code: int) -> None:
    found = outcome(Reply(phase, code, "no"))
    assert found.stops
    assert found.state == "planned"
    assert found.bounce == ""


@pytest.mark.parametrize("phase", ["connect", "auth", "mail", "rcpt", "data"])
def test_outcome_421_closes_and_returns_the_message(phase: Phase) -> None:
    found = outcome(Reply(phase, 421, "bye"))
    assert (found.state, found.closes, found.stops, found.bounce) == ("planned", True, False, "")


def test_outcome_421_after_content_is_deferred() -> None:
    found = outcome(Reply("content", 421, "bye"))
    assert (found.state, found.closes, found.fault) == ("deferred", True, "server")


@pytest.mark.parametrize(
    ("reply", "state", "fault", "bounce"),
    [
        (Reply("rcpt", 550, "5.1.1 unknown"), "refused", "mailbox", "hard"),
        (Reply("rcpt", 550, "No such user here"), "refused", "mailbox", "hard"),
        (Reply("rcpt", 550, "blocked using zen.example"), "refused", "policy", ""),
        (Reply("rcpt", 554, "go away"), "refused", "policy", ""),
        (Reply("rcpt", 553, "5.1.3 bad address"), "refused", "mailbox", "hard"),
        (Reply("rcpt", 550, "5.2.1 disabled"), "refused", "mailbox", "hard"),
        (Reply("rcpt", 556, "5.1.10 null MX"), "refused", "mailbox", "hard"),
        (Reply("rcpt", 552, "5.2.2 full"), "deferred", "full", "soft"),
        (Reply("rcpt", 450, "4.2.2 full"), "deferred", "full", "soft"),
        (Reply("rcpt", 450, "greylisted"), "deferred", "server", ""),
        (Reply("rcpt", 451, "4.7.1 greylisted"), "deferred", "policy", ""),
        (Reply("data", 554, "5.7.1 no"), "refused", "policy", ""),
        (Reply("content", 554, "5.7.1 spam"), "refused", "policy", ""),
        (Reply("content", 451, "later"), "deferred", "server", ""),
        (Reply("content", 250, "2.0.0 queued as 4X"), "accepted", "none", ""),
    ],
)
def test_outcome_fault_of_a_rejection(reply: Reply, state: str, fault: str, bounce: str) -> None:
    found = outcome(reply)
    assert (found.state, found.fault, found.bounce) == (state, fault, bounce)


def test_outcome_intermediate_reply_raises() -> None:
    with pytest.raises(ValueError, match="goes on"):
        outcome(Reply("rcpt", 250, "ok"))


def test_reply_text_names_phase_and_reply() -> None:
    assert outcome(Reply("rcpt", 550, "5.1.1 unknown")).reason == "550 5.1.1 unknown (at the recipient)"
    assert "after the message" in outcome(Reply("content", 0, "the server closed the connection")).reason


def refusal(text: str = "5.7.1 blocked") -> Outcome:
    return outcome(Reply("rcpt", 550, text))


def test_a_wave_of_one_illness_breaks_at_its_limit_and_remembers_whom_it_refused() -> None:
    wave = Wave(limit=3)
    for number in (1, 2):
        wave = wave.after(number, refusal())
        assert not wave.broke
    wave = wave.after(3, refusal())
    assert wave.broke
    assert wave.refused == (1, 2, 3)
    assert "blocked" in wave.reason


def test_success_and_another_illness_begin_a_wave_anew() -> None:
    wave = Wave(limit=3).after(1, refusal()).after(2, refusal())
    assert not wave.after(3, outcome(Reply("content", 250, "ok"))).after(4, refusal()).broke
    assert not wave.after(3, refusal("5.1.1 unknown")).broke


def test_what_no_server_had_neither_feeds_nor_ends_a_wave() -> None:
    wave = Wave(limit=3).after(1, refusal()).after(2, refusal())
    wave = wave.after(3, outcome(Reply("rcpt", 0, "closed")))
    assert not wave.broke
    assert wave.after(4, refusal()).broke
