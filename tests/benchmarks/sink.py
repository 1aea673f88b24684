"""An SMTP server that is never the bottleneck: it looks for the end mark and counts. Run in a process of its own.

`Sink(delay=0.01)` answers everything that arrives at one moment after that many seconds, as a distant server would.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from multiprocessing.connection import Connection
from typing import Self

_END = b"\r\n.\r\n"


class _Sink(asyncio.Protocol):
    taken = 0

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.tail = b""
        self.in_data = False
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.say(b"220 sink ESMTP\r\n")

    def say(self, data: bytes) -> None:
        if self.delay:
            self.loop.call_later(self.delay, self.transport.write, data)
        else:
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        answers = []
        rest = self.tail + data
        while rest:
            if self.in_data:
                at = rest.find(_END)
                if at < 0:
                    self.tail = rest[-4:]  # the mark may be torn in two
                    break
                rest, self.in_data = rest[at + 5 :], False
                _Sink.taken += 1
                answers.append(b"250 2.0.0 ok\r\n")
                continue
            line, found, after = rest.partition(b"\r\n")
            if not found:
                self.tail = rest
                break
            rest = after
            answers.append(self.command(line[:4].upper()))
        else:
            self.tail = b""
        if answers:
            self.say(b"".join(answers))

    def command(self, verb: bytes) -> bytes:
        if verb == b"DATA":
            self.in_data = True
            return b"354 go\r\n"
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n"
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 ok\r\n"


def _serve(pipe: Connection, delay: float) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Sink(delay), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        while True:
            await loop.run_in_executor(None, pipe.recv)
            pipe.send(_Sink.taken)

    with contextlib.suppress(EOFError, KeyboardInterrupt):
        asyncio.run(run())


class Sink:
    """The server, in a process of its own; `taken()` is how many messages it has had."""

    def __init__(self, delay: float = 0.0) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, delay), daemon=True)
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
