"""Connection: a socket and its session: reading, scattered writing, and closing in good order."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable

from digest.deliver.smtp.bdat import BdatSession
from digest.deliver.smtp.connect import Opened
from digest.deliver.smtp.data import DataSession
from digest.deliver.smtp.server import Server

GOODBYE_TIME = 1.0  # seconds for QUIT and its replies on all connections
_TLS_RECORD = 16_384  # one SSL_write is then one record, which leaves whole or not at all
_TLS_JOIN = 262_144  # octets to join before they are cut into records
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
_PIECES = 1000  # of a scattered write; Linux accepts 1024


class Connection:
    """A socket and its session.

    `job_count` counts the jobs on it, `uncommitted` the results that are not recorded yet, `quota` the messages that it
    may still be given.
    """

    def __init__(self, server: Server, opened: Opened, now: float) -> None:
        self.server = server
        self.sock = opened.sock
        self.session: DataSession | BdatSession
        if opened.pipelining and opened.chunking and server.chunking:
            self.session = BdatSession(opened.smtputf8, opened.size_limit)
        else:
            self.session = DataSession(opened.smtputf8, opened.size_limit, pipelining=opened.pipelining)
        self.depth, self.refill_at = server.depth, max(server.depth // 4, min(server.depth // 2, 2))
        self.uncommitted_limit = max(1, server.depth - 1)
        self.job_count = self.uncommitted = 0
        self.quota = server.relay.messages_per_connection
        self.last_progress = now  # when octets last moved
        self.writing = False  # the socket's buffer is full
        self.closed = False
        self._tls = isinstance(opened.sock, ssl.SSLSocket)
        #: Returns what came, b"" when the server closed. Raises OSError, BlockingIOError when nothing came.
        self.read: Callable[[int], bytes] = self._read_tls if self._tls else opened.sock.recv
        if isinstance(self.session, BdatSession) and _QUICKACK is not None:
            self._receive, self.read = self.read, self._read_and_acknowledge

    @property
    def time_limit(self) -> float:
        """Seconds of silence after which the connection counts as lost, in its present state."""
        relay = self.server.relay
        return relay.answer_timeout if self.session.awaits_verdict else relay.timeout

    @property
    def room(self) -> int:
        """How many messages it may be given now."""
        return min(self.depth - self.job_count, self.quota)

    @property
    def full(self) -> bool:
        """True until its jobs fall below a part of its depth, so that one commit serves many messages."""
        return self.job_count > self.refill_at or not self.session.accepts_job

    def _read_and_acknowledge(self, size: int) -> bytes:
        """Read, and send the TCP acknowledgement at once.

        A server writes its replies to a window one by one, and we send nothing meanwhile that would carry the
        acknowledgement. Where the server does not set TCP_NODELAY, each reply would wait 40 ms for that of the one
        before.
        """
        data = self._receive(size)
        with contextlib.suppress(OSError):  # the connection may be over; the data still counts
            self.sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK or 0, 1)
        return data

    def _read_tls(self, size: int) -> bytes:
        """Read all that is decrypted already: the selector does not report it."""
        data = b""
        try:
            while part := self.sock.recv(size):
                data += part
            return data
        except ssl.SSLWantReadError:
            if data:
                return data
            raise BlockingIOError from None

    def write(self) -> bool:
        """Write the session's outgoing bytes; True when all of them left. Raises OSError."""
        session = self.session
        try:
            while session.out:
                if self._tls:
                    session.out = _records(session.out)
                    sent = self.sock.send(session.out[0])
                elif len(session.out) <= _PIECES:
                    sent = self.sock.sendmsg(session.out)
                    if sent == session.queued - session.written:
                        session.written += sent
                        session.out.clear()
                        return True
                else:
                    sent = self.sock.sendmsg(session.out[:_PIECES])
                session.written += sent
                _drop_sent(session.out, sent)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False
        return True

    def close(self) -> None:
        """Close at once."""
        self.closed = True
        self.sock.close()

    @property
    def in_order(self) -> bool:
        """True when QUIT may follow what was written: no message is in flight."""
        return not self.closed and not self.session.out and self.session.finished

    def send_quit(self) -> None:
        """Send QUIT. Errors are ignored: every reply that counts has come."""
        if self.in_order:
            with contextlib.suppress(OSError):
                self.sock.settimeout(GOODBYE_TIME)
                self.sock.sendall(b"QUIT\r\n")

    def close_after_reply(self, until: float, clock: Callable[[], float]) -> None:
        """Close after the server's reply to QUIT, if that comes in time."""
        if self.in_order:
            with contextlib.suppress(OSError):
                replies = b""
                while b"221" not in replies:
                    self.sock.settimeout(max(0.001, until - clock()))
                    if not (data := self.sock.recv(512)):
                        break
                    replies += data
        self.close()


def _records(parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """The same octets with the first of them in views of one TLS record each; unchanged while the first is one."""
    if isinstance(parts[0], memoryview):
        return parts
    size = count = 0
    while count < len(parts) and size < _TLS_JOIN:
        size += len(parts[count])
        count += 1
    view = memoryview(b"".join(parts[:count]))
    return [*(view[at : at + _TLS_RECORD] for at in range(0, size, _TLS_RECORD)), *parts[count:]]


def _drop_sent(parts: list[bytes | memoryview], sent: int) -> None:
    """Remove that many bytes from the front."""
    whole = 0
    for part in parts:
        if sent < len(part):
            break
        sent -= len(part)
        whole += 1
    del parts[:whole]
    if sent:
        parts[0] = memoryview(parts[0])[sent:]
