"""The states of a delivery: every path a reply, a crash and the clock can drive it along."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from digest.deliver.delivery import (
    NEXT,
    RESENDS,
    SETTLED,
    Delivery,
    DeliveryState,
    IllegalStep,
    claim,
    expire,
    hand_over,
    is_claimable,
    next_attempt,
    recover,
    reopen,
    settle,
    to,
)
from digest.deliver.reply import Outcome, Reply, outcome

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
LEASE = timedelta(minutes=15)
PLANNED = Delivery("e", 1, "a@example.org", "v", not_before=NOW)


def handed_over(attempts: int = 0) -> Delivery:
    """A delivery whose message is on its way."""
    return hand_over(claim(Delivery("e", 1, "a@example.org", "v", attempts=attempts), "me", NOW, LEASE), NOW)


def test_every_state_has_its_ways_on_and_nothing_leads_nowhere() -> None:
    assert set(NEXT) == set(get_args(DeliveryState))
    reachable = {"planned"} | set().union(*NEXT.values())
    assert reachable == set(NEXT)


@pytest.mark.parametrize(("start", "end"), list(itertools.product(NEXT, NEXT)))
def test_only_the_steps_that_exist_can_be_taken(start: DeliveryState, end: DeliveryState) -> None:
    delivery = Delivery("e", 1, "a@example.org", "v", start)
    if end in NEXT[start]:
        assert to(delivery, end, NOW).state == end
    else:
        with pytest.raises(IllegalStep, match="cannot become"):
            to(delivery, end, NOW)


def test_a_claim_is_for_one_owner_and_raises_the_epoch() -> None:
    held = claim(PLANNED, "me", NOW, LEASE)
    assert (held.state, held.owner, held.epoch, held.lease_until) == ("claimed", "me", 1, NOW + LEASE)
    with pytest.raises(IllegalStep):
        claim(held, "you", NOW, LEASE)


def test_nothing_is_claimed_before_its_time() -> None:
    assert not is_claimable(PLANNED, NOW - timedelta(seconds=1))
    assert is_claimable(PLANNED, NOW)
    later = settle(handed_over(), outcome(Reply("rcpt", 450, "later")), NOW)
    assert not is_claimable(later, NOW)
    assert later.next_attempt is not None
    assert is_claimable(later, later.next_attempt)


def test_the_unknown_is_sent_again_only_where_that_is_the_policy() -> None:
    lost = settle(handed_over(), outcome(Reply("content", 0, "closed")), NOW)
    assert lost.state == "unknown"
    assert is_claimable(lost, NOW, "resend")
    assert not is_claimable(lost, NOW, "hold")


def test_a_line_that_broke_is_tried_again_after_a_pause_and_not_for_ever() -> None:
    broken = outcome(Reply("content", 0, "closed"))
    waiting = settle(handed_over(), broken, NOW, NOW + timedelta(hours=3), "resend")
    assert (waiting.state, waiting.owner) == ("deferred", "")
    assert waiting.next_attempt is not None
    assert waiting.next_attempt >= NOW + timedelta(minutes=2)
    assert "closed" in waiting.reason
    states = [settle(handed_over(attempts=n), broken, NOW, None, "resend").state for n in range(RESENDS)]
    assert states == ["deferred"] * (RESENDS - 1) + ["unknown"]


def test_a_line_that_broke_too_late_stays_in_doubt_and_is_not_called_skipped() -> None:
    broken = outcome(Reply("content", 0, "closed"))
    assert settle(handed_over(), broken, NOW, NOW + timedelta(seconds=1), "resend").state == "unknown"


def test_a_recovered_claim_is_planned_and_a_recovered_hand_over_is_in_doubt() -> None:
    late = NOW + LEASE
    assert recover(claim(PLANNED, "me", NOW, LEASE), late).state == "planned"
    lost = recover(handed_over(), late)
    assert lost.state == "unknown"
    assert "stopped before" in lost.reason
    assert recover(handed_over(), late - timedelta(seconds=1)).state == "handed_over"


def test_what_no_server_had_costs_no_attempt() -> None:
    back = settle(handed_over(attempts=2), outcome(Reply("mail", 550, "blocked")), NOW)
    assert (back.state, back.attempts, back.owner) == ("planned", 2, "")


def test_pauses_grow_and_are_spread() -> None:
    moments = [next_attempt(Delivery("e", 7, "a@b.c", "v", attempts=n), NOW) for n in range(1, 12)]
    pauses = [moment - NOW for moment in moments if moment]
    assert len(pauses) == 11
    assert pauses == sorted(pauses)
    assert timedelta(minutes=2) <= pauses[0] < timedelta(minutes=3)
    assert pauses[1] >= timedelta(minutes=5)  # what greylisting wants
    assert len({next_attempt(Delivery("e", n, "a@b.c", "v", attempts=1), NOW) for n in range(50)}) > 40


def test_a_retry_that_would_be_too_late_waits_for_its_end_and_is_skipped_with_the_last_word() -> None:
    last = NOW + timedelta(minutes=1)
    waiting = settle(handed_over(), outcome(Reply("rcpt", 450, "greylisted")), NOW, last)
    assert waiting.next_attempt == last
    assert expire(waiting, last, last).state == "deferred"
    skipped = expire(waiting, last + timedelta(seconds=1), last)
    assert skipped.state == "skipped"
    assert "greylisted" in skipped.reason


def test_nothing_settled_or_under_way_is_ever_expired() -> None:
    for state in NEXT:
        after = expire(Delivery("e", 1, "a@b.c", "v", state), NOW, NOW - LEASE)
        assert (after.state == "skipped") == (state in {"planned", "deferred", "skipped"})


def test_a_refusal_of_a_wave_is_planned_again() -> None:
    refused = settle(handed_over(), outcome(Reply("rcpt", 554, "blocked")), NOW)
    assert reopen(refused, NOW).state == "planned"


class Ledger(RuleBasedStateMachine):
    """One reader, a server that answers as it likes, senders that die and freeze; the books against the truth."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.row = PLANNED
        self.mine: Delivery | None = None  # what the live sender believes
        self.taken = 0  # copies that the server took responsibility for
        self.doubts = 0  # times that a crash or a lost line left an open question
        self.last = NOW + timedelta(hours=3)

    @rule()
    @precondition(lambda self: self.mine is None)
    def claim(self) -> None:
        if is_claimable(self.row, self.now):
            self.row = self.mine = claim(self.row, "me", self.now, LEASE)

    @rule(
        phase=st.sampled_from(["mail", "rcpt", "data", "content"]),
        code=st.sampled_from([0, 250, 421, 450, 452, 550, 552, 554, 999]),
        took=st.booleans(),
        crash=st.sampled_from(["", "before", "after"]),
    )
    @precondition(lambda self: self.mine is not None and self.mine.state == "claimed")
    def send(self, phase: str, code: int, took: bool, crash: str) -> None:
        """One transaction. `took` is the truth when no answer comes; a crash is before or after the answer."""
        assert self.mine is not None
        if self.row.epoch != self.mine.epoch or self.now >= (self.mine.lease_until or self.now):
            self.mine = None  # the intent is not written: nothing is sent
            return
        self.row = self.mine = hand_over(self.mine, self.now)
        if crash == "before":
            self.mine = None
            self.doubts += 1
            return
        if phase != "content" and 200 <= code < 400:
            phase = "content"
        accepted = phase == "content" and (200 <= code < 300 or (not 400 <= code <= 599 and took))
        self.taken += accepted
        if crash == "after" or (phase == "content" and not 200 <= code <= 599):
            self.doubts += 1
        if crash == "after":
            self.mine = None
            return
        result = outcome(Reply(phase, code, "words"))  # type: ignore[arg-type]
        self.row = settle(self.row, result, self.now, self.last)
        self.mine = None

    @rule()
    def freeze_past_the_lease_and_recover(self) -> None:
        self.now += LEASE
        self.row = recover(self.row, self.now)

    @rule(minutes=st.integers(1, 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.row = expire(recover(self.row, self.now), self.now, self.last)

    @invariant()
    def copies_come_only_from_doubts(self) -> None:
        assert self.taken <= 1 + self.doubts

    @invariant()
    def accepted_is_never_a_wish(self) -> None:
        if self.row.state == "accepted":
            assert self.taken >= 1

    @invariant()
    def nobody_who_never_got_it_is_called_settled_without_a_reason(self) -> None:
        if self.row.state in SETTLED - {"accepted"}:
            assert self.row.reason
        if self.taken == 0:
            assert self.row.state != "accepted"


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


def test_the_reason_of_an_outcome_is_kept() -> None:
    after = settle(handed_over(), Outcome("refused", "550 no"), NOW)
    assert after.reason == "550 no"
