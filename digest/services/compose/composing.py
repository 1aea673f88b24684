"""Composing: make the edition of a slot, by hand or when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from digest import process
from digest.compose.edition import EDITABLE, Edition, edition_id
from digest.compose.slot import Slot, slot_at, slots_of_day
from digest.services.compose import due
from digest.services.compose.compose_edition import choose_slot, compose
from digest.services.compose.due import Happened
from digest.services.compose.llm_leads import lead_writer
from digest.services.context import Context, Progress, silent
from digest.services.deliver.pictures import Pictures
from digest.services.deliver.sending import Sending
from digest.services.newsletters import calendar_of, newsletter_of

#: The composing process has this long to fetch an edition's pictures; after it, others fetch what is missing.
PICTURES: Final = timedelta(minutes=5)


class Composing:
    """Makes the editions of slots, with their pictures."""

    def __init__(self, context: Context, pictures: Pictures, sending: Sending) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._pictures, self._sending = pictures, sending
        self._writer = lead_writer(context)

    def slot(self, newsletter: str, local: datetime | None = None) -> Slot:
        """Return the slot of a local time, or for None the one that composing now means."""
        if local is not None:
            return slot_at(calendar_of(newsletter_of(self._settings, newsletter)), local)
        return choose_slot(self._store, self._settings, newsletter, self._clock())

    def in_calendar(self, newsletter: str, local: datetime) -> bool:
        """Whether a newsletter's settings have a slot at a local time; any other time may be composed for too."""
        calendar = calendar_of(newsletter_of(self._settings, newsletter))
        return any(slot.local == local for slot in slots_of_day(calendar, local.date()))

    def compose(self, newsletter: str, local: datetime | None = None) -> tuple[Edition, bool]:
        """Return the edition of a slot, and whether it was composed now (False: the slot already had it)."""
        slot = self.slot(newsletter, local)
        existing = self._store.editions.get(edition_id(newsletter, slot.local))
        if existing is not None:
            self._pictures.complete(existing)
            return existing, False
        now = self._clock()
        edition = compose(self._store, self._settings, newsletter, slot, now=now, author="command", writer=self._writer)
        self._finish(edition)
        return edition, True

    def is_stored(self, edition: Edition) -> bool:
        """Whether an edition is kept: one skipped before its cut-off is not, as more articles may come."""
        return self._store.editions.get(edition.id) is not None

    def compose_due(self) -> list[Happened]:
        """Compose every slot that is due; return what happened, also to slots that were missed or skipped."""
        with process.run() as name:
            happened = due.compose_due(
                self._store,
                self._settings,
                self._clock(),
                self._first_seen,
                writer=self._writer,
                owner=name,
                is_gone=process.is_gone,
            )
        for event in happened:
            if event.what == "composed" and (edition := self._store.editions.get(event.edition_id)) is not None:
                self._finish(edition)
        return happened

    def complete_pictures(self) -> None:
        """Fetch pictures that the process which composed an edition did not fetch in its time."""
        now = self._clock()
        for edition in self._store.editions.in_state(*EDITABLE):
            if edition.created_at is None or now - edition.created_at >= PICTURES:
                self._pictures.complete(edition)

    def _finish(self, edition: Edition, progress: Progress = silent) -> None:
        """Fetch a new edition's pictures, and plan its deliveries if it needs no review."""
        if edition.state == "skipped":
            return
        self._pictures.fetch(edition, progress)
        if edition.state == "approved":
            self._sending.plan(edition)

    def _first_seen(self, newsletter: str) -> datetime:
        """When this store first saw a newsletter: older slots of it do not count."""
        key = f"newsletter since {newsletter}"
        value = self._store.meta.get(key)
        if value is None:
            value = self._clock().isoformat()
            self._store.meta.set(key, value)
        return datetime.fromisoformat(value)
