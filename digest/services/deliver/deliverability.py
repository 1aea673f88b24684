"""Deliverability: do our mail servers take mail, does DNS authorise the senders, do the signing keys work?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from digest.errors import Finding, SettingsError
from digest.services.context import Context
from digest.services.deliver.messages import Messages
from digest.services.deliver.transports import relay
from digest.settings import SmtpSettings

if TYPE_CHECKING:
    from digest.deliver.mime.dkim import Signer

#: Domains that RFC 2606 and RFC 6761 keep for examples and tests.
RESERVED: Final = ("example", "example.org", "example.com", "example.net", "test", "invalid", "localhost")


class Deliverability:
    """Checks of everything between us and the inbox that settings and DNS decide."""

    def __init__(self, context: Context, messages: Messages) -> None:
        self._settings, self._messages = context.settings, messages

    def servers(self) -> Iterator[Finding]:
        """Connect to each mail server and sign in, sending nothing."""
        for server in self._settings.servers:
            yield self._server(server)

    def _server(self, server: SmtpSettings) -> Finding:
        from digest.deliver.smtp.connect import ConnectError, open_connection

        name = f"{server.host}:{server.port}"
        if server.ca_file is not None and not server.ca_file.is_file():
            problem = f"{name}: ca_file {server.ca_file} is not there"
            return Finding("smtp", problem, "name a file with the server's certificate, or none")
        try:
            opened = open_connection(relay(server, self._settings))
        except ConnectError as error:
            return Finding("smtp", f"{name}: {error}", "see [smtp] in settings.toml")
        opened.quit()
        features = [name for name, has in (("PIPELINING", opened.pipelining), ("SMTPUTF8", opened.smtputf8)) if has]
        words = [
            "answers",
            *(["signs us in"] if server.username or server.token_command else []),
            *(features or ["plain"]),
        ]
        return Finding("smtp", f"{name}: {', '.join(words)}", severity="ok")

    def keys(self) -> Iterator[Finding]:
        """Load the keys of `[dkim.*]`: with one that cannot be used nothing is sent."""
        try:
            signer = self._messages.signer
        except SettingsError as error:
            yield Finding("dkim", error.message, error.remedy or "see [dkim] in settings.toml")
            return
        for key in signer.keys if signer else ():
            yield Finding("dkim", f"{key.record_name}: signs every message", severity="ok")

    def domains(self) -> Iterator[Finding]:
        """Compare what DNS says of each sending domain with the settings."""
        from digest.deliver.domain.dns import look_up
        from digest.deliver.domain.findings import SenderDomain, judge

        signer = self._usable_signer()
        keys = {key.record_name.lower(): key.record for key in signer.keys} if signer else {}
        envelope = self._messages.return_path.domain.lower()
        newsletters = self._settings.newsletters.values()
        host = self._settings.smtp.host
        for sender in sorted({newsletter.sender.address.rpartition("@")[2].lower() for newsletter in newsletters}):
            if any(sender == name or sender.endswith("." + name) for name in RESERVED):
                remedy = "set newsletters' sender and site.mailbox to addresses of your own domain"
                yield Finding("dns", f"{sender} is a name for examples: no mail of it will be taken", remedy)
                continue
            domain = SenderDomain(sender, envelope, keys, host if "." in host and not host.startswith("127.") else "")
            yield from judge(domain, look_up(domain, self._settings.deliver.name_servers))

    def _usable_signer(self) -> Signer | None:
        """Return the signer; None when there is none or `keys` reports it."""
        try:
            return self._messages.signer
        except SettingsError:
            return None
