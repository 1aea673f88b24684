"""Jobs: what the bell rings for. Each asks the store what is due, does it, and may be run by any number of processes.

Several processes on one store never do the same thing twice: a slot is claimed by a unique row, deliveries by their
claims, and the sites that one collects from by its hold on them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from digest import process
from digest.compose.edition import EDITABLE, Edition
from digest.errors import AlreadySent, DigestError, EditionError, StoreError
from digest.services import due

if TYPE_CHECKING:
    from digest.bootstrap import House

log = structlog.get_logger("jobs")

#: How often due slots and deliveries are looked for; a look costs a few queries.
LOOK: Final = timedelta(seconds=15)
#: Who composed an edition has this long for its pictures; then it may have died, and others fetch what is missing.
PICTURES: Final = timedelta(minutes=5)
#: Beyond what newsletters may choose from, articles are kept for this long at least.
SPARE: Final = timedelta(days=3)


class Jobs:
    """The jobs of one house; `house.stopping` makes those that run come to their next safe point."""

    def __init__(self, house: House) -> None:
        self.house = house

    def table(self) -> dict[str, tuple[timedelta, Callable[[], None]]]:
        """All jobs with their intervals, as the bell wants them."""
        every = min(self.house.settings.collect.every, timedelta(minutes=1))
        jobs = {"collect": (every, self.collect), "compose": (LOOK, self.compose), "deliver": (LOOK, self.deliver)}
        jobs["prune"] = (timedelta(hours=6), self.prune)
        if self.house.settings.bounces.host:
            jobs["bounces"] = (self.house.settings.bounces.every, self.bounces)
        return jobs

    def collect(self) -> None:
        """Poll the feeds that are due and read what is new."""
        if not self.house.topics_of_feeds():
            return
        done = self.house.collect()
        polled = [feed for feed in done.feeds if feed.status != "skipped"]
        if polled:
            failed = sum(1 for feed in polled if feed.error)
            log.info("collected", feeds=len(polled), failed=failed, new=done.new, changed=done.changed)

    def compose(self) -> None:
        """Compose what is due, apply the review policies."""
        house = self.house
        now = house.clock()
        self._warn()
        with process.run() as name:
            done = due.compose_due(
                house.store,
                house.settings,
                now,
                self._since,
                writer=house.writer,
                owner=name,
                is_gone=process.is_gone,
            )
        for happened in done:
            log.info(happened.what, edition=happened.edition_id, reason=happened.reason)
            if happened.what == "composed":
                house.finish_composing(house.edition(happened.edition_id))
        for edition in house.store.editions.in_state(*EDITABLE):
            if edition.created_at is None or now - edition.created_at >= PICTURES:
                house.complete(edition)
        happened_now, _ = due.review_due(house.store, house.settings, now, self._remind)
        for happened in happened_now:
            log.info(happened.what, edition=happened.edition_id, reason=happened.reason)

    def deliver(self) -> None:
        """Send what is approved and due, and go on with what was broken off."""
        house = self.house
        _, ready = due.review_due(house.store, house.settings, house.clock(), self._remind)
        for edition_id in ready:
            if house.stopping.is_set():
                return
            try:
                done = house.dispatch.deliver(house.edition(edition_id))
            except (AlreadySent, EditionError) as error:
                log.warning("not delivered", edition=edition_id, reason=str(error))
                continue
            except StoreError as error:  # no fault of the edition: the next look goes on where this one stopped
                log.error("not delivered", edition=edition_id, reason=str(error))
                return
            except DigestError as error:
                self._hold(edition_id, str(error))
                continue
            if done.sent or done.stopped:
                log.info("delivered", edition=edition_id, state=done.state, sent=done.sent, stopped=done.stopped)
            if done.state == "sent" and (doubt := done.counts.get("unknown")):
                remedy = f"digest deliver {edition_id} --in-doubt"
                log.warning("no answer came for some", edition=edition_id, messages=doubt, remedy=remedy)
            if done.state == "paused" and done.stopped:
                self._tell(edition_id, done.stopped)

    def bounces(self) -> None:
        """Read the mailbox that returned mail comes to."""
        if counts := self.house.postbox.poll():
            log.info("returned mail", **counts)

    def _hold(self, edition_id: str, reason: str) -> None:
        """Pause an edition that cannot be sent as it is, so that nobody is mailed half of it again and again."""
        log.error("paused", edition=edition_id, reason=reason)
        self.house.store.editions.set_state(edition_id, ["sending"], "paused", reason, now=self.house.clock())
        self._tell(edition_id, reason)

    def _tell(self, edition_id: str, reason: str) -> None:
        """Mail the editors why an edition was paused. The server that refuses readers may refuse them too."""
        try:
            if not self.house.desk.tell_halted(self.house.edition(edition_id), reason):
                log.warning("nobody to tell", edition=edition_id, remedy="digest editors add NAME ADDRESS")
        except DigestError as error:
            log.error("editors not told", edition=edition_id, reason=str(error))

    def _since(self, newsletter: str) -> datetime:
        """From when on a newsletter's slots count: when this store first saw it."""
        key = f"newsletter since {newsletter}"
        found = self.house.store.meta.get(key)
        if found is None:
            found = self.house.clock().isoformat()
            self.house.store.meta.set(key, found)
        return datetime.fromisoformat(found)

    def _warn(self) -> None:
        try:
            for newsletter in self.house.desk.warn():
                log.warning("editors told of sources", newsletter=newsletter)
        except DigestError as error:  # the editors' mail server is no reason to stop the day
            log.error("editors not told of sources", reason=str(error))

    def prune(self) -> None:
        """Make room: forget the texts of what was collected longer ago than `collect.keep`.

        What a coming edition may still choose from stays, whatever `keep` says; editions and the ledger hold their own.
        """
        settings = self.house.settings
        needed = max((newsletter.max_age for newsletter in settings.newsletters.values()), default=timedelta(0))
        done = self.house.store.meta.prune(self.house.clock() - max(settings.collect.keep, needed + SPARE))
        if any(done):
            log.info("made room", **done._asdict())

    def _remind(self, edition: Edition, reason: str) -> None:
        log.warning("review", edition=edition.id, reason=reason, preview=f"digest preview {edition.id}")
        for breach in self.house.desk.breaches(edition.newsletter):
            log.warning("source", what=breach.words, source=breach.source, remedy=breach.remedy)
        if not self.house.desk.remind(edition):
            log.warning("nobody to remind", edition=edition.id, remedy="digest editors add NAME ADDRESS")
