"""Scheduling: the slots that come, those that were taken, skipping one, and the pause of all sending."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from digest.compose.edition import edition_id
from digest.compose.slot import Slot, next_slots, slots_of_day
from digest.errors import EditionError
from digest.services.context import Context
from digest.services.newsletters import calendar_of, newsletter_keys, newsletter_of

if TYPE_CHECKING:
    from digest.store.slots import SlotRecord


@dataclass(frozen=True, slots=True)
class UpcomingSlot:
    """A slot to come; `closed` says why it has no edition, "" when it may have one."""

    newsletter: str
    slot: Slot
    timezone: str
    closed: str


class Scheduling:
    """The calendar of the newsletters together with what became of their slots."""

    def __init__(self, context: Context) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock

    def upcoming(self, count: int, newsletter: str | None = None) -> list[UpcomingSlot]:
        """Return the next `count` slots of one newsletter or of all, days off and skipped ones included."""
        slots = []
        for key in newsletter_keys(self._settings, newsletter):
            known = newsletter_of(self._settings, key)
            taken = {slot.slot: slot for slot in self._store.slots.of(key)}
            for slot in next_slots(calendar_of(known), self._clock(), count):
                closed = slot.closed or _skip_reason(taken.get(slot.key))
                slots.append(UpcomingSlot(key, slot, known.timezone, closed))
        return sorted(slots, key=lambda each: (each.slot.send_at, each.newsletter))[:count]

    def taken(self, newsletter: str | None = None) -> list[SlotRecord]:
        """Return the slots that were taken, with what became of them."""
        keys = newsletter_keys(self._settings, newsletter)
        return [slot for key in keys for slot in self._store.slots.of(key)]

    def skip(self, newsletter: str, local: datetime) -> None:
        """Record a coming slot as skipped; its stories go into the next edition. Raises EditionError for no slot."""
        calendar = calendar_of(newsletter_of(self._settings, newsletter))
        slot = next((slot for slot in slots_of_day(calendar, local.date()) if slot.local == local), None)
        if slot is None:
            raise EditionError(f"{newsletter} has no slot at {local:%Y-%m-%dT%H:%M}", "see 'digest schedule next'")
        if slot.closed:
            raise EditionError(f"{newsletter} {slot.key} has no edition anyway: {slot.closed}")
        if self._clock() > slot.send_at + calendar.max_late:
            raise EditionError(f"{newsletter} {slot.key} is over", "see 'digest schedule list' for what became of it")
        if self._store.editions.get(edition_id(newsletter, slot.local)) is not None:
            raise EditionError(f"{newsletter} {slot.key} has an edition", "'digest deliver EDITION --cancel' instead")
        self._store.slots.decide(newsletter, slot.key, "skipped", "skipped by hand", now=self._clock())

    def pause_sending(self) -> None:
        """Stop every sender on this store until `resume_sending`."""
        self._store.meta.pause_sending("paused by hand")

    def resume_sending(self) -> None:
        """Let senders go on."""
        self._store.meta.resume_sending()

    def sending_paused(self) -> str | None:
        """Return why all sending is paused, or None."""
        return self._store.meta.sending_paused()


def _skip_reason(slot: SlotRecord | None) -> str:
    return slot.reason if slot is not None and slot.outcome == "skipped" else ""
