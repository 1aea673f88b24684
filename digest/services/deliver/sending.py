"""Sending: freeze who gets an edition, hand its messages over, pause or cancel it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from digest import process
from digest.compose.edition import Edition, EditionState
from digest.deliver.address import canonical
from digest.errors import AlreadySent, EditionError, Finding
from digest.services.context import Context, Progress, silent
from digest.services.deliver.deliver_edition import deliver
from digest.services.deliver.mailer import Mailer
from digest.services.deliver.messages import Messages
from digest.services.deliver.pictures import Pictures
from digest.services.deliver.plan_recipients import give_back, plan, recipients
from digest.services.deliver.record_bounce import weigh_refusal
from digest.services.deliver.rendering import Rendering
from digest.services.deliver.send_options import Delivered, SendOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from digest.deliver.delivery import Delivery
    from digest.deliver.outcome import Outcome

#: The command that lifts a pause of all sending.
RESUME: Final = "digest schedule pause --resume"
#: The reason of an edition that a person paused.
PAUSED_BY_HAND: Final = "paused by hand"


class Sending:
    """Plans and sends editions, and stops them."""

    def __init__(
        self, context: Context, rendering: Rendering, messages: Messages, mailer: Mailer, pictures: Pictures
    ) -> None:
        self._context = context
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._rendering, self._messages, self._mailer, self._pictures = rendering, messages, mailer, pictures

    def plan(self, edition: Edition, *, last: bool = False) -> int:
        """Freeze the recipients of an approved edition; return how many deliveries it has.

        With `last`, before the first mail leaves, stories withheld for the sake of another newsletter that does not
        come after all are given back.
        """
        choice = self._rendering.choice(edition.newsletter)
        for step in (plan, give_back) if last else (plan,):
            step(self._store, edition, self._store.subscriptions.audience(edition.newsletter), choice, self._clock())
        return sum(self.counts(edition).values())

    def counts(self, edition: Edition) -> Mapping[str, int]:
        """Return the number of an edition's deliveries by state."""
        return self._store.deliveries.summary(edition.id)

    def deliveries(self, edition: Edition) -> Iterator[Delivery]:
        """Yield every delivery of an edition, by subscriber, in constant memory."""
        return self._store.deliveries.listing(edition.id)

    def next_due(self, edition: Edition) -> datetime | None:
        """Return when the next delivery of an edition is due, or None."""
        return self._store.deliveries.next_work(edition.id)

    def deliver(
        self,
        edition: Edition,
        *,
        resume: bool = False,
        at_once: bool = False,
        doubtful: bool = False,
        progress: Progress = silent,
    ) -> Delivered:
        """Hand over what is due of an edition; `at_once` everything, without waiting for its time.

        `doubtful` also resends what was cut off before the server's answer came, which a few may then get twice.
        Before its time nothing is begun, so editors can still change it. Raises RenderError for a mail that a check
        forbids; nothing of it is sent then.
        """
        if reason := self._store.meta.pause_if_moved() or self._store.meta.sending_paused():
            remedy = "" if RESUME in reason else f"'{RESUME}' goes on"
            raise EditionError(f"sending is paused: {reason}", remedy)
        if edition.state == "approved" and not at_once and self._clock() < edition.send_at:
            return Delivered(edition.id, edition.state, counts=dict(self.counts(edition)))
        if resume and edition.state == "paused":
            self._store.editions.set_state(edition.id, ["paused"], "sending", "resumed by hand", now=self._clock())
            edition = self._stored(edition)
        if doubtful:
            edition = self._replan_doubtful(edition)
        if edition.state == "approved":
            self._pictures.complete(edition)
            self.plan(edition, last=True)
        if at_once:
            self._store.deliveries.requeue(edition.id, ["planned", "deferred"], now=self._clock())
        with process.run() as name:
            return deliver(
                self._store,
                edition,
                self._messages.factories(edition),
                self._mailer.transport(),
                self._options(edition, name),
                clock=self._clock,
                progress=progress,
            )

    def _replan_doubtful(self, edition: Edition) -> Edition:
        """Plan again what is in doubt, which makes a sent edition one that is being sent.

        Raises AlreadySent when nothing is, EditionError when it is too late.
        """
        if edition.state not in ("sending", "sent"):
            return edition  # `deliver` raises, naming the reason
        if not self.counts(edition).get("unknown"):
            raise AlreadySent(f"nothing of edition {edition.id} is in doubt")
        last, now = self._options(edition, "").last_moment, self._clock()
        if now > last:
            raise EditionError(f"edition {edition.id} is too late: {last:%Y-%m-%d %H:%M} UTC was its last moment")
        self._store.editions.set_state(edition.id, ["sent"], "sending", "once more what was in doubt, by hand", now=now)
        self._store.deliveries.requeue(edition.id, ["unknown"], now=now)
        return self._stored(edition)

    def _stored(self, edition: Edition) -> Edition:
        stored = self._store.editions.get(edition.id)
        assert stored is not None  # editions are never deleted
        return stored

    def _options(self, edition: Edition, name: str) -> SendOptions:
        """Return how an edition is delivered by a run of that name."""
        return SendOptions(
            owner=name,
            last_moment=edition.send_at + self._rendering.newsletter(edition).max_late,
            in_doubt=self._settings.deliver.in_doubt,
            pause_after=self._settings.deliver.pause_after,
            should_stop=self._context.stopping.is_set,
            is_gone=process.is_gone,
            wait=self._context.stopping.wait,
            bounced=lambda subscriber_id, outcome: self._record_refusal(edition.id, subscriber_id, outcome),
        )

    def _record_refusal(self, edition_id: str, subscriber_id: int, outcome: Outcome) -> None:
        """Count as a bounce that a server refused a mailbox at RCPT, as unknown or full."""
        subscriber = self._store.subscribers.get(subscriber_id)
        if subscriber is not None and outcome.bounce:
            weigh_refusal(self._store, subscriber, outcome.bounce, edition_id, outcome.reason, self._clock())

    def dry_run(self, edition: Edition, folder: Path, *, progress: Progress = silent) -> int:
        """Write every message of an edition as a file; return how many. Touches no delivery and no connection."""
        audience = self._store.subscriptions.audience(edition.newsletter)
        choice = self._rendering.choice(edition.newsletter)
        deliveries = recipients(self._store, edition, audience, choice, self._clock())
        return self._mailer.write(edition, deliveries, folder, progress)

    def send_test(self, edition: Edition, address: str) -> Sequence[Finding]:
        """Send one copy to one address, unrecorded; return what forbids sending the edition to readers."""
        return self._mailer.send_test(edition, canonical(address).text)

    def pause(self, edition: Edition) -> None:
        """Pause an edition that is being sent. Raises AlreadySent for any other."""
        now = self._clock()
        if not self._store.editions.set_state(edition.id, ["sending"], "paused", PAUSED_BY_HAND, now=now):
            if edition.state in ("draft", "in_review", "approved"):
                remedy = "--cancel stops it for good, 'digest schedule pause' all sending"
                raise AlreadySent(f"edition {edition.id} is {edition.state}: nothing of it is being sent yet", remedy)
            raise AlreadySent(f"edition {edition.id} is {edition.state}: it cannot be paused any more")

    def pause_failed(self, edition_id: str, reason: str) -> None:
        """Pause an edition that cannot be sent as it is, so that it is not tried again and again."""
        self._store.editions.set_state(edition_id, ["sending"], "paused", reason, now=self._clock())

    def cancel(self, edition: Edition) -> None:
        """Stop an edition for good; when no reader had it, its stories go into the next one. Raises AlreadySent."""
        now = self._clock()
        states: list[EditionState] = ["draft", "in_review", "approved", "sending", "paused"]
        if not self._store.editions.set_state(edition.id, states, "cancelled", "cancelled by hand", now=now):
            raise AlreadySent(f"edition {edition.id} is {edition.state}: it cannot be cancelled any more")
        self._store.deliveries.close_open(edition.id, "skipped", "the edition was cancelled", now=now)
        counts = self.counts(edition)
        if not any(counts.get(state) for state in ("accepted", "handed_over", "unknown", "bounced")):
            self._store.slots.decide(
                edition.newsletter, edition.slot, "skipped", "cancelled by hand", now=now, edition_id=edition.id
            )
