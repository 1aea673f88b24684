"""Transports: hand messages to an outbox folder or to mail servers, recording each before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from digest.deliver.mime.message import Message
from digest.deliver.outbox import Outbox
from digest.deliver.outcome import ACCEPTED, Outcome
from digest.deliver.result import Record, Result
from digest.deliver.smtp.send import Interrupted, Relay, send
from digest.errors import DigestError
from digest.gc_pause import paused_collection
from digest.services.deliver.send_options import LEASE
from digest.settings import Settings, SmtpSettings

#: Files that are written between two commits of the outbox.
OUTBOX_BATCH: Final = 200


def relay(server: SmtpSettings, settings: Settings) -> Relay:
    """Return a relay as the settings describe it."""
    return Relay(
        host=server.host,
        port=server.port,
        security=server.security,
        username=server.username,
        password=server.password.get_secret_value(),
        token_command=server.token_command,
        ca_file=server.ca_file,
        hello=server.hello or urlsplit(settings.site.base_url).hostname or "localhost.localdomain",
        connections=server.connections,
        pipeline=server.pipeline,
        chunking=server.chunking,
        messages_per_connection=server.messages_per_connection,
        per_domain=server.per_domain,
        domain_rate=server.domain_rate,
        rate=server.rate,
        timeout=server.timeout.total_seconds(),
        weight=server.weight,
    )


class OutboxTransport:
    """Writes messages as files. In batches, the intent is recorded, the files are written, the results are recorded.

    Writing is idempotent (an existing file stays), so a crash in between loses and duplicates nothing.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox

    def __call__(
        self, messages: Iterable[Message], record: Record, should_stop: Callable[[], bool]
    ) -> tuple[str, Outcome | None]:
        """See `send_options.Transport`. Raises DigestError when the folder cannot be written."""
        batch: list[Message] = []
        for message in messages:
            batch.append(message)
            if len(batch) >= OUTBOX_BATCH:
                self._write(batch, record)
                batch = []
            if should_stop():
                break
        self._write(batch, record)
        return "", None

    def _write(self, batch: Sequence[Message], record: Record) -> None:
        unwanted = record((), batch)
        going = [message for message in batch if message.subscriber_id not in unwanted]
        done: list[Result] = []
        try:
            for message, _ in self.outbox.write(going):
                done.append(Result(message, ACCEPTED))
        except OSError as error:
            back = Outcome("planned", f"the outbox could not be written: {error.strerror}", "line", "line")
            record([*done, *(Result(message, back) for message in going[len(done) :])], ())
            raise DigestError(
                f"outbox {self.outbox.folder}: cannot be written ({error.strerror})", "make room"
            ) from error
        record(done, ())


class SmtpTransport:
    """Sends messages to mail servers. `lease` is the time that claims always have left: see `send_options.LEASE`."""

    def __init__(self, relays: Sequence[Relay], lease: timedelta = LEASE * 3 / 4) -> None:
        self.relays = relays
        self.lease = lease.total_seconds()

    def __call__(
        self, messages: Iterable[Message], record: Record, should_stop: Callable[[], bool]
    ) -> tuple[str, Outcome | None]:
        """See `send_options.Transport`."""
        try:
            with paused_collection():
                report = send(messages, self.relays, record, lease=self.lease, should_stop=should_stop)
        except Interrupted as error:
            with suppress(DigestError):  # where the store is back by now, no message stays in doubt
                record(error.results, ())
            if isinstance(error.__cause__, DigestError):
                raise error.__cause__ from error
            raise
        return report.stopped, report.fault
