"""A service on loopback that speaks OpenAI's chat completions, as well or as badly as a test needs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


def completion(content: object, finish: str = "stop") -> bytes:
    """The body of a proper answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


class LlmServer:
    """`with LlmServer() as server: server.say = lambda article: "A lead."`; `server.asked` are the request bodies.

    `misbehave`, where set, writes the answer to the connection by itself; `ended` is set when the test is over.
    """

    def __init__(self) -> None:
        self.say: Callable[[dict[str, str]], str] = lambda article: ""
        self.misbehave: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.ended = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is what these tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """For `misbehave`: a byte now and then, which no limit on silence ever notices."""
        handler.send_response(200)
        handler.end_headers()
        while not self.ended.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request and answer as asked."""
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.asked.append(body)
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        self.paths.append(handler.path)
        if self.misbehave is not None:
            self.misbehave(handler)
            return
        article = json.loads(body["messages"][-1]["content"])
        reply(handler, 200, completion(self.say(article)))


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send an answer; a header's name has underscores for hyphens."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
