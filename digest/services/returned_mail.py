"""Postbox: what comes back from mails: returned mail by pipe or mailbox, complaints and webhooks of mail services."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from digest.errors import SettingsError

if TYPE_CHECKING:
    from digest.bootstrap import House
    from digest.deliver.inbound.imap import Mailbox
    from digest.deliver.inbound.webhook import Vendor


class Postbox:
    """Takes in what is proven to be about our mail; everything else changes nothing."""

    def __init__(self, house: House) -> None:
        self.house = house

    def take(self, mail: bytes, arrived_at: str = "") -> str:
        """Take in one returned mail; what it did: 'ignored' for whatever proves nothing."""
        from digest.deliver.inbound.dsn import Ignored, read_notice
        from digest.services.record_bounce import take

        notice = read_notice(mail, self.house.mailroom.return_path, self.house.mailroom.links, arrived_at)
        return "ignored" if isinstance(notice, Ignored) else take(self.house.store, notice, self.house.clock()).effect

    def poll(self) -> Counter[str]:
        """Read the bounce mailbox once; how many mails did what. Raises MailboxError or SettingsError."""
        from digest.deliver.inbound.imap import poll

        counts: Counter[str] = Counter()

        def handle(mail: bytes) -> bool:
            effect = self.take(mail)
            counts[effect] += 1
            return effect != "ignored"

        poll(self._mailbox(), handle)
        return counts

    def waiting(self) -> int:
        """How many mails wait in the bounce mailbox; none is read. Raises MailboxError or SettingsError."""
        from digest.deliver.inbound.imap import waiting

        return waiting(self._mailbox())

    def _mailbox(self) -> Mailbox:
        from digest.deliver.inbound.imap import Mailbox

        asked = self.house.settings.bounces
        if not asked.host:
            raise SettingsError("bounces.host: empty; name the mail server whose mailbox gets returned mail")
        return Mailbox(
            asked.host,
            asked.username,
            asked.password.get_secret_value(),
            port=asked.port,
            folder=asked.folder,
            security=asked.security,
            ca_file=asked.ca_file,
        )

    def webhook(self, vendor: Vendor, body: bytes, headers: Mapping[str, str], secret: str) -> int:
        """Take in what a mail service tells; how many notices changed something.

        Raises Untrusted for what proves nothing, ValueError for what is not that service's.
        """
        from digest.collect.http.fetch import fetch_one
        from digest.deliver.inbound.webhook import Trust, read_webhook
        from digest.services.record_bounce import take

        asked, now = self.house.settings.bounces, self.house.clock()
        trust = Trust(
            asked.webhook_secret.get_secret_value(), asked.ses_topics, lambda url: fetch_one(url, self.house.http).body
        )
        told = read_webhook(vendor, body, headers, trust, secret=secret, now=now.timestamp())
        if told.confirm:
            fetch_one(told.confirm, self.house.http)
        effects = [take(self.house.store, notice, now).effect for notice in told.notices]
        return sum(effect not in ("unknown", "repeated") for effect in effects)
