"""An SMTP server that is never the bottleneck: it looks for the end mark and counts. Run in a process of its own.

Everything is read into one buffer that is made once; of a message's content nothing is copied, decoded or kept.
`Sink(delay=0.01)` answers everything that arrives at one moment after that many seconds, as a distant server would.
`Sink(chunking=True)` announces CHUNKING (RFC 3030) as well: `BDAT` is then skipped by counting, without a look at it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import selectors
import socket
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Self

_END = b"\r\n.\r\n"
_ROOM = 1 << 20
_WINDOW = 1 << 14
_LONGEST = 4096  # octets of a command line; RFC 5321 4.5.3.1.4 wants 512
_GREETING = b"220 sink ESMTP\r\n"
_OK = b"250 2.0.0 ok\r\n"
_ANSWERS = {
    b"HELO": b"250 sink\r\n",
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n",
    b"MAIL": b"250 2.1.0 ok\r\n",
    b"RCPT": b"250 2.1.5 ok\r\n",
    b"DATA": b"354 go\r\n",
    b"RSET": _OK,
    b"NOOP": _OK,
    b"QUIT": b"221 bye\r\n",
}
_CHUNKING = {b"EHLO": _ANSWERS[b"EHLO"].replace(b"250 8BIT", b"250-CHUNKING\r\n250 8BIT")}


class Session:
    """The protocol state of one client. `rest` precedes the octets read next; `taken` counts whole messages.

    Raises ValueError for a command that no sender of ours should send, so that no benchmark counts a failure.
    """

    def __init__(self, chunking: bool = False) -> None:
        self.taken = 0
        self.rest = b""
        self._answers = _ANSWERS | _CHUNKING if chunking else _ANSWERS
        self._chunking = chunking
        self._in_data = False
        self._left = 0  # octets of a chunk that have not come yet
        self._last = False  # that chunk ends the message

    def receive(self, buffer: bytearray, end: int) -> bytes:
        """The replies to the octets of the buffer (`rest`, then those read) up to `end`."""
        at = 0
        answers: list[bytes] = []
        while at < end:
            if self._left:
                step = min(self._left, end - at)
                at, self._left = at + step, self._left - step
                if not self._left:
                    answers.append(self._chunk_ends())
            elif self._in_data:
                mark = _find_end(buffer, at, end)
                if mark < 0:
                    at = max(at, end - len(_END) + 1)  # the mark may be torn in two
                    break
                at, self._in_data = mark + len(_END), False
                self.taken += 1
                answers.append(_OK)
            else:
                stop = buffer.find(b"\r\n", at, end)
                if stop < 0:
                    if end - at > _LONGEST:
                        raise ValueError("a command line without end")
                    break
                line = bytes(buffer[at:stop])
                answers.append(self._command(line))
                # An empty message's end mark begins with the end of the DATA line.
                at = stop if line[:4].upper() == b"DATA" else stop + 2
        self.rest = bytes(buffer[at:end])
        return b"".join(answers)

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"BDAT" and self._chunking:
            _, octets, *last = line.upper().split()
            if not octets.isdigit() or last not in ([], [b"LAST"]):
                raise ValueError(f"said {line[:80]!r}")
            self._left, self._last = int(octets), bool(last)
            return b"" if self._left else self._chunk_ends()
        if verb not in self._answers:
            raise ValueError(f"said {line[:80]!r}")
        self._in_data = verb == b"DATA"
        return self._answers[verb]

    def _chunk_ends(self) -> bytes:
        self.taken += self._last
        return _OK


def _find_end(buffer: bytearray, at: int, end: int) -> int:
    """Where the first end mark is, else -1. CPython searches three times as fast from the back, which is enough where
    there is none.
    """
    while end - at >= len(_END):
        stop = min(at + _WINDOW, end)
        if buffer.rfind(_END, at, stop) >= 0:
            return buffer.find(_END, at, stop)
        at = stop - len(_END) + 1
    return -1


class _Server:
    """All clients, in one loop. Anything sent over `pipe` requests the count; closing it ends the server."""

    def __init__(self, pipe: Connection, delay: float, chunking: bool) -> None:
        self.pipe, self.delay, self.chunking = pipe, delay, chunking
        self.closed_count = 0  # messages of clients that disconnected
        self.sessions: dict[socket.socket, Session] = {}
        self.delayed: deque[tuple[float, socket.socket, bytes]] = deque()
        self.buffer = bytearray(_ROOM)
        self.view = memoryview(self.buffer)
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until the pipe is closed."""
        with socket.create_server(("127.0.0.1", 0), backlog=300) as server:
            self.selector.register(server, selectors.EVENT_READ)
            self.selector.register(self.pipe, selectors.EVENT_READ)
            self.pipe.send(server.getsockname()[1])
            while True:
                wait = max(0.0, self.delayed[0][0] - time.monotonic()) if self.delayed else None
                for key, _ in self.selector.select(wait):
                    client = key.fileobj
                    if client is self.pipe:
                        self.pipe.recv()
                        self.pipe.send(self.closed_count + sum(session.taken for session in self.sessions.values()))
                    elif client is server:
                        self.accept(server.accept()[0])
                    elif isinstance(client, socket.socket):
                        self.read(client)
                while self.delayed and self.delayed[0][0] <= time.monotonic():
                    _, client, reply = self.delayed.popleft()
                    self.send(client, reply)

    def accept(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sessions[client] = Session(self.chunking)
        self.selector.register(client, selectors.EVENT_READ)
        self.answer(client, _GREETING)

    def read(self, client: socket.socket) -> None:
        session = self.sessions[client]
        start = len(session.rest)
        self.buffer[:start] = session.rest
        got, reply = 0, b""
        try:
            got = client.recv_into(self.view[start:])
            reply = session.receive(self.buffer, start + got)
        except ConnectionError:  # some do not wait for the answer to QUIT
            got = 0
        except ValueError as error:
            print(f"sink: a client {error}", flush=True)
            got = 0
        if not got:
            self.selector.unregister(client)
            self.closed_count += self.sessions.pop(client).taken
            client.close()
        elif reply:
            self.answer(client, reply)

    def answer(self, client: socket.socket, reply: bytes) -> None:
        if self.delay:
            self.delayed.append((time.monotonic() + self.delay, client, reply))
        else:
            self.send(client, reply)

    def send(self, client: socket.socket, reply: bytes) -> None:
        with contextlib.suppress(OSError):  # it disconnected: the next read notices
            client.sendall(reply)


def _serve(pipe: Connection, delay: float, chunking: bool) -> None:
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        _Server(pipe, delay, chunking).run()


class Sink:
    """The server, in a process of its own; `taken()` returns the number of messages."""

    def __init__(self, delay: float = 0.0, *, chunking: bool = False) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=_serve, args=(theirs, delay, chunking), daemon=True)
        self._process.start()
        theirs.close()
        self.port: int = self._pipe.recv()

    def taken(self) -> int:
        """Messages taken so far, over all connections."""
        self._pipe.send(None)
        return int(self._pipe.recv())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()
        self._pipe.close()
