"""A real SMTP server for tests, on loopback in a thread of its own, that can misbehave at any moment.

It keeps every message that it accepted (`server.accepted`), so a test compares our records with what happened.

    with SmtpServer(behave=lambda m: Say(450, "later") if m.phase == "rcpt" and m.number == 3 else None) as server:
        send(messages, [server.relay()], ...)
"""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from digest.deliver.smtp.connect import Relay

#: `bdat`: a BDAT line has come without its octets (usually no reply then). `chunk`: the octets of a chunk that is not
#: the last. `content`: a whole message, by DATA or by BDAT.
Phase = Literal["connect", "ehlo", "tls", "auth", "mail", "rcpt", "data", "bdat", "chunk", "content", "rset", "quit"]
#: The extensions of a server that accepts whole windows of messages.
CHUNKING = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING")


@dataclass(frozen=True)
class Moment:
    """The state of the dialogue. `number` counts the moments of this phase over the whole server, from 1."""

    phase: Phase
    number: int
    connection: int
    argument: str = ""


@dataclass(frozen=True)
class Say:
    """A reply in place of the usual one; `then` may hang up, or stop reading. `raw` replaces code and text."""

    code: int = 250
    text: str = ""
    then: Literal["", "drop", "deaf"] = ""
    raw: bytes = b""


@dataclass(frozen=True)
class Drop:
    """Hang up without a reply. `take` first accepts the message (only at 'content')."""

    take: bool = False


@dataclass(frozen=True)
class Silence:
    """Never answer. `take` first accepts the message (only at 'content')."""

    take: bool = False


Act = Say | Drop | Silence
_USUAL: dict[Phase, Say] = {
    "connect": Say(220, "mx.example.test ESMTP"),
    "tls": Say(220, "2.0.0 ready"),
    "auth": Say(235, "2.7.0 welcome"),
    "mail": Say(250, "2.1.0 ok"),
    "rcpt": Say(250, "2.1.5 ok"),
    "data": Say(354, "go ahead"),
    "chunk": Say(250, "2.0.0 so far so good"),
    "content": Say(250, "2.0.0 taken"),
    "rset": Say(250, "2.0.0 ok"),
    "quit": Say(221, "2.0.0 bye"),
}


@dataclass(frozen=True)
class Accepted:
    """A message that the server took responsibility for. `data` is unstuffed, without the final dot."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    connection: int


@dataclass
class SmtpServer:
    """See above. `behave` is called at every moment; None is the usual reply. `delay` (seconds) is the round trip.

    A refused transaction stays open until RSET, so a client without RSET adds to it: servers differ in this, and this
    is the worst case. `knows_bdat` false: it reads the mail as commands, whatever it offers. `yes_to_nobody`: it
    replies 250 to a content for which no recipient is left.
    """

    behave: Callable[[Moment], Act | None] = lambda moment: None
    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    users: Mapping[str, str] = field(default_factory=dict)  # name -> password, or token
    auth_methods: str = "PLAIN"
    delay: float = 0.0
    drop_content_after: int = 0  # octets of a message after which the connection is reset; 0: never
    keep: bool = True
    receive_buffer: int = 0  # octets of the socket's receive buffer; 0: the system's default
    nagle: bool = False  # hold back a reply until the previous one is acknowledged
    knows_bdat: bool = True
    yes_to_nobody: bool = False
    commands: list[str] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    open_most: int = 0
    port: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._transports: set[asyncio.BaseTransport] = set()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        context = self.tls if self.implicit_tls else None
        # asyncio sets TCP_NODELAY on sockets that say they are TCP's.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0 if self.nagle else socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        if self.receive_buffer:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        start = self._loop.create_server(lambda: _Session(self), sock=listener, ssl=context)
        server = self._loop.run_until_complete(start)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()  # until __exit__ stops it
        server.close()
        for transport in list(self._transports):
            transport.close()
        self._loop.run_until_complete(asyncio.sleep(0.01))
        self._loop.close()

    def relay(self, **changes: object) -> Relay:
        """A relay for this server."""
        facts: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "hello": "client.test",
            "pause": 0.05,
        }
        return Relay(**(facts | changes))  # type: ignore[arg-type]

    @property
    def recipients(self) -> list[str]:
        """The recipients of all accepted messages, with repetitions."""
        return [recipient for message in self.accepted for recipient in message.recipients]

    def hang_up(self) -> None:
        """Close all connections now."""
        for transport in list(self._transports):
            self._loop.call_soon_threadsafe(transport.close)


class _Session(asyncio.Protocol):
    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.buffer = b""
        self.sender = ""
        self.recipients: list[str] = []
        self.in_data = self.open = self.silent = self.secure = self.challenged = False
        self.chunk: tuple[int, bool, bool] | None = None  # octets to come, whether the last, whether answered
        self.chunks = b""
        self.transport: asyncio.Transport
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server._transports.add(transport)
        if self.number:
            self.secure = True
            return
        self.server.connections += 1
        self.server.open_now += 1
        self.server.open_most = max(self.server.open_most, self.server.open_now)
        self.number = self.server.connections
        self._act("connect")

    def connection_lost(self, exc: Exception | None) -> None:
        self.server._transports.discard(self.transport)
        self.server.open_now -= 1

    def data_received(self, data: bytes) -> None:
        if self.silent:
            return
        self.buffer += data
        going = True
        while going:
            going = self._step() and not self.silent

    def _step(self) -> bool:
        if self.in_data:
            return self._content()
        if self.chunk:
            return self._chunk(*self.chunk)
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        self._command(line.decode("utf-8", "replace"))
        return not self.transport.is_closing()

    def _too_long(self) -> bool:
        """Hang up in the middle of a message, when configured to."""
        limit = self.server.drop_content_after
        if limit and len(self.buffer) > limit:
            self.silent = True
            self.transport.abort()
        return self.silent

    def _chunk(self, size: int, last: bool, answered: bool) -> bool:
        if self._too_long() or len(self.buffer) < size:
            return False
        self.chunks += self.buffer[:size]
        self.buffer, self.chunk = self.buffer[size:], None
        if not answered:
            if self.server.yes_to_nobody and not self.recipients:
                self._reply(Say(250, "2.0.0 fine"))
            elif not self.open:
                self._reply(Say(503, "5.5.1 MAIL first"))
            elif not self.recipients:
                self._reply(Say(554, "5.5.1 no valid recipients"))
            elif not last:
                self._act("chunk")
            else:
                message = Accepted(self.sender, tuple(self.recipients), self.chunks, self.number)
                if self._act("content", message.sender, message) < 300:
                    self._reset()
        if last:
            self.chunks = b""
        return not self.transport.is_closing()

    def _reset(self) -> None:
        self.sender, self.recipients, self.open, self.chunks = "", [], False, b""

    def _content(self) -> bool:
        if self._too_long():
            return False
        if self.buffer.startswith(b".\r\n"):
            body, rest = b"", self.buffer[3:]
        else:
            body, found, rest = self.buffer.partition(b"\r\n.\r\n")
            if not found:
                return False
            body += b"\r\n"
        self.buffer, self.in_data = rest, False
        message = Accepted(self.sender, tuple(self.recipients), re.sub(rb"(?m)^\.", b"", body), self.number)
        if not self.recipients:
            self._reply(Say(554, "5.5.1 no valid recipients"))
        else:
            self._act("content", message.sender, message)
        self._reset()
        return not self.transport.is_closing()

    def _command(self, line: str) -> None:
        if self.challenged:
            self.challenged = False
            self._act("auth", usual=Say(535, "5.7.8 authentication failed"))
            return
        self.server.commands.append(line)
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        address = (re.search(r"<(.*?)>", argument) or [""])[0].strip("<>")
        if verb in {"EHLO", "HELO"}:
            self._hello(verb)
        elif verb == "STARTTLS":
            self._starttls()
        elif verb == "AUTH":
            self._auth(argument)
        elif verb == "MAIL":
            self._mail(address)
        elif verb == "RCPT":
            said = self._act("rcpt", address) if self.open else self._reply(Say(503, "5.5.1 MAIL first"))
            if said < 300:
                self.recipients.append(address)
        elif verb == "DATA":
            self._data()
        elif verb == "BDAT" and self.server.knows_bdat:
            self._bdat(argument)
        elif verb == "RSET":
            self._reset()
            self._act("rset")
        elif verb == "QUIT":
            self._act("quit")
            self.transport.close()
        else:
            self._reply(Say(500, "5.5.2 what?"))

    def _hello(self, verb: str) -> None:
        names = [n for n in self.server.extensions if verb == "EHLO"]
        if self.server.tls and not self.secure and not self.server.implicit_tls:
            names.append("STARTTLS")
        if self.server.users:
            names.append(f"AUTH {self.server.auth_methods}")
        lines = ["mx.example.test", *names]
        usual = b"".join(
            f"250{'-' if at + 1 < len(lines) else ' '}{name}\r\n".encode() for at, name in enumerate(lines)
        )
        self._act("ehlo", usual=Say(raw=usual))

    def _starttls(self) -> None:
        if self._act("tls") == 220 and self.server.tls:
            task = self.server._loop.create_task(self._upgrade(self.server.tls))
            task.add_done_callback(_forget)

    async def _upgrade(self, context: ssl.SSLContext) -> None:
        transport = await self.server._loop.start_tls(self.transport, self, context, server_side=True)
        assert transport is not None
        self.server._transports.discard(self.transport)
        self.transport, self.secure = transport, True
        self.server._transports.add(transport)

    def _auth(self, argument: str) -> None:
        method, _, response = argument.partition(" ")
        text = base64.b64decode(response).decode()
        if method.upper() in {"XOAUTH2", "OAUTHBEARER"}:
            name = (re.search("(?:user|a)=([^\x01,]*)", text) or ["", ""])[1]
            secret = (re.search("auth=Bearer ([^\x01]*)\x01", text) or ["", ""])[1]
        else:
            _, name, secret = text.split("\0", 2)
        good = method.upper() in self.server.auth_methods.split() and self.server.users.get(name) == secret
        if not good and method.upper() == "XOAUTH2":  # the reason first, and the refusal when the client has answered
            self.challenged = True
            self._reply(Say(334, base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode()))
            return
        self._act("auth", name, usual=_USUAL["auth"] if good else Say(535, "5.7.8 authentication failed"))

    def _mail(self, address: str) -> None:
        if self.open:
            self._reply(Say(503, "5.5.1 nested MAIL"))
        elif self._act("mail", address) < 300:
            self.sender, self.open = address, True

    def _data(self) -> None:
        if not self.recipients:
            self._reply(Say(503, "5.5.1 no valid recipients"))
        elif self._act("data") == 354:
            self.in_data = True

    def _bdat(self, argument: str) -> None:
        size, _, last = argument.partition(" ")
        before = self._act("bdat", argument, usual=Say(0, raw=b""))
        self.chunk = int(size), last.upper() == "LAST", before != 0

    def _act(self, phase: Phase, argument: str = "", message: Accepted | None = None, usual: Say | None = None) -> int:
        """Call `behave` and act on it. Returns the code of the reply, 599 without one."""
        self.server.seen[phase] += 1
        act = self.server.behave(Moment(phase, self.server.seen[phase], self.number, argument))
        act = act or usual or _USUAL[phase]
        taken = act.code < 300 if isinstance(act, Say) else act.take
        if message and taken:
            kept = (
                message if self.server.keep else Accepted(message.sender, message.recipients, b"", message.connection)
            )
            self.server.accepted.append(kept)
        if isinstance(act, Say):
            return self._reply(act)
        self.silent = True
        if isinstance(act, Drop):
            self.transport.close()
        return 599

    def _reply(self, say: Say) -> int:
        data = say.raw or (f"{say.code} {say.text}\r\n".encode() if say.code else b"")
        if self.server.delay:
            self.server._loop.call_later(self.server.delay, self._write, data, say.then)
        else:
            self._write(data, say.then)
        return say.code

    def _write(self, data: bytes, then: str) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)
            if then == "drop":
                self.silent = True
                self.transport.close()
            elif then == "deaf":
                self.silent = True
                self.transport.pause_reading()


def _forget(task: asyncio.Task[None]) -> None:
    """Ignore the error of a client that left in the middle of a handshake."""
    if not task.cancelled():
        task.exception()


def self_signed(folder: Path, name: str = "127.0.0.1", days_left: int = 2) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context and the certificate file that a client must trust to believe it."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days_left))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(
        pem
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "ca.pem").write_bytes(pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context, folder / "ca.pem"
