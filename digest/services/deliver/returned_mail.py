"""Returned mail: bounces by pipe or mailbox, and the complaints and webhooks of mail services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from digest.errors import SettingsError
from digest.services.collect.fetcher import Fetcher
from digest.services.context import Context
from digest.services.deliver.messages import Messages
from digest.services.deliver.record_bounce import record

if TYPE_CHECKING:
    from digest.deliver.inbound.imap import Mailbox
    from digest.deliver.inbound.webhook import Vendor

#: The effects of notices that changed nothing.
UNCHANGED: Final = frozenset(("ignored", "unknown", "repeated"))


class ReturnedMail:
    """Takes in whatever proves to be about our mail; everything else changes nothing."""

    def __init__(self, context: Context, messages: Messages, fetcher: Fetcher) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._messages, self._fetcher = messages, fetcher

    def ingest(self, mail: bytes, arrived_at: str = "") -> str:
        """Record one returned mail; return its effect, 'ignored' when it proves nothing."""
        from digest.deliver.inbound.dsn import IgnoredMail, read_notice

        notice = read_notice(mail, self._messages.return_path, self._messages.links, arrived_at)
        return "ignored" if isinstance(notice, IgnoredMail) else record(self._store, notice, self._clock()).effect

    def poll(self) -> Counter[str]:
        """Read the bounce mailbox once; return the number of mails by effect. Raises MailboxError or SettingsError."""
        from digest.deliver.inbound.imap import poll

        counts: Counter[str] = Counter()

        def handle(mail: bytes) -> bool:
            effect = self.ingest(mail)
            counts[effect] += 1
            return effect != "ignored"

        poll(self._mailbox(), handle)
        return counts

    def waiting(self) -> int:
        """Return how many mails wait in the bounce mailbox, reading none. Raises MailboxError or SettingsError."""
        from digest.deliver.inbound.imap import count_mails

        return count_mails(self._mailbox())

    def _mailbox(self) -> Mailbox:
        from digest.deliver.inbound.imap import Mailbox

        settings = self._settings.bounces
        if not settings.host:
            raise SettingsError("bounces.host: empty", remedy="name the mail server whose mailbox gets returned mail")
        return Mailbox(
            settings.host,
            settings.username,
            settings.password.get_secret_value(),
            port=settings.port,
            token_command=settings.token_command,
            folder=settings.folder,
            security=settings.security,
            ca_file=settings.ca_file,
        )

    def webhook(self, vendor: Vendor, body: bytes, headers: Mapping[str, str], secret: str) -> int:
        """Take in a webhook of a mail service; return how many notices changed something.

        Raises Untrusted for what proves nothing, ValueError for what is not that service's.
        """
        from digest.deliver.inbound.webhook import Trust, read_webhook

        settings, now = self._settings.bounces, self._clock()
        trust = Trust(
            settings.webhook_secret.get_secret_value(), settings.ses_topics, lambda url: self._fetcher.page(url).body
        )
        event = read_webhook(vendor, body, headers, trust, secret=secret, now=now.timestamp())
        if event.confirm:
            self._fetcher.page(event.confirm)
        effects = [record(self._store, notice, now).effect for notice in event.notices]
        return sum(effect not in UNCHANGED for effect in effects)
