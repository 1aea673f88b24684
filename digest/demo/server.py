"""The demo's web server: the invented outlets on a loopback port, with the validators of well-kept servers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from digest.demo.content import outlets
from digest.demo.site import Site, build, whole_day

HOST: Final = "127.0.0.1"


@contextmanager
def serve(day: date, port: int = 0, now: Callable[[], datetime] | None = None) -> Iterator[str]:
    """Serve the outlets with the news of `day` until the block ends; yield the base URL, without a slash.

    `port` 0 takes a free one. `now` (aware) is called at every request, so that a demo with a clock of its own can run
    through the day before and the day itself; by default every article is out. Raises OSError when the port is taken.
    """
    server = _DemoServer((HOST, port), day, now or (lambda: whole_day(day)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True)
class _Page:
    type: str
    body: bytes
    etag: str
    modified: datetime  # when the page last changed


class _DemoServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], day: date, now: Callable[[], datetime]) -> None:
        super().__init__(address, _Handler)
        self.day, self.now = day, now
        self.base_url = f"http://{HOST}:{self.server_address[1]}"
        self._lock = threading.Lock()
        self._pages: dict[str, _Page] = {}
        self._article_count = -1  # of the pages as they were built

    def pages(self) -> dict[str, _Page]:
        """Return the site as it is now, built again only when an article has appeared since."""
        now = self.now()
        article_count = sum(len(outlet.latest(self.day, now)) for outlet in outlets())
        with self._lock:
            if article_count != self._article_count:
                site = build(self.base_url, self.day, now)
                self._pages, self._article_count = _stamped(site, self._pages, now), article_count
            return self._pages


def _stamped(site: Site, before: dict[str, _Page], now: datetime) -> dict[str, _Page]:
    """Return the pages with their validators; an unchanged page keeps its date."""
    stamp = now.astimezone(UTC).replace(microsecond=0)
    pages = {}
    for path, (kind, body) in site.items():
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        previous = before.get(path)
        pages[path] = previous if previous is not None and previous.etag == etag else _Page(kind, body, etag, stamp)
    return pages


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "demo"
    sys_version = ""
    server: _DemoServer

    def do_GET(self) -> None:
        """Send the page, 304 or 404."""
        page = self.server.pages().get(self.path.partition("?")[0])
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain; charset=utf-8"}, b"No such page.\n")
            return
        headers = {"ETag": page.etag, "Last-Modified": format_datetime(page.modified, usegmt=True)}
        if self._is_current(page):
            self._answer(HTTPStatus.NOT_MODIFIED, headers, None)
        else:
            self._answer(HTTPStatus.OK, {**headers, "Content-Type": page.type}, page.body)

    do_HEAD = do_GET  # noqa: N815 (the standard library names it)

    def _is_current(self, page: _Page) -> bool:
        """Whether the client has these bytes. If-None-Match overrides If-Modified-Since (RFC 9110, 13.2.2)."""
        if match := self.headers.get("If-None-Match"):
            return match.strip() == "*" or page.etag in [tag.strip().removeprefix("W/") for tag in match.split(",")]
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except ValueError:
            return False
        return page.modified <= since.replace(tzinfo=since.tzinfo or UTC)

    def _answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes | None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is not None and self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the terminal is for the demo."""
