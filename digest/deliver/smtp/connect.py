"""Opening a connection to a mail server: smtplib connects, greets, starts TLS and signs in; we keep the socket."""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digest.deliver.outcome import Phase
from digest.deliver.reply import Reply


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server that accepts our mail, and the limits of its use.

    `timeout` (seconds) applies to connecting and to each command; `weight` is its share of the messages among several
    relays. `pipeline` is how many messages a connection may have recorded as handed over and without a result: after a
    crash at most connections * pipeline are in doubt. `hello` is our name in EHLO. `per_domain` bounds the messages
    for one recipient domain that are in flight at once, `domain_rate` and `rate` are messages a second; 0 is no bound.
    """

    host: str
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    hello: str = "localhost.localdomain"
    connections: int = 8
    messages_per_connection: int = 1000
    per_domain: int = 0
    domain_rate: float = 0.0
    rate: float = 0.0
    timeout: float = 60.0
    answer_timeout: float = 600.0  # after the final dot, RFC 5321 4.5.3.2.6
    pause: float = 1.0  # before the second attempt to connect; it doubles with each
    weight: float = 1.0
    pipeline: int = 8
    pipelining: bool = True  # use PIPELINING where offered
    chunking: bool = True  # use CHUNKING where offered, together with PIPELINING


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that is ready for MAIL. The socket does not block."""

    sock: socket.socket
    pipelining: bool
    smtputf8: bool
    size_limit: int
    chunking: bool = False


class ConnectError(Exception):
    """No connection. `reply` says at which step and why; after a code of 500 or more another attempt is pointless."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def open_connection(relay: Relay) -> Opened:
    """Connect, greet, start TLS and sign in. Blocks at most a few times `relay.timeout`. Raises ConnectError."""
    phase: Phase = "connect"
    client: smtplib.SMTP | None = None
    try:
        context = _context(relay)
        if relay.security == "tls":
            phase = "tls"
            client = smtplib.SMTP_SSL(local_hostname=relay.hello, timeout=relay.timeout, context=context)
        else:
            client = smtplib.SMTP(local_hostname=relay.hello, timeout=relay.timeout)
        client._host = relay.host  # type: ignore[attr-defined]  # what starttls() checks the certificate against
        _expect("connect", *client.connect(relay.host, relay.port))
        phase = "connect"
        _hello(client)
        if relay.security == "starttls":
            phase = "tls"
            _start_tls(client, context)
        if relay.username:
            phase = "auth"
            client.login(relay.username, relay.password)
        return _hand_over(client, relay)
    except ConnectError:
        _close(client)
        raise
    except UnicodeError as error:
        _close(client)
        raise ConnectError(
            Reply(phase, 501, "host, hello, username or password: has a character beyond ASCII")
        ) from error
    except (OSError, smtplib.SMTPException) as error:
        _close(client)
        raise ConnectError(_reply(phase, error)) from error


def _context(relay: Relay) -> ssl.SSLContext | None:
    if relay.security == "none":
        return None
    return ssl.create_default_context(cafile=str(relay.ca_file) if relay.ca_file else None)


def _hello(client: smtplib.SMTP) -> None:
    code, text = client.ehlo()
    if code >= 500:
        code, text = client.helo()
    _expect("connect", code, text)


def _start_tls(client: smtplib.SMTP, context: ssl.SSLContext | None) -> None:
    if not client.has_extn("starttls"):
        raise ConnectError(
            Reply("tls", 530, "the server does not offer STARTTLS; set smtp.security if that is intended")
        )
    code, text = client.starttls(context=context)
    _expect("tls", code, text)
    _hello(client)


def _hand_over(client: smtplib.SMTP, relay: Relay) -> Opened:
    sock, features = client.sock, client.esmtp_features
    assert sock is not None
    if client.file is not None:
        client.file.close()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    limit = features.get("size", "").strip()
    return Opened(
        sock,
        relay.pipelining and "pipelining" in features,
        "smtputf8" in features,
        int(limit) if limit.isdecimal() else 0,
        relay.chunking and "chunking" in features,
    )


def _expect(phase: Phase, code: int, text: bytes) -> None:
    if not 200 <= code < 300:
        raise ConnectError(Reply(phase, code if code >= 400 else 0, text.decode("utf-8", "replace")[:400]))


def _reply(phase: Phase, error: Exception) -> Reply:
    if isinstance(error, smtplib.SMTPResponseException):
        raw = error.smtp_error
        text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return Reply(phase, error.smtp_code if error.smtp_code >= 400 else 0, text[:400])
    if isinstance(error, ssl.SSLCertVerificationError):
        return Reply("tls", 554, f"the server's certificate is not valid: {error.verify_message}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Reply(phase, 504, f"{error}")
    system = error.strerror if isinstance(error, OSError) else ""
    return Reply(phase, 0, (system or f"{error}" or type(error).__name__)[:400])


def _close(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()
