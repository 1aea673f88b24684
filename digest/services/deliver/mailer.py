"""Mailer: hands messages to the outbox or the relays of the settings, also test copies and notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from digest.compose.edition import Edition
from digest.deliver.delivery import Delivery
from digest.deliver.mime.message import Message, Recipient
from digest.deliver.outbox import Outbox
from digest.deliver.result import Result
from digest.errors import Deferred, Finding, Refused
from digest.services.context import Context, Progress, silent
from digest.services.deliver.messages import Messages
from digest.services.deliver.send_options import Transport
from digest.services.deliver.transports import OutboxTransport, SmtpTransport, relay

if TYPE_CHECKING:
    from digest.deliver.mime.notification import Notification

#: Seconds that a server may take for a test copy or a notice; nothing else waits for them.
PATIENCE: Final = 30.0


class Mailer:
    """The transports of the settings and what is handed to them."""

    def __init__(self, context: Context, messages: Messages) -> None:
        self._settings, self._messages = context.settings, messages

    def transport(self, patience: float = 0.0) -> Transport:
        """Return the outbox or the relays; `patience` seconds bound each wait for a server, 0 means no bound."""
        if self._settings.deliver.transport == "outbox":
            return OutboxTransport(Outbox(self._settings.deliver.outbox))
        relays = [relay(server, self._settings) for server in self._settings.servers]
        if patience:
            relays = [replace(one, timeout=min(one.timeout, patience), answer_timeout=patience) for one in relays]
        return SmtpTransport(relays)

    def write(self, edition: Edition, deliveries: Iterable[Delivery], folder: Path, progress: Progress = silent) -> int:
        """Write the messages of planned deliveries as files; return how many."""
        factories = self._messages.factories(edition)
        planned = [delivery for delivery in deliveries if delivery.state == "planned"]
        messages = (factories(d.variant).fill(Recipient(d.subscriber_id, d.address)) for d in planned)
        written = 0
        for written, _ in enumerate(Outbox(folder).write(messages), 1):
            progress("messages", written, len(planned))
        return written

    def send_test(self, edition: Edition, address: str) -> Sequence[Finding]:
        """Send one copy of an edition to one address, unrecorded; return what forbids sending it to readers.

        Raises SendError when it is not taken.
        """
        message, problems = self._messages.test_copy(edition, address)
        self._hand_over([message])
        return problems

    def send_notice(self, notice: Notification, addresses: Sequence[str]) -> None:
        """Send a plain notice to editors, unrecorded. Raises SendError when one of them is not taken."""
        self._hand_over(self._messages.notices(notice, addresses))

    def _hand_over(self, messages: Sequence[Message]) -> None:
        """Send messages that no delivery records. Raises Refused or Deferred unless all are taken."""
        results: list[Result] = []
        end = monotonic() + PATIENCE

        def record(new: Sequence[Result], intents: Sequence[Message]) -> Collection[int]:
            results.extend(new)
            return ()

        stopped, _ = self.transport(PATIENCE)(messages, record, lambda: monotonic() > end)
        failed = next((result for result in results if result.outcome.state != "accepted"), None)
        if failed is not None and not stopped:
            outcome = failed.outcome
            kind = Refused if outcome.state == "refused" else Deferred
            raise kind(outcome.code, outcome.reason, failed.message.envelope_recipient)
        if failed is not None or len(results) < len(messages):
            reason = stopped or f"no server took it within {PATIENCE:.0f} s"
            raise Deferred(0, reason, remedy="'digest check' tests the mail servers")
