"""Opening a connection to a mail server: smtplib connects, greets, starts TLS and signs in; we keep the socket."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digest.deliver.outcome import Phase
from digest.deliver.reply import Reply
from digest.deliver.smtp.auth import AuthError, sign_in


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
    token_command: str = ""  # prints an OAuth 2 access token, to sign in with it instead of a password
    ca_file: Path | None = None
    hello: str = "localhost.localdomain"
    connections: int = 8
    messages_per_connection: int = 1000
    per_domain: int = 0
    domain_rate: float = 0.0
    rate: float = 0.0
    timeout: float = 60.0
    answer_timeout: float = 600.0  # after the final dot, RFC 5321 4.5.3.2.6
    connect_timeout: float = 10.0  # for the TCP connection alone
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

    def quit(self) -> None:
        """Close an unused connection in good order."""
        with suppress(OSError):
            self.sock.settimeout(1.0)
            self.sock.sendall(b"QUIT\r\n")
            self.sock.recv(512)
        self.sock.close()


class ConnectError(Exception):
    """No connection. `reply` says at which step and why; after a code of 500 or more another attempt is pointless."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply))
        self.reply = reply


def open_connection(relay: Relay) -> Opened:
    """Connect, greet, start TLS and sign in. Blocks at most a few times `relay.timeout`. Raises ConnectError."""
    phase: Phase = "connect"
    client: _Client | None = None
    try:
        context = _context(relay)
        if relay.security == "tls":
            phase = "tls"
            client = _TlsClient(local_hostname=relay.hello, timeout=relay.timeout, context=context)
        else:
            client = _Client(local_hostname=relay.hello, timeout=relay.timeout)
        client.connect_timeout = min(relay.timeout, relay.connect_timeout)
        client._host = relay.host  # type: ignore[attr-defined]  # what starttls() checks the certificate against
        _expect("connect", *client.connect(relay.host, relay.port))
        phase = "connect"
        _hello(client)
        if relay.security == "starttls":
            phase = "tls"
            _start_tls(client, context)
        if relay.username or relay.token_command:
            phase = "auth"
            sign_in(client, relay.username, relay.password, relay.token_command)
        return _hand_over(client, relay)
    except ConnectError:
        _quit(client)
        raise
    except AuthError as error:
        _quit(client)
        raise ConnectError(Reply("auth", error.code, str(error))) from error
    except UnicodeError as error:
        _quit(client)
        reply = Reply(phase, 501, "host, hello, username or password: has a character beyond ASCII")
        raise ConnectError(reply) from error
    except (OSError, smtplib.SMTPException) as error:
        if isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code != 421:
            _quit(client)
        _close(client)
        raise ConnectError(_reply(phase, error)) from error


class _Client(smtplib.SMTP):
    """Limits the time for the TCP connection alone: a dead host is noticed long before a slow one is given up."""

    connect_timeout = 10.0

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = socket.create_connection((host, port), min(timeout, self.connect_timeout))
        sock.settimeout(timeout)
        return sock


class _TlsClient(smtplib.SMTP_SSL, _Client):
    """The same with TLS from the start."""


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


def _quit(client: smtplib.SMTP | None) -> None:
    """Close in good order (RFC 5321 4.1.1.10): the server answers, and we are the ones who do not go on."""
    if client is not None and client.sock is not None:
        with suppress(OSError, smtplib.SMTPException):
            client.sock.settimeout(1.0)
            client.docmd("QUIT")
    _close(client)


def _close(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()
