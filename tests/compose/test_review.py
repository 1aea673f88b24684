"""Review policies: what happens without an editor is stated, and nothing goes out too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.compose.review import Policy, first_state, next_step
from tests.compose.samples import edition

DRAFT = edition()
MINUTE = timedelta(minutes=1)


def test_auto_is_approved_at_once_and_everything_else_waits() -> None:
    assert first_state(Policy("auto")) == "approved"
    assert first_state(Policy("required")) == first_state(Policy("window")) == "in_review"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy("window", "send"), "approve"),
        (Policy("window", "skip"), "skip"),
        (Policy("window", "hold"), "wait"),
        (Policy("required", "send"), "wait"),
    ],
)
def test_an_unreviewed_edition_does_at_its_time_what_the_policy_says(policy: Policy, expected: str) -> None:
    assert next_step(DRAFT, policy, DRAFT.send_at - MINUTE, reminded=2).do == "wait"
    assert next_step(DRAFT, policy, DRAFT.send_at, reminded=2).do == expected


@pytest.mark.parametrize("state", ["in_review", "approved"])
def test_nothing_is_sent_past_the_limit_of_lateness(state: str) -> None:
    at = replace(DRAFT, state=state)  # type: ignore[arg-type]
    policy = Policy("required")
    assert next_step(at, policy, at.send_at + policy.max_late + MINUTE, 2).do == "skip"
    assert next_step(at, policy, at.send_at + policy.max_late, 2).do == ("send" if state == "approved" else "wait")


def test_a_send_that_has_begun_is_finished_even_when_late() -> None:
    at = replace(DRAFT, state="sending")
    assert next_step(at, Policy("auto"), at.send_at + timedelta(days=1)).do == "send"


def test_editors_are_reminded_when_a_draft_waits_and_before_the_deadline() -> None:
    policy = Policy("window", "skip")
    early = DRAFT.cut_off + MINUTE
    assert next_step(DRAFT, policy, early, 0).do == "remind"
    assert next_step(DRAFT, policy, early, 1).do == "wait"
    last = next_step(DRAFT, policy, DRAFT.send_at - policy.remind, 1)
    assert (last.do, "skipped at its sending time" in last.reason) == ("remind", True)
    assert next_step(DRAFT, policy, DRAFT.send_at - MINUTE, 2).do == "wait"


@pytest.mark.parametrize("state", ["sent", "skipped", "cancelled", "paused"])
def test_what_is_at_an_end_or_paused_stays_so(state: str) -> None:
    assert next_step(replace(DRAFT, state=state), Policy("auto"), DRAFT.send_at).do == "wait"  # type: ignore[arg-type]
