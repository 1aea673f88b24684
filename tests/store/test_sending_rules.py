"""Senders, crashes, sleepers and readers who leave, in any order: the books and the wire always agree."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from digest.deliver.delivery import Delivery
from digest.deliver.subscriber import Subscriber
from digest.store import Store, open_store
from digest.store.records import DeliveryResult
from tests.store.samples import LEASE, NOW, crowd, planned, stored_edition

OWNERS = st.sampled_from(["ada", "bob"])
READERS = 6


class Sending(RuleBasedStateMachine):
    """Two senders share one edition. What left on the wire is counted outside the store, as a mail server would."""

    store: Store
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
        self.edition_id = stored_edition(self.store).id
        self.people = crowd(self.store, READERS)
        planned(self.store, self.edition_id, self.people[1::2])

    @rule()
    def plan_the_others(self) -> None:
        planned(self.store, self.edition_id, self.people)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(owner=OWNERS, limit=st.integers(2, 5))
    def claim(self, owner: str, limit: int) -> None:
        taken = self.store.deliveries.claim(self.edition_id, owner, self.now, LEASE, limit)
        assert len(taken) <= limit
        others = {d.subscriber_id for o, held in self.held.items() if o != owner for d in held if self.valid(d)}
        assert not others & {d.subscriber_id for d in taken}
        self.held[owner] += taken
        self.until.update((delivery.epoch, self.now + LEASE) for delivery in taken)

    @precondition(lambda self: any(self.held.values()))
    @rule(owner=OWNERS, number=st.integers(1, 3))
    def hand_over(self, owner: str, number: int) -> None:
        owner = owner if self.held[owner] else next(name for name, held in self.held.items() if held)
        epoch = self.held[owner][0].epoch
        going = [delivery for delivery in self.held[owner][:number] if delivery.epoch == epoch]
        self.held[owner] = self.held[owner][len(going) :]
        turn = self.store.deliveries.turn(epoch, owner, (), going, now=self.now)
        for delivery in going:
            if delivery.id in turn.ours:
                assert self.valid(delivery)
                assert delivery.subscriber_id not in self.left
                self.wire[delivery.subscriber_id] += 1
                self.flying[owner].append(delivery)
            elif self.valid(delivery):
                assert delivery.subscriber_id in self.left
                self.settle(owner, delivery, "suppressed")

    @precondition(lambda self: any(self.flying.values()))
    @rule(owner=OWNERS, state=st.sampled_from(["accepted", "deferred", "refused", "unknown", "planned"]))
    def answer(self, owner: str, state: str) -> None:
        owner = owner if self.flying[owner] else next(name for name, flying in self.flying.items() if flying)
        self.settle(owner, self.flying[owner].pop(0), state)

    def settle(self, owner: str, delivery: Delivery, state: str) -> None:
        later = self.now + timedelta(minutes=5) if state == "deferred" else None
        result = DeliveryResult(delivery.id, state, state, later)  # type: ignore[arg-type]
        row = self.before[delivery.subscriber_id]
        ours = (row.owner, row.epoch) == (owner, delivery.epoch)
        written = self.store.deliveries.turn(delivery.epoch, owner, [result], now=self.now).written
        assert written == ours
        assert ours or not self.valid(delivery)
        after = self.store.deliveries.get(self.edition_id, delivery.subscriber_id)
        assert after is not None
        assert after.attempts - row.attempts == (ours and state not in ("suppressed", "planned"))
        if state == "planned":  # no server had it
            self.wire[delivery.subscriber_id] -= 1
        if written and state == "deferred":
            self.resent[delivery.subscriber_id] += 1  # its copy was refused: the next one is no second

    def valid(self, delivery: Delivery) -> bool:
        """True while the lease of a claim runs."""
        return self.now < self.until.get(delivery.epoch, self.now)

    @rule(owner=OWNERS)
    def crash(self, owner: str) -> None:
        self.held[owner], self.flying[owner] = [], []

    @rule(minutes=st.sampled_from([1, 5, 20, 25]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def recover(self) -> None:
        self.store.deliveries.release_expired(now=self.now)
        for row in self.store.deliveries.listing(self.edition_id):
            assert self.valid(row) == (row.state in ("claimed", "handed_over"))

    @rule()
    def resend_what_is_in_doubt(self) -> None:
        for row in self.store.deliveries.listing(self.edition_id, "unknown"):
            self.resent[row.subscriber_id] += 1
        self.store.deliveries.requeue(self.edition_id, ["unknown"], now=self.now)

    @rule(number=st.integers(1, READERS))
    def unsubscribe(self, number: int) -> None:
        self.store.readers.unsubscribe(number, now=self.now)
        self.left.add(number)

    @precondition(lambda self: hasattr(self, "edition_id"))
    @rule()
    def everything_ends(self) -> None:
        """Whatever happened, one sender alone comes to the end of it: nobody is left over."""
        self.now += timedelta(hours=1)
        self.store.deliveries.release_expired(now=self.now)
        while taken := self.store.deliveries.claim(self.edition_id, "eve", self.now, LEASE, 4):
            results = [DeliveryResult(delivery.id, "skipped", "the end") for delivery in taken]
            assert self.store.deliveries.turn(taken[0].epoch, "eve", results, now=self.now).written == len(taken)
        assert self.store.deliveries.settle(self.edition_id, now=self.now).open == 0
        assert self.store.deliveries.holders() == set()

    @precondition(lambda self: hasattr(self, "edition_id"))
    @invariant()
    def books_and_wire_agree(self) -> None:
        rows = {row.subscriber_id: row for row in self.store.deliveries.listing(self.edition_id)}
        assert set(rows) in (set(range(2, READERS + 1, 2)), set(range(1, READERS + 1)))
        assert self.store.deliveries.settle(self.edition_id, now=self.now).difference == 0
        for number, row in rows.items():
            assert self.wire[number] <= 1 + self.resent[number], "a second copy that nobody decided on"
            assert row.state != "accepted" or self.wire[number], "accepted, and never sent"
            before = self.before.get(number, row)
            assert row.attempts >= before.attempts
            assert before.state not in ("accepted", "suppressed", "refused") or row.state == before.state
        self.before = rows


TestSending = Sending.TestCase
TestSending.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
