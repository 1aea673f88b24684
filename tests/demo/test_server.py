"""The demo's server on loopback: validators as of a well-kept server, and articles that appear with the clock."""

from __future__ import annotations

import http.client
import socket
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from digest.demo.content import ZONE
from digest.demo.server import serve
from digest.demo.site import build

DAY = date(2026, 11, 24)


def ask(base: str, path: str, method: str = "GET", **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request of its own connection."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=5)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_server_serves_site_as_built() -> None:
    with serve(DAY) as base:
        for path, (kind, body) in build(base, DAY).items():
            status, headers, got = ask(base, path)
            assert (status, headers["Content-Type"], got) == (200, kind, body)


def test_server_answers_304_for_known_page() -> None:
    with serve(DAY) as base:
        _, headers, _ = ask(base, "/fil/monde.rss")
        for known in (
            {"If_None_Match": headers["ETag"]},
            {"If_None_Match": f'"other", W/{headers["ETag"]}'},
            {"If_Modified_Since": headers["Last-Modified"]},
        ):
            status, again, body = ask(base, "/fil/monde.rss", **known)
            assert (status, again["ETag"], body) == (304, headers["ETag"], b"")
        assert ask(base, "/fil/monde.rss", If_None_Match='"other"')[0] == 200
        assert ask(base, "/fil/monde.rss", If_Modified_Since="nonsense")[0] == 200
        both = {"If_None_Match": '"other"', "If_Modified_Since": headers["Last-Modified"]}
        assert ask(base, "/fil/monde.rss", **both)[0] == 200  # the tag rules over the date


def test_server_answers_404_and_ignores_query() -> None:
    with serve(DAY) as base:
        assert ask(base, "/no/such/page")[0] == 404
        assert ask(base, "/fil/monde.rss?utm_source=feed")[0] == 200


def test_server_answers_head_without_body() -> None:
    with serve(DAY) as base:
        status, headers, body = ask(base, "/pictures/storm.jpg", "HEAD")
        assert (status, headers["Content-Type"], body) == (200, "image/jpeg", b"")
        assert int(headers["Content-Length"]) > 1000


def test_server_shows_articles_as_clock_advances() -> None:
    clock = [datetime(2026, 11, 23, 6, 20, tzinfo=ZONE)]
    with serve(DAY, now=lambda: clock[0]) as base:
        _, before, old = ask(base, "/courier/world.rss")
        _, quiet, _ = ask(base, "/pictures/storm-warning.jpg")
        assert b"breaches dyke" not in old
        assert ask(base, "/pictures/storm.jpg")[0] == 404
        clock[0] += timedelta(days=1)
        status, after, new = ask(base, "/courier/world.rss", If_None_Match=before["ETag"])
        assert status == 200
        assert b"breaches dyke" in new
        assert after["Last-Modified"] != before["Last-Modified"]
        assert ask(base, "/pictures/storm-warning.jpg", If_None_Match=quiet["ETag"])[0] == 304


def test_server_port_can_be_chosen_and_is_freed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        with serve(DAY, port) as base:
            assert base == f"http://127.0.0.1:{port}"
            assert ask(base, "/")[0] == 200
    with pytest.raises(OSError, match="refused"):
        ask(base, "/")


def test_server_raises_for_taken_port() -> None:
    with serve(DAY) as base, pytest.raises(OSError, match="in use"):
        with serve(DAY, int(base.rpartition(":")[2])):
            pass
