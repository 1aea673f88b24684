"""Dispatch: the third verb for one house: who gets an edition is frozen, it leaves, or is held back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest import process
from digest.compose.edition import Edition, EditionState
from digest.deliver.address import canonical
from digest.errors import AlreadySent, EditionError
from digest.services import deliver_edition as third
from digest.services import plan_recipients as planning
from digest.services.ports import Progress, silent

if TYPE_CHECKING:
    from digest.bootstrap import House
    from digest.deliver.render.rendered import Problem
    from digest.deliver.reply import Outcome

#: The command that lifts a pause of all sending.
RESUME: Final = "digest schedule pause --resume"


class Dispatch:
    """Planning and sending the editions of a house."""

    def __init__(self, house: House) -> None:
        self.house, self.store = house, house.store

    def plan(self, edition: Edition, *, last: bool = False) -> int:
        """Freeze the recipients of an approved edition; how many deliveries it has.

        The `last` look, before the first mail leaves, gives back what other newsletters were to tell and do not.
        """
        choice = self.house.mailroom.choice(edition.newsletter)
        for look in (planning.plan, planning.give_back) if last else (planning.plan,):
            look(self.store, edition, self.store.readers.audience(edition.newsletter), choice, self.house.clock())
        return sum(self.store.deliveries.summary(edition.id).values())

    def deliver(
        self,
        edition: Edition,
        *,
        resume: bool = False,
        at_once: bool = False,
        doubtful: bool = False,
        progress: Progress = silent,
    ) -> third.Delivered:
        """Hand over what is due of an edition; `at_once` everything, without waiting for its time; `doubtful` also what
        was cut off before the server's answer came, which a few may then get twice.

        Before its time nothing is begun, so editors can still change it. Raises RenderError for a mail that a check
        forbids; nothing of it is sent then.
        """
        if reason := self.store.meta.settle_in() or self.store.meta.sending_paused():
            way_on = "" if RESUME in reason else f"; '{RESUME}' goes on"
            raise EditionError(f"sending is paused: {reason}{way_on}")
        if edition.state == "approved" and not at_once and self.house.clock() < edition.send_at:
            return third.Delivered(edition.id, edition.state, counts=dict(self.store.deliveries.summary(edition.id)))
        if resume and edition.state == "paused":
            self.store.editions.set_state(edition.id, ["paused"], "sending", "resumed by hand", now=self.house.clock())
            edition = self.house.edition(edition.id)
        if doubtful:
            edition = self._doubted(edition)
        if edition.state == "approved":
            self.house.complete(edition)
            self.plan(edition, last=True)
        if at_once:
            self.store.deliveries.requeue(edition.id, ["planned", "deferred"], now=self.house.clock())
        with process.run() as name:
            return third.deliver(
                self.store,
                edition,
                self.house.mailroom.fillers(edition),
                self.house.mailroom.transport(),
                self._terms(edition, name),
                clock=self.house.clock,
                progress=progress,
            )

    def _doubted(self, edition: Edition) -> Edition:
        """Plan again what is in doubt; a sent edition is being sent again then. Raises AlreadySent when nothing is."""
        if edition.state not in ("sending", "sent"):
            return edition  # to begin to deliver says why that cannot be
        if not self.store.deliveries.summary(edition.id).get("unknown"):
            raise AlreadySent(f"nothing of edition {edition.id} is in doubt")
        last, now = self._terms(edition, "").last_moment, self.house.clock()
        if now > last:
            raise EditionError(f"edition {edition.id} is too late: {last:%Y-%m-%d %H:%M} UTC was its last moment")
        self.store.editions.set_state(edition.id, ["sent"], "sending", "once more what was in doubt, by hand", now=now)
        self.store.deliveries.requeue(edition.id, ["unknown"], now=now)
        return self.house.edition(edition.id)

    def _terms(self, edition: Edition, name: str) -> third.Terms:
        """How an edition is delivered, by the settings, by a run of that name."""
        return third.Terms(
            owner=name,
            last_moment=edition.send_at + self.house.mailroom.newsletter(edition).max_late,
            in_doubt=self.house.settings.deliver.in_doubt,
            pause_after=self.house.settings.deliver.pause_after,
            should_stop=self.house.stopping.is_set,
            is_gone=process.is_gone,
            wait=self.house.stopping.wait,
            bounced=lambda number, outcome: self._disowned(edition.id, number, outcome),
        )

    def _disowned(self, edition_id: str, subscriber_id: int, outcome: Outcome) -> None:
        """A server said at RCPT that the mailbox is not there (or is full): it counts like a bounce."""
        from digest.services.record_bounce import weigh_refusal

        person = self.store.readers.get(subscriber_id)
        if person is not None and outcome.bounce:
            weigh_refusal(self.store, person, outcome.bounce, edition_id, outcome.reason, self.house.clock())

    def dry_run(self, edition: Edition, folder: Path, *, progress: Progress = silent) -> int:
        """Write every message of an edition as a file, for looking at; touches no delivery and no connection."""
        readers = self.store.readers.audience(edition.newsletter)
        choice = self.house.mailroom.choice(edition.newsletter)
        deliveries = planning.recipients(self.store, edition, readers, choice, self.house.clock())
        return self.house.mailroom.write(edition, deliveries, folder, progress)

    def deliver_test(self, edition: Edition, address: str) -> Sequence[Problem]:
        """One copy to one address, outside the books; what forbids sending it to readers as it is."""
        return self.house.mailroom.send_test(edition, canonical(address).text)

    def halt(self, edition: Edition, state: str) -> None:
        """Pause or cancel an edition that is approved or being sent."""
        now = self.house.clock()
        if state == "paused":
            done = self.store.editions.set_state(edition.id, ["sending"], "paused", "paused by hand", now=now)
        else:
            before: list[EditionState] = ["draft", "in_review", "approved", "sending", "paused"]
            done = self.store.editions.set_state(edition.id, before, "cancelled", "cancelled by hand", now=now)
            if done:
                self._cancelled(edition, now)
        if not done:
            way = f"it cannot be {state} any more"
            if edition.state in ("draft", "in_review", "approved"):
                way = "nothing of it is being sent yet; --cancel stops it for good, 'digest schedule pause' all sending"
            raise AlreadySent(f"edition {edition.id} is {edition.state}: {way}")

    def _cancelled(self, edition: Edition, now: datetime) -> None:
        """Close the books; what no reader had goes into the next edition."""
        self.store.deliveries.close_open(edition.id, "skipped", "the edition was cancelled", now=now)
        states = self.store.deliveries.summary(edition.id)
        if not any(states.get(state) for state in ("accepted", "handed_over", "unknown", "bounced")):
            self.store.editions.decide_slot(
                edition.newsletter, edition.slot, "skipped", "cancelled by hand", now=now, edition_id=edition.id
            )
