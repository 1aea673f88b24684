"""The states of a delivery: every path a reply, a crash and the clock can drive it along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from digest.deliver.delivery import MAX_RESENDS, TRANSITIONS, Delivery, DeliveryState, next_attempt, settle
from digest.deliver.outcome import Outcome
from digest.deliver.reply import Reply, outcome

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
LEASE = timedelta(minutes=15)


def handed_over(attempts: int = 1) -> Delivery:
    """A delivery whose message is on its way, for the nth time."""
    return Delivery("e", 1, "a@example.org", "v", "handed_over", attempts=attempts, owner="me", lease_until=NOW + LEASE)


def test_transitions_cover_every_state() -> None:
    assert set(TRANSITIONS) == set(get_args(DeliveryState))
    reachable = {"planned"} | set().union(*TRANSITIONS.values())
    assert reachable == set(TRANSITIONS)


def test_settle_doubt_is_resent_a_limited_number_of_times() -> None:
    broken = outcome(Reply("content", 0, "closed"))
    waiting = settle(handed_over(), broken, NOW, NOW + timedelta(hours=3), "resend")
    assert (waiting.state, waiting.owner) == ("deferred", "")
    assert waiting.next_attempt is not None
    assert waiting.next_attempt >= NOW + timedelta(minutes=2)
    assert "closed" in waiting.reason
    states = [settle(handed_over(attempts=n + 1), broken, NOW, None, "resend").state for n in range(MAX_RESENDS)]
    assert states == ["deferred"] * (MAX_RESENDS - 1) + ["unknown"]


def test_settle_late_doubt_stays_unknown() -> None:
    broken = outcome(Reply("content", 0, "closed"))
    assert settle(handed_over(), broken, NOW, NOW + timedelta(seconds=1), "resend").state == "unknown"


def test_settle_planned_costs_no_attempt() -> None:
    back = settle(handed_over(attempts=3), outcome(Reply("mail", 550, "blocked")), NOW)
    assert (back.state, back.attempts, back.owner) == ("planned", 2, "")


def test_next_attempt_pauses_grow_and_spread() -> None:
    moments = [next_attempt(Delivery("e", 7, "a@b.c", "v", attempts=n), NOW) for n in range(1, 12)]
    pauses = [moment - NOW for moment in moments if moment]
    assert len(pauses) == 11
    assert pauses == sorted(pauses)
    assert timedelta(minutes=2) <= pauses[0] < timedelta(minutes=3)
    assert pauses[1] >= timedelta(minutes=5)  # what greylisting wants
    assert len({next_attempt(Delivery("e", n, "a@b.c", "v", attempts=1), NOW) for n in range(50)}) > 40


def test_settle_late_retry_waits_until_last_moment() -> None:
    last = NOW + timedelta(minutes=1)
    waiting = settle(handed_over(), outcome(Reply("rcpt", 450, "greylisted")), NOW, last)
    assert (waiting.state, waiting.next_attempt) == ("deferred", last)
    assert "greylisted" in waiting.reason


def test_settle_keeps_the_reason() -> None:
    after = settle(handed_over(), Outcome("refused", "550 no"), NOW)
    assert after.reason == "550 no"
