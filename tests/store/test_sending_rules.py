"""Senders, replies, crashes, sleepers, lost answers and readers who leave, in any order: the books and the wire always
agree, and no delivery takes a step that `delivery.TRANSITIONS` does not know.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from digest.deliver.delivery import TRANSITIONS, Delivery, DeliveryState, settle
from digest.deliver.outcome import Phase
from digest.deliver.reply import Reply, outcome
from digest.deliver.subscriber import Subscriber
from digest.errors import StoreError
from digest.store import Store, open_store
from digest.store.claim import ProgressResult
from digest.store.claim_results import DeliveryResult
from tests.store.broken import lost_answer
from tests.store.samples import LEASE, NOW, claim, claim_with, crowd, planned, progress, stored_edition

OWNERS = st.sampled_from(["ada", "bob"])
PHASES = st.sampled_from(["mail", "rcpt", "data", "content"])
READERS = 6


def within_two_steps(state: DeliveryState) -> set[DeliveryState]:
    """Where one call may lead: a claim whose lease is over is ended by the next, which may take the same again."""
    one = {state} | TRANSITIONS[state]
    return one.union(*(TRANSITIONS[after] for after in one))


class Sending(RuleBasedStateMachine):
    """Two senders share one edition. What left on the wire is counted outside the store, as a mail server would.

    Each may take any step by another connection, which knows nothing of the last one.
    """

    store: Store
    another: Store
    edition_id: str
    people: list[Subscriber]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now: datetime = NOW
        self.held: dict[str, list[Delivery]] = {"ada": [], "bob": []}
        self.flying: dict[str, list[Delivery]] = {"ada": [], "bob": []}
        self.wire: Counter[int] = Counter()
        self.resent: Counter[int] = Counter()
        self.left: set[int] = set()
        self.before: dict[int, Delivery] = {}
        self.until: dict[int, datetime] = {}  # when the lease of a claim ends

    @initialize()
    def plan(self) -> None:
        self.store = open_store(f"sqlite:///{Path(self.folder.name)}/digest.db", upgrade=True)
        self.another = open_store(f"sqlite:///{Path(self.folder.name)}/digest.db")
        self.edition_id = stored_edition(self.store).id
        self.people = crowd(self.store, READERS)
        planned(self.store, self.edition_id, self.people[1::2])

    @rule()
    def plan_the_others(self) -> None:
        planned(self.store, self.edition_id, self.people)

    def teardown(self) -> None:
        self.store.close()
        self.another.close()
        self.folder.cleanup()

    @rule()
    def go_on_elsewhere(self) -> None:
        self.store, self.another = self.another, self.store

    @rule(owner=OWNERS, limit=st.integers(2, 5))
    def claim(self, owner: str, limit: int) -> None:
        taken = claim(self.store, self.edition_id, owner, self.now, LEASE, limit)
        assert len(taken) <= limit
        self.look()
        others = {d.subscriber_id for o, held in self.held.items() if o != owner for d in held if self.valid(d)}
        assert not others & {d.subscriber_id for d in taken}
        self.held[owner] += taken
        self.until.update((delivery.epoch, self.now + LEASE) for delivery in taken)

    @rule(owner=OWNERS, number=st.integers(1, 3), lost=st.booleans())
    def hand_over(self, owner: str, number: int, lost: bool) -> None:
        if not self.held[owner]:
            self.claim(owner, number + 1)
        if not self.held[owner]:
            return
        epoch = self.held[owner][0].epoch
        going = [delivery for delivery in self.held[owner][:number] if delivery.epoch == epoch]
        self.held[owner] = self.held[owner][len(going) :]
        answer = self.record(epoch, owner, [], going, lost)
        for delivery in going:
            if delivery.id in answer.to_send:
                assert self.valid(delivery)
                assert delivery.subscriber_id not in self.left
                self.wire[delivery.subscriber_id] += 1
                self.flying[owner].append(delivery)
                self.look()
            elif self.valid(delivery):
                assert delivery.subscriber_id in self.left
                self.settle(owner, delivery, "suppressed")

    @rule(
        owner=OWNERS,
        phase=PHASES,
        code=st.sampled_from([0, 250, 421, 450, 452, 550, 552, 554, 999]),
        lost=st.booleans(),
    )
    def answer(self, owner: str, phase: Phase, code: int, lost: bool) -> None:
        if not self.flying[owner]:
            self.hand_over(owner, 2, lost)
        if not self.flying[owner]:
            return
        delivery = self.flying[owner].pop(0)
        handed = delivery._replace(state="handed_over", attempts=delivery.attempts + 1)
        after = settle(handed, outcome(Reply("content" if code == 250 else phase, code, "words")), self.now)
        self.settle(owner, delivery, after.state, after.next_attempt, lost)

    def record(
        self, epoch: int, owner: str, results: list[DeliveryResult], going: list[Delivery], lost: bool
    ) -> ProgressResult:
        """Record progress; when the answer is lost, once more, with the same answer but for what it wrote."""
        claim = claim_with(self.store, self.edition_id, owner, epoch)
        if lost:
            with pytest.raises(StoreError), lost_answer():
                claim.record_progress(results, going, now=self.now)
        return claim.record_progress(results, going, now=self.now)

    def settle(
        self, owner: str, delivery: Delivery, state: DeliveryState, later: datetime | None = None, lost: bool = False
    ) -> None:
        result = DeliveryResult(delivery.id, state, state, later)
        row = self.before[delivery.subscriber_id]
        ours = (row.owner, row.epoch) == (owner, delivery.epoch)
        written = self.record(delivery.epoch, owner, [result], [], lost).written
        assert written == (ours and not lost)
        assert ours or not self.valid(delivery)
        after = self.store.deliveries.get(self.edition_id, delivery.subscriber_id)
        assert after is not None
        assert after.attempts - row.attempts == (ours and state not in ("suppressed", "planned"))
        if state == "planned":  # no server had it
            self.wire[delivery.subscriber_id] -= 1
        if ours and state in ("deferred", "refused"):
            self.resent[delivery.subscriber_id] += 1  # its copy was refused: the next one is no second

    def valid(self, delivery: Delivery) -> bool:
        """True while the lease of a claim runs."""
        return self.now < self.until.get(delivery.epoch, self.now)

    def any_in(self, *states: DeliveryState) -> bool:
        return any(row.state in states for row in self.before.values())

    @rule(owner=OWNERS)
    def crash(self, owner: str) -> None:
        self.held[owner], self.flying[owner] = [], []

    @rule(minutes=st.sampled_from([1, 5, 20, 25]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def recover(self) -> None:
        self.store.claims.release_expired(now=self.now)
        for row in self.store.deliveries.listing(self.edition_id):
            assert self.valid(row) == (row.state in ("claimed", "handed_over"))

    @precondition(lambda self: self.any_in("unknown"))
    @rule()
    def resend_what_is_in_doubt(self) -> None:
        for row in self.store.deliveries.listing(self.edition_id, "unknown"):
            self.resent[row.subscriber_id] += 1
        self.store.deliveries.requeue(self.edition_id, ["unknown"], now=self.now)

    @precondition(lambda self: self.any_in("deferred", "refused"))
    @rule(states=st.sampled_from([["planned", "deferred"], ["refused"]]))
    def plan_again(self, states: list[DeliveryState]) -> None:
        """All at once, by hand; or a wave's refusals."""
        self.store.deliveries.requeue(self.edition_id, states, now=self.now)

    @precondition(lambda self: self.any_in("accepted", "unknown"))
    @rule(number=st.integers(0, READERS - 1))
    def comes_back(self, number: int) -> None:
        self.store.deliveries.mark_bounced(self.edition_id, self.people[number].id, "no such mailbox", now=self.now)

    @precondition(lambda self: self.now >= NOW + timedelta(hours=1))
    @rule()
    def is_too_late(self) -> None:
        self.store.deliveries.close_open(self.edition_id, "skipped", "too late", now=self.now)

    @rule(number=st.integers(0, READERS - 1))
    def unsubscribe(self, number: int) -> None:
        subscriber_id = self.people[number].id
        self.store.subscriptions.unsubscribe(subscriber_id, now=self.now)
        self.left.add(subscriber_id)

    @precondition(lambda self: self.now >= NOW + timedelta(hours=2))
    @rule()
    def everything_ends(self) -> None:
        """Whatever happened, one sender alone comes to the end of it: nobody is left over."""
        self.now += timedelta(hours=1)
        self.store.claims.release_expired(now=self.now)
        while taken := claim(self.store, self.edition_id, "eve", self.now, LEASE, 4):
            results = [DeliveryResult(delivery.id, "skipped", "the end") for delivery in taken]
            assert progress(self.store, taken, results, now=self.now).written == len(taken)
        assert self.store.deliveries.settle(self.edition_id, now=self.now).open == 0
        assert self.store.claims.owners() == set()

    @precondition(lambda self: hasattr(self, "edition_id"))
    @invariant()
    def books_and_wire_agree(self) -> None:
        self.look()
        assert self.store.deliveries.settle(self.edition_id, now=self.now).difference == 0

    def look(self) -> None:
        """Hold what the books say now to what they said before, and to the wire."""
        rows = {row.subscriber_id: row for row in self.store.deliveries.listing(self.edition_id)}
        ids = [person.id for person in self.people]
        assert set(rows) in (set(ids[1::2]), set(ids))
        for number, row in rows.items():
            assert self.wire[number] <= 1 + self.resent[number], "a second copy that nobody decided on"
            assert row.state != "accepted" or self.wire[number], "accepted, and never sent"
            before = self.before.get(number, row)
            assert row.attempts >= before.attempts
            assert row.state in within_two_steps(before.state)
        self.before = rows


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
