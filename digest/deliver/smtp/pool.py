"""The connections of a run: dialled in the background, given up with growing pauses, shared out by weight."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Sequence

from digest.deliver.reply import Outcome, Reply, outcome
from digest.deliver.smtp.bdat import Window
from digest.deliver.smtp.connect import NotOpened, Opened, Relay, open_connection
from digest.deliver.smtp.data import Line
from digest.deliver.smtp.rate_limit import Pace

_LONGEST_PAUSE = 60.0  # seconds between two tries to reach a server
_LEAVE = 1.0  # seconds for all goodbyes
_TLS_RECORD = 16_384  # one SSL_write is then one record: it left as a whole, or not at all
_TLS_AT_ONCE = 262_144  # octets to join before they are cut into records
_AT_ONCE: int | None = getattr(socket, "TCP_QUICKACK", None)
_PIECES = 1000  # of a scattered write; Linux takes 1024


class Server:
    """A relay in this run: how it fares, how much it was given."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.depth = relay.pipeline  # intents that each of its connections may have on record without a result
        self.chunking = True  # false: it offered BDAT and does not know it
        self.name = f"{relay.host}:{relay.port}"
        self.pace = Pace(relay.rate, relay.per_domain, relay.domain_rate)
        self.paced = bool(relay.rate or relay.per_domain or relay.domain_rate)
        self.wanted = relay.connections
        self.live = self.dialling = self.failures = 0
        self.given = 0.0  # messages, for the share
        self.next_dial = 0.0
        self.fault: Outcome | None = None  # set: it is of no more use in this run
        self.last_word = ""

    @property
    def share(self) -> float:
        """What it was given, by its weight."""
        return self.given / self.relay.weight


class Connection:
    """A socket and its Line or Window. `held` counts jobs on it, `unsettled` results that are not yet on record,
    `left` the messages it may still be given.
    """

    def __init__(self, server: Server, opened: Opened, now: float) -> None:
        self.server = server
        self.sock = opened.sock
        self.line: Line | Window
        if opened.pipelining and opened.chunking and server.chunking:
            self.line = Window(opened.smtputf8, opened.size_limit)
        else:
            self.line = Line(opened.smtputf8, opened.size_limit, pipelining=opened.pipelining)
        self.depth, self.refill_at = server.depth, max(server.depth // 4, min(server.depth // 2, 2))
        self.unsettled_limit = max(1, server.depth - 1)
        self.held = self.unsettled = 0
        self.left = server.relay.messages_per_connection
        self.progress = now  # when something last moved
        self.writing = False  # the socket is full
        self.closed = False
        self._tls = isinstance(opened.sock, ssl.SSLSocket)
        #: What came; b"" when the server hung up. Raises OSError, BlockingIOError when nothing came.
        self.read: Callable[[int], bytes] = self._read_tls if self._tls else opened.sock.recv
        if isinstance(self.line, Window) and _AT_ONCE is not None:
            self._hear, self.read = self.read, self._read_and_say_so

    @property
    def time_limit(self) -> float:
        """Seconds of silence that are too many just now."""
        relay = self.server.relay
        return relay.answer_timeout if self.line.owed else relay.timeout

    @property
    def room(self) -> int:
        """How many messages it may be given now."""
        return min(self.depth - self.held, self.left)

    @property
    def full(self) -> bool:
        """True while it has as much as it should: a part of what it may, so that one commit serves many messages."""
        return self.held > self.refill_at or not self.line.roomy

    def _read_and_say_so(self, size: int) -> bytes:
        """Read, and acknowledge at once.

        A server writes its answers to a window one by one, and we have nothing to send meanwhile that would carry the
        acknowledgement. Where it does not set TCP_NODELAY, each answer would wait 40 ms for that of the one before.
        """
        data = self._hear(size)
        with contextlib.suppress(OSError):  # the connection may be over; what it said last is not
            self.sock.setsockopt(socket.IPPROTO_TCP, _AT_ONCE or 0, 1)
        return data

    def _read_tls(self, size: int) -> bytes:
        """All that is decrypted already: nobody would tell us that there is more."""
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
        """Write what the line has queued; True when all of it left. Raises OSError."""
        line = self.line
        try:
            while line.out:
                if self._tls:
                    line.out = _records(line.out)
                    sent = self.sock.send(line.out[0])
                elif len(line.out) <= _PIECES:
                    sent = self.sock.sendmsg(line.out)
                    if sent == line.queued - line.written:
                        line.written += sent
                        line.out.clear()
                        return True
                else:
                    sent = self.sock.sendmsg(line.out[:_PIECES])
                line.written += sent
                _drop(line.out, sent)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False
        return True

    def close(self) -> None:
        """Close at once."""
        self.closed = True
        self.sock.close()

    def say_quit(self) -> None:
        """Take leave. Whatever goes wrong now means nothing: every answer that counts is in."""
        if self.line.idle:
            with contextlib.suppress(OSError):
                self.sock.settimeout(_LEAVE)
                self.sock.sendall(b"QUIT\r\n")

    def leave(self, until: float, clock: Callable[[], float]) -> None:
        """Close, after the server's goodbye if that comes in time."""
        if self.line.idle:
            with contextlib.suppress(OSError):
                self.sock.settimeout(max(0.001, until - clock()))
                self.sock.recv(512)
        self.close()


def _records(parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """The same octets, the first of them in views of a record each; unchanged while the first is one already."""
    if isinstance(parts[0], memoryview):
        return parts
    size = count = 0
    while count < len(parts) and size < _TLS_AT_ONCE:
        size += len(parts[count])
        count += 1
    view = memoryview(b"".join(parts[:count]))
    return [*(view[at : at + _TLS_RECORD] for at in range(0, size, _TLS_RECORD)), *parts[count:]]


def _drop(parts: list[bytes | memoryview], sent: int) -> None:
    """Take that many bytes off the front."""
    whole = 0
    for part in parts:
        if sent < len(part):
            break
        sent -= len(part)
        whole += 1
    del parts[:whole]
    if sent:
        parts[0] = memoryview(parts[0])[sent:]


class Pool:
    """All connections of a run. `wake` becomes readable when a dial has ended; then call `arrivals`."""

    def __init__(self, relays: Sequence[Relay], patience: float, clock: Callable[[], float]) -> None:
        self.servers = [Server(relay) for relay in relays]
        self.connections: list[Connection] = []
        self.wake, self._waker = socket.socketpair()
        self.wake.setblocking(False)
        self._patience, self._clock = patience, clock
        self._dark_since = clock()
        self._ended: queue.SimpleQueue[tuple[Server, Opened | NotOpened]] = queue.SimpleQueue()

    def dial(self, jobs: int) -> None:
        """Open connections until there is one for each of that many jobs, or each server has what it may have."""
        now = self._clock()
        under_way = sum(server.live + server.dialling for server in self.servers)
        for server in self.servers:
            if server.fault or now < server.next_dial:
                continue
            # After a failure one connection feels the way; the others follow when it is through.
            limit = server.wanted if not server.failures else 1
            while server.live + server.dialling < limit and under_way < jobs:
                server.dialling += 1
                under_way += 1
                threading.Thread(target=self._open, args=(server,), daemon=True).start()

    def _open(self, server: Server) -> None:
        ended: Opened | NotOpened
        try:
            ended = open_connection(server.relay)
        except NotOpened as error:
            ended = error
        except Exception as error:  # a bug must not leave the run waiting for this thread for ever
            ended = NotOpened(Reply("connect", 0, f"{type(error).__name__}: {error}"))
        self._ended.put((server, ended))
        try:
            self._waker.send(b".")
        except OSError:  # the run is over
            if isinstance(ended, Opened):
                ended.sock.close()

    def arrivals(self) -> list[Connection]:
        """The connections that were opened since; failures are noted."""
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        found: list[Connection] = []
        while not self._ended.empty():
            server, ended = self._ended.get()
            server.dialling -= 1
            if isinstance(ended, NotOpened):
                self._failed(server, ended.reply)
                continue
            others = [s.share for s in self.servers if s.live and s is not server]
            if not server.live and others:  # who comes late does not catch up
                server.given = max(server.given, min(others) * server.relay.weight)
            server.live += 1
            server.failures = 0
            found.append(Connection(server, ended, self._clock()))
        self.connections += found
        return found

    def _failed(self, server: Server, reply: Reply) -> None:
        server.last_word = f"{server.name}: {reply}"
        if reply.code >= 500:
            server.fault = outcome(reply)
        elif server.live:  # it serves others of ours: it has said how many it wants
            server.wanted = max(1, server.live)
        else:
            self.back_off(server)

    def back_off(self, server: Server) -> None:
        """Wait before dialling again, each time longer."""
        now = self._clock()
        if now >= server.next_dial:  # several that fail at once are one failure
            server.next_dial = now + min(_LONGEST_PAUSE, server.relay.pause * 2.0**server.failures)
            server.failures += 1

    def remove(self, connection: Connection, failed: bool) -> None:
        """The connection is closed; `failed` when it did not do what it was opened for."""
        connection.close()
        self.connections.remove(connection)
        server = connection.server
        server.live -= 1
        if failed and connection.line.carried == 0:
            self.back_off(server)
        if not self.connections:
            self._dark_since = self._clock()

    def may_take(self, server: Server) -> bool:
        """True when it is this server's turn by its weight, among those that are up."""
        if server.fault:
            return False
        if len(self.servers) == 1:
            return True
        shares = [s.share for s in self.servers if s.live and not s.fault]
        ahead = server.given - server.relay.connections * server.depth
        return len(shares) < 2 or ahead / server.relay.weight <= min(shares)

    def give_up_chunking(self, server: Server) -> None:
        """It does not mean by BDAT what we mean: DATA for the rest of the run, once its connections are through."""
        server.chunking = False
        for connection in self.connections:
            if connection.server is server and isinstance(connection.line, Window):
                connection.left = 0

    def hopeless(self) -> str:
        """Why no server will take anything any more; "" while there is hope."""
        if self.connections or any(server.dialling for server in self.servers):
            return ""
        last = "; ".join(server.last_word for server in self.servers if server.last_word)
        if all(server.fault for server in self.servers):
            return last
        if self._clock() - self._dark_since > self._patience:
            return f"no mail server could be reached for {self._patience:.0f} seconds: {last}"
        return ""

    def leave(self, connections: Sequence[Connection]) -> None:
        """QUIT on each, and wait a moment for the answers (RFC 5321 4.1.1.10)."""
        for connection in connections:
            connection.say_quit()
        until = self._clock() + _LEAVE
        for connection in connections:
            connection.leave(until, self._clock)

    def close(self) -> None:
        """Take leave of every server, once all is answered."""
        self.leave(self.connections)
        self.connections.clear()
        self.wake.close()
        self._waker.close()
