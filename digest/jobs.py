"""Jobs: what the scheduler runs. Each asks a service for what is due, and logs what happened.

Several processes on one store never do the same thing twice: a slot is claimed by a unique row, deliveries by their
claims, and the sites that one collects from by a lease.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from digest import events
from digest.compose.edition import Edition
from digest.errors import AlreadySent, DigestError, EditionError, StoreError
from digest.services.compose.due import EVENT_OF
from digest.services.deliver.returned_mail import UNCHANGED

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.services.compose.due import Happened

log = structlog.get_logger()

#: How often due slots and deliveries are looked for; looking costs a few queries.
INTERVAL: Final = timedelta(seconds=15)
ADD_EDITOR: Final = "digest editors add NAME ADDRESS"


class Jobs:
    """The jobs of one program; `app.stopping` brings those that run to their next safe point."""

    def __init__(self, app: App) -> None:
        self.app = app

    def table(self) -> dict[str, tuple[timedelta, Callable[[], None]]]:
        """Return all jobs with their intervals."""
        settings = self.app.settings
        jobs = {
            "collect": (min(settings.collect.every, timedelta(minutes=1)), self.collect),
            "compose": (INTERVAL, self.compose),
            "deliver": (INTERVAL, self.deliver),
            "prune": (timedelta(hours=6), self.prune),
        }
        if settings.bounces.host:
            jobs["bounces"] = (settings.bounces.every, self.bounces)
        return jobs

    def collect(self) -> None:
        """Poll the feeds that are due and read what is new."""
        if not self.app.collecting.has_feeds():
            return
        collected = self.app.collecting.collect()
        polled = [feed for feed in collected.feeds if feed.status != "skipped"]
        if polled:
            failed = sum(1 for feed in polled if feed.error)
            log.info(
                events.FEEDS_COLLECTED, feeds=len(polled), failed=failed, new=collected.new, changed=collected.changed
            )

    def compose(self) -> None:
        """Warn of unhealthy feeds, compose what is due, apply the review policies."""
        self._warn()
        self._log(self.app.composing.compose_due())
        self.app.composing.complete_pictures()
        happened, _ = self.app.approving.apply_policies(self._remind)
        self._log(happened)

    def _log(self, happened: list[Happened]) -> None:
        for event in happened:
            log.info(EVENT_OF[event.what], edition=event.edition_id, reason=event.reason)

    def deliver(self) -> None:
        """Send what is approved and due, and go on with what was broken off."""
        app = self.app
        _, ready = app.approving.apply_policies(self._remind)
        for edition_id in ready:
            if app.stopping.is_set():
                return
            try:
                done = app.sending.deliver(app.editions.get(edition_id))
            except (AlreadySent, EditionError) as error:
                log.warning(events.DELIVERY_FAILED, edition=edition_id, reason=str(error))
                continue
            except StoreError as error:  # no fault of the edition: the next run goes on where this one stopped
                log.error(events.DELIVERY_FAILED, edition=edition_id, reason=str(error))
                return
            except DigestError as error:
                log.error(events.EDITION_PAUSED, edition=edition_id, reason=str(error))
                app.sending.pause_failed(edition_id, str(error))
                self._tell(edition_id, "paused", partial(app.notifying.paused, reason=str(error)))
                continue
            if done.sent or done.stopped:
                log.info(
                    events.DELIVERY_FINISHED,
                    edition=edition_id,
                    state=done.state,
                    sent=done.sent,
                    stopped=done.stopped,
                )
            if done.state == "sent" and (doubt := done.counts.get("unknown")):
                remedy = f"digest deliver {edition_id} --in-doubt"
                log.warning(events.DELIVERY_IN_DOUBT, edition=edition_id, messages=doubt, remedy=remedy)
                self._tell(edition_id, "doubt", app.notifying.in_doubt)
            if done.state == "paused" and done.stopped:
                log.error(events.EDITION_PAUSED, edition=edition_id, reason=done.stopped)
                self._tell(edition_id, "paused", partial(app.notifying.paused, reason=done.stopped))

    def bounces(self) -> None:
        """Read the mailbox that returned mail comes to."""
        if counts := self.app.returned_mail.poll():
            changed = counts.total() - sum(counts[effect] for effect in UNCHANGED)
            log.info(events.BOUNCES_INGESTED, source="mailbox", changed=changed, effects=dict(counts))

    def prune(self) -> None:
        """Forget texts that no coming edition can use."""
        pruned = self.app.collecting.prune()
        if any(pruned):
            log.info(events.RETENTION_PRUNED, entries=pruned.entries, articles=pruned.articles)

    def _tell(self, edition_id: str, kind: str, notify: Callable[[Edition], int]) -> None:
        """Mail the editors of an edition. The server that refuses readers may refuse them too."""
        try:
            if not notify(self.app.editions.get(edition_id)):
                log.warning(events.NOTIFICATION_NO_RECIPIENTS, kind=kind, edition=edition_id, remedy=ADD_EDITOR)
        except DigestError as error:
            log.error(events.NOTIFICATION_FAILED, kind=kind, edition=edition_id, reason=str(error))

    def _warn(self) -> None:
        try:
            for newsletter in self.app.notifying.warn_of_feeds():
                log.warning(events.NOTIFICATION_SENT, kind="feeds", newsletter=newsletter)
        except DigestError as error:  # the editors' mail server is no reason to compose nothing
            log.error(events.NOTIFICATION_FAILED, kind="feeds", reason=str(error))

    def _remind(self, edition: Edition, reason: str) -> None:
        log.warning(events.EDITION_WAITING, edition=edition.id, reason=reason, remedy=f"digest preview {edition.id}")
        for issue in self.app.feeds.issues(edition.newsletter):
            log.warning(events.FEED_UNHEALTHY, feed=issue.source, problem=issue.words, remedy=issue.remedy)
        if not self.app.notifying.remind(edition):
            log.warning(events.NOTIFICATION_NO_RECIPIENTS, kind="reminder", edition=edition.id, remedy=ADD_EDITOR)
