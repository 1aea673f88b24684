"""Notifying: plain mails to editors about drafts that wait, unhealthy feeds, and editions whose sending was paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from digest.compose.edition import Edition
from digest.compose.review import fate
from digest.compose.slot import Slot, slots
from digest.deliver.mime.notification import (
    Notification,
    in_doubt,
    in_doubt_subject,
    paused,
    paused_subject,
    reminder,
    reminder_subject,
    warning,
    warning_subject,
)
from digest.services.collect.feeds import Feeds
from digest.services.context import Context
from digest.services.deliver.mailer import Mailer
from digest.services.deliver.rendering import Rendering
from digest.services.newsletters import calendar_of, newsletter_of, policy_of

#: Editors are warned of unhealthy feeds this long before the cut-off.
AHEAD: Final = timedelta(hours=1)


class Notifying:
    """Mails to editors. They are no subscribers: an edition's deliveries do not include them."""

    def __init__(self, context: Context, feeds: Feeds, rendering: Rendering, mailer: Mailer) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._feeds, self._rendering, self._mailer = feeds, rendering, mailer

    def addresses(self, newsletter: str) -> tuple[str, ...]:
        """Return where a newsletter's notices go: its own editors in the settings, else all editors."""
        named = newsletter_of(self._settings, newsletter).editors
        return tuple(named) or tuple(editor.address for editor in self._store.editors.all() if editor.address)

    def remind(self, edition: Edition) -> int:
        """Remind an edition's editors that it waits, near its deadline also of what becomes of it; return how many.

        Raises SendError when one of the mails is not taken.
        """
        addresses = self.addresses(edition.newsletter)
        if not addresses:
            return 0
        policy = policy_of(newsletter_of(self._settings, edition.newsletter))
        near = self._clock() >= edition.send_at - policy.remind
        locale = self._rendering.locale(edition.newsletter)
        issues = self._feeds.issues(edition.newsletter)
        text = reminder(edition, fate(policy) if near else "", policy.max_late, issues, locale)
        self._send(edition.newsletter, f"{edition.id}.reminder", reminder_subject(edition, locale), text)
        return len(addresses)

    def paused(self, edition: Edition, reason: str) -> int:
        """Tell the editors why an edition was paused; return how many there are. Raises SendError as `remind` does."""
        addresses = self.addresses(edition.newsletter)
        if addresses:
            locale = self._rendering.locale(edition.newsletter)
            text = paused(edition.id, reason, self._store.deliveries.summary(edition.id), locale)
            self._send(edition.newsletter, f"{edition.id}.halted", paused_subject(edition.id, locale), text)
        return len(addresses)

    def in_doubt(self, edition: Edition) -> int:
        """Tell the editors that messages may have arrived or not; return how many editors there are."""
        addresses = self.addresses(edition.newsletter)
        if addresses:
            locale = self._rendering.locale(edition.newsletter)
            text = in_doubt(edition.id, self._store.deliveries.summary(edition.id), locale)
            self._send(edition.newsletter, f"{edition.id}.doubt", in_doubt_subject(edition.id, locale), text)
        return len(addresses)

    def warn_of_feeds(self) -> list[str]:
        """Warn of unhealthy feeds while there is time, once a slot; return the newsletters that were warned."""
        warned_newsletters = []
        for key in self._settings.newsletters:
            slot = self._upcoming(key)
            fact = f"sources told {key}"
            before = self._store.meta.get(fact)
            if slot is None or before == slot.key or not self.addresses(key):
                continue
            issues = self._feeds.issues(key)
            if any(issue.urgent for issue in issues) and self._store.meta.compare_and_set(fact, before, slot.key):
                locale = self._rendering.locale(key)
                text = warning(slot.key, issues, locale)
                self._send(key, f"{key}-{slot.local:%Y-%m-%d-%H%M}.sources", warning_subject(locale), text)
                warned_newsletters.append(key)
        return warned_newsletters

    def _upcoming(self, newsletter: str) -> Slot | None:
        """Return the slot whose content will be frozen within `AHEAD`."""
        now = self._clock()
        calendar = calendar_of(newsletter_of(self._settings, newsletter))
        coming = (slot for slot in slots(calendar, now) if not slot.closed)
        slot = next((slot for slot in coming if slot.cut_off > now), None)
        return slot if slot is not None and slot.cut_off - now <= AHEAD else None

    def _send(self, newsletter: str, key: str, subject_line: str, text: str) -> None:
        """Send one plain mail to each editor of a newsletter. Raises SendError when one is not taken."""
        settings, now = newsletter_of(self._settings, newsletter), self._clock()
        notice = Notification(
            key=f"{key}.{now:%H%M%S}",
            subject=f"{settings.title}: {subject_line}",
            text=text,
            sender_name=settings.sender.name,
            sender_address=settings.sender.address,
            date=now,
        )
        self._mailer.send_notice(notice, self.addresses(newsletter))
