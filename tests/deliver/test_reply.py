"""The meaning of server replies."""

from __future__ import annotations

import pytest

from digest.deliver.outcome import Phase
from digest.deliver.reply import Reply, outcome


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


@pytest.mark.parametrize(
    ("reply", "counts"),
    [
        (Reply("rcpt", 451, "4.7.1 Greylisting in action, please come back later"), False),
        (Reply("rcpt", 451, "4.3.0 try again later"), False),
        (Reply("rcpt", 450, ""), False),
        (Reply("rcpt", 450, "4.7.1 Client host rejected: cannot find your reverse hostname, poor reputation"), True),
        (Reply("rcpt", 451, "4.7.0 too many messages from your IP, rate limited"), True),
        (Reply("rcpt", 452, "4.2.2 mailbox full"), False),
        (Reply("rcpt", 552, "5.2.2 mailbox full"), False),
        (Reply("rcpt", 550, "5.1.1 unknown"), False),
        (Reply("rcpt", 550, "5.7.1 blocked"), True),
        (Reply("rcpt", 550, "go away"), True),
        (Reply("mail", 451, "4.3.0 not now"), True),
        (Reply("data", 451, "4.3.0 not now"), True),
        (Reply("data", 451, "4.7.1 greylisted"), False),
        (Reply("content", 451, "4.3.0 not now"), True),
        (Reply("content", 554, "5.7.1 spam"), True),
        (Reply("content", 550, "5.1.1 unknown"), False),
    ],
)
def test_outcome_kind_names_verdicts_that_are_about_us(reply: Reply, counts: bool) -> None:
    assert bool(outcome(reply).kind) is counts
