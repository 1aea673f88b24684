"""Pool: the connections of a run, opened in background threads, with growing pauses after failures."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
from collections.abc import Callable, Sequence

from digest.deliver.reply import Reply, outcome
from digest.deliver.smtp.bdat import BdatSession
from digest.deliver.smtp.connect import ConnectError, Opened, Relay, open_connection
from digest.deliver.smtp.connection import GOODBYE_TIME, Connection
from digest.deliver.smtp.server import Server

_MAX_PAUSE = 60.0  # seconds between two attempts to reach a server
_FIRST_PATIENCE = 10.0  # seconds to try at the start of a run while no server has answered at all
_DIAL_GRACE = 2.0  # seconds to wait at the end for connections that are being opened, to close them in good order


class Pool:
    """All connections of a run. `wake` becomes readable when a dial has ended; then call `take_opened`."""

    def __init__(self, relays: Sequence[Relay], patience: float, clock: Callable[[], float]) -> None:
        self.servers = [Server(relay) for relay in relays]
        self.connections: list[Connection] = []
        self.wake, self._waker = socket.socketpair()
        self.wake.setblocking(False)
        self._patience, self._clock = patience, clock
        self._unconnected_since = clock()
        self._answered = False  # a server has replied in this run, if only to refuse
        self._closing = False
        self._dials: set[threading.Thread] = set()
        self._dialled: queue.SimpleQueue[tuple[Server, Opened | ConnectError]] = queue.SimpleQueue()

    def dial(self, jobs: int) -> None:
        """Open connections until there is one for each of that many jobs, or each server has its limit."""
        now = self._clock()
        total = sum(server.live + server.dialling for server in self.servers)
        for server in self.servers:
            if server.fault or now < server.next_dial:
                continue
            # After a failure one connection is tried alone; the others follow once it succeeds.
            limit = server.connection_limit if not server.failures else 1
            while server.live + server.dialling < limit and total < jobs:
                server.dialling += 1
                total += 1
                thread = threading.Thread(target=self._open, args=(server,), daemon=True)
                self._dials = {dial for dial in self._dials if dial.is_alive()} | {thread}
                thread.start()

    def _open(self, server: Server) -> None:
        dialled: Opened | ConnectError
        try:
            dialled = open_connection(server.relay)
        except ConnectError as error:
            dialled = error
        except Exception as error:  # a bug must not leave the run waiting for this thread for ever
            dialled = ConnectError(Reply("connect", 0, f"{type(error).__name__}: {error}"))
        if self._closing and isinstance(dialled, Opened):
            dialled.quit()
            return
        self._dialled.put((server, dialled))
        with contextlib.suppress(OSError):  # the run is over
            self._waker.send(b".")

    def take_opened(self) -> list[Connection]:
        """The connections opened since the last call; failures are noted on their server."""
        with contextlib.suppress(BlockingIOError):
            self.wake.recv(4096)
        opened: list[Connection] = []
        while not self._dialled.empty():
            server, dialled = self._dialled.get()
            server.dialling -= 1
            self._answered |= isinstance(dialled, Opened) or dialled.reply.code > 0
            if isinstance(dialled, ConnectError):
                self._dial_failed(server, dialled.reply)
                continue
            others = [s.share for s in self.servers if s.live and s is not server]
            if not server.live and others:  # a server that joins late does not catch up
                server.assigned = max(server.assigned, min(others) * server.relay.weight)
            server.live += 1
            server.failures = 0
            opened.append(Connection(server, dialled, self._clock()))
        self.connections += opened
        return opened

    def _dial_failed(self, server: Server, reply: Reply) -> None:
        server.last_error = f"{server.name}: {reply}"
        if reply.code >= 500:
            server.fault = outcome(reply)
        elif server.live:  # it serves other connections of ours: the failure tells how many it permits
            server.connection_limit = max(1, server.live)
        else:
            self.back_off(server)

    def back_off(self, server: Server) -> None:
        """Wait before dialling again, twice as long each time."""
        now = self._clock()
        if now >= server.next_dial:  # several that fail at once are one failure
            server.next_dial = now + min(_MAX_PAUSE, server.relay.pause * 2.0**server.failures)
            server.failures += 1

    def remove(self, connection: Connection, failed: bool) -> None:
        """Forget a connection that is over; `failed` when it did not serve its purpose."""
        connection.close()
        self.connections.remove(connection)
        server = connection.server
        server.live -= 1
        if failed and connection.session.content_count == 0:
            self.back_off(server)
        if not self.connections:
            self._unconnected_since = self._clock()

    def may_assign(self, server: Server) -> bool:
        """True when this server is due another message by its weight, among those that are connected."""
        if server.fault:
            return False
        if len(self.servers) == 1:
            return True
        shares = [s.share for s in self.servers if s.live and not s.fault]
        ahead = server.assigned - server.relay.connections * server.depth
        return len(shares) < 2 or ahead / server.relay.weight <= min(shares)

    def disable_chunking(self, server: Server) -> None:
        """Use DATA for the rest of the run, once the open connections have finished: its BDAT is not RFC 3030's."""
        server.chunking = False
        for connection in self.connections:
            if connection.server is server and isinstance(connection.session, BdatSession):
                connection.quota = 0

    def unusable_reason(self) -> str:
        """Why no server will accept anything any more; "" while one may."""
        if self.connections or any(server.dialling for server in self.servers):
            return ""
        errors = "; ".join(server.last_error for server in self.servers if server.last_error)
        if all(server.fault for server in self.servers):
            return errors
        patience = self._patience if self._answered else min(self._patience, _FIRST_PATIENCE)
        if self._clock() - self._unconnected_since > patience:
            return f"no mail server could be reached for {patience:.0f} seconds: {errors}"
        return ""

    def quit(self, connections: Sequence[Connection]) -> None:
        """Send QUIT on each, and wait a moment for the replies (RFC 5321 4.1.1.10)."""
        for connection in connections:
            connection.send_quit()
        until = self._clock() + GOODBYE_TIME
        for connection in connections:
            connection.close_after_reply(until, self._clock)

    def close(self) -> None:
        """Close all connections in good order, also those that are just being opened."""
        self._closing = True
        self.quit(self.connections)
        self.connections.clear()
        until = self._clock() + _DIAL_GRACE
        for dial in self._dials:
            dial.join(max(0.0, until - self._clock()))
        while not self._dialled.empty():
            _, dialled = self._dialled.get()
            if isinstance(dialled, Opened):
                dialled.quit()
        self.wake.close()
        self._waker.close()
