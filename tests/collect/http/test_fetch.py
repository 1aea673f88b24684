"""Fetching keeps its promises against real servers on loopback, whatever they do."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digest.collect.feed import Feed
from digest.collect.http.fetch import HttpConfig
from tests.collect.asking import ask, page, redirect
from tests.collect.site import Asked, Reply, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


# --- what a feed may answer ----------------------------------------------------------------------------------


def test_a_body_comes_with_its_validators_and_hints(site: Site) -> None:
    site.routes["/feed"] = Reply(
        200,
        b"<rss/>",
        {
            "Content-Type": "application/rss+xml",
            "ETag": 'W/"1"',
            "Last-Modified": "Tue, 24 Nov 2026 06:00:00 GMT",
            "Cache-Control": "public, max-age=900",
        },
    )
    outcome = ask(site.url("/feed"))
    assert (outcome.status, outcome.body, outcome.http_status) == ("ok", b"<rss/>", 200)
    assert (outcome.etag, outcome.last_modified) == ('W/"1"', "Tue, 24 Nov 2026 06:00:00 GMT")
    assert (outcome.content_type, outcome.max_age) == ("application/rss+xml", 900.0)
    assert (outcome.final_url, outcome.moved_to) == (site.url("/feed"), "")


def test_a_feed_is_asked_with_its_validators_and_304_is_not_modified(site: Site) -> None:
    def answer(asked: Asked) -> Reply:
        fresh = asked.headers.get("if-none-match") == '"v1"' and asked.headers.get("if-modified-since") == "then"
        return Reply(304) if fresh else Reply(200, b"<rss/>")

    site.routes["/feed"] = answer
    feed = Feed(site.url("/feed"), etag='"v1"', last_modified="then")
    assert ask(feed).status == "not_modified"
    assert ask(site.url("/feed")).status == "ok"


def test_304_without_a_condition_is_an_error_since_there_is_nothing_to_keep(site: Site) -> None:
    site.routes["/feed"] = Reply(304)
    outcome = ask(site.url("/feed"))
    assert outcome.status == "error"
    assert outcome.error == "it says that nothing changed, though we never had it (304)"


def test_410_is_gone_and_other_refusals_are_errors_with_words(site: Site) -> None:
    for status, word in ((401, "password"), (403, "let us in"), (404, "moved"), (451, "legal"), (500, "500")):
        site.routes["/feed"] = Reply(status, b"<rss/>")
        outcome = ask(site.url("/feed"))
        assert (outcome.status, outcome.http_status, outcome.body) == ("error", status, b"")
        assert word in outcome.error
    site.routes["/feed"] = Reply(410)
    assert ask(site.url("/feed")).status == "gone"


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_understood_as_seconds_and_as_a_date(site: Site, status: int) -> None:
    site.routes["/feed"] = Reply(status, headers={"Retry-After": "120"})
    assert ask(site.url("/feed")).retry_after == 120
    at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))
    site.routes["/feed"] = Reply(status, headers={"Retry-After": at})
    assert ask(site.url("/feed")).retry_after == pytest.approx(3600, abs=5)
    site.routes["/feed"] = Reply(status, headers={"Retry-After": "soon"})
    assert ask(site.url("/feed")).retry_after is None


# --- redirects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_only_permanent_ones_are_reported_as_moves(site: Site, status: int) -> None:
    site.routes["/old"] = redirect("/new", status)
    site.routes["/new"] = Reply(200, b"<rss/>")
    outcome = ask(site.url("/old"))
    assert (outcome.status, outcome.final_url) == ("ok", site.url("/new"))
    assert outcome.moved_to == (site.url("/new") if status in (301, 308) else "")


def test_one_temporary_hop_makes_the_whole_move_temporary(site: Site) -> None:
    site.routes |= {"/a": redirect("/b", 301), "/b": redirect("/c", 302), "/c": Reply(200, b"x")}
    assert ask(site.url("/a")).moved_to == ""


def test_a_move_to_a_page_that_fails_is_no_move(site: Site) -> None:
    site.routes["/a"] = redirect("/nowhere", 301)
    assert ask(site.url("/a")).moved_to == ""


def test_five_redirects_are_followed_and_a_sixth_is_refused(site: Site) -> None:
    for number in range(6):
        site.routes[f"/{number}"] = redirect(f"/{number + 1}")
    site.routes["/6"] = Reply(200, b"x")
    assert ask(site.url("/1")).status == "ok"
    assert "redirects" in ask(site.url("/0")).error


def test_a_circle_of_redirects_ends(site: Site) -> None:
    site.routes |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert "redirects" in ask(site.url("/a")).error


def test_a_site_that_redirects_until_its_cookie_comes_back_is_read(site: Site) -> None:
    def answer(asked: Asked) -> Reply:
        if "seen=1" in asked.headers.get("cookie", ""):
            return Reply(200, b"inside")
        return Reply(302, headers={"Location": "/page", "Set-Cookie": "seen=1; Path=/"})

    site.routes["/page"] = answer
    assert page(site.url("/page")).body == b"inside"
    assert "cookie" not in site.asked[0].headers
    assert page(site.url("/page")).body == b"inside"
    assert "cookie" not in site.asked[2].headers, "nothing is remembered from one fetch to the next"


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "javascript:1", ""])
def test_redirects_lead_to_http_and_https_only(site: Site, to: str) -> None:
    site.routes["/a"] = redirect(to)
    outcome = ask(site.url("/a"))
    assert outcome.status == "error"
    assert "http" in outcome.error or "redirects" in outcome.error


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "//example.org/", "http://", "x", ""])
def test_other_addresses_than_web_addresses_are_errors(url: str) -> None:
    assert ask(url).status == "error"


def test_a_password_is_never_shown_and_never_sent_on_to_another_address() -> None:
    with Site() as first, Site("127.0.0.2") as second:
        first.routes["/a"] = redirect(second.url("/b"))
        for _ in range(2):
            second.routes["/b"] = redirect("/b")
        outcome = ask(first.url("/a").replace("http://", "http://me:secret@"))
        assert first.asked[0].headers["authorization"].startswith("Basic ")
        assert all("authorization" not in asked.headers for asked in second.asked)
        assert "secret" not in outcome.error


# --- hostile servers -----------------------------------------------------------------------------------------


def test_a_byte_at_a_time_ends_at_the_deadline(site: Site) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not site.ended.wait(0.02):
            handler.wfile.write(b"x")

    site.raw["/drip"] = drip
    started = time.monotonic()
    outcome = ask(site.url("/drip"), HttpConfig(allow_private=True, timeout=0.4))
    assert "0.4 s" in outcome.error
    assert time.monotonic() - started < 5


def test_headers_that_never_end_end_at_the_deadline(site: Site) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not site.ended.wait(0.02):
            handler.wfile.write(b"X-More: 1\r\n")

    site.raw["/drip"] = drip
    assert ask(site.url("/drip"), HttpConfig(allow_private=True, timeout=0.4)).status == "error"


def test_an_endless_body_stops_at_the_limit(site: Site) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not site.ended.is_set():
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    site.raw["/endless"] = endless
    outcome = ask(site.url("/endless"), HttpConfig(allow_private=True, max_body=1_000_000))
    assert "larger than 1,000,000 bytes" in outcome.error


def test_50_megabytes_are_refused_from_their_length_alone(site: Site) -> None:
    def large(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
        site.ended.wait(5)

    site.raw["/large"] = large
    assert "larger than 10,000,000 bytes" in ask(site.url("/large")).error


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_decompression_bomb_never_unfolds(site: Site, coding: str) -> None:
    packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
    bomb = b"".join(packer.compress(b"\0" * 10_000_000) for _ in range(30)) + packer.flush()
    assert len(bomb) < 400_000
    site.routes["/bomb"] = Reply(200, bomb, {"Content-Encoding": coding})
    tracemalloc.start()
    try:
        outcome = ask(site.url("/bomb"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "larger than" in outcome.error
    assert peak < 60_000_000


def test_brotli_which_was_not_asked_for_is_refused(site: Site) -> None:
    site.routes["/br"] = Reply(200, b"\x0b\x02\x80hello\x03", {"Content-Encoding": "br"})
    outcome = ask(site.url("/br"))
    assert "'br'" in outcome.error
    assert site.asked[0].headers["accept-encoding"] == "gzip"


def test_gzip_in_all_its_forms_is_read(site: Site) -> None:
    text = b"<rss>" + b"word " * 5000 + b"</rss>"
    raw = zlib.compressobj(wbits=-15)
    forms = {
        "gzip": gzip.compress(text),
        "x-gzip": gzip.compress(text[:100]) + gzip.compress(text[100:]) + b"\0" * 20,
        "deflate": zlib.compress(text),
        "Deflate": raw.compress(text) + raw.flush(),
        "identity": text,
    }
    for coding, body in forms.items():
        site.routes["/feed"] = Reply(200, body, {"Content-Encoding": coding})
        outcome = ask(site.url("/feed"))
        assert (coding, outcome.error, outcome.body) == (coding, "", text)


def test_what_ends_before_its_time_is_used_but_asked_for_again(site: Site) -> None:
    whole = gzip.compress(b"<rss>" + b"word " * 5000 + b"</rss>")
    for body, kept in ((whole, '"v1"'), (whole[:-12], "")):
        site.routes["/feed"] = Reply(200, body, {"Content-Encoding": "gzip", "ETag": '"v1"'})
        outcome = ask(site.url("/feed"))
        assert (outcome.error, outcome.etag) == ("", kept)
        assert outcome.body.startswith(b"<rss>word")


def test_broken_answers_are_errors_with_a_reason(site: Site) -> None:
    broken = {
        "/none": b"",
        "/noise": b"\x16\x03\x01 hello\r\n\r\n",
        "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        "/long": b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        "/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        "/zip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        "/to": b"HTTP/1.1 301 Moved\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n",
    }
    for path, answer in broken.items():
        site.raw[path] = lambda handler, answer=answer: handler.wfile.write(answer)  # type: ignore[misc]
        outcome = ask(site.url(path))
        assert outcome.status == "error", path
        assert outcome.error, path
        assert "\n" not in outcome.error


def test_nothing_listening_and_unknown_names_say_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "refused" in ask(f"http://127.0.0.1:{port}/").error

    def unknown(name: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    assert "resolved" in ask("http://nowhere.example/", HttpConfig(lookup=unknown)).error


def test_a_certificate_that_nobody_vouches_for_is_named(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    with Site() as site:
        site.wrap(context)
        outcome = ask(site.url("/").replace("http:", "https:"))
        assert site.asked == []
    assert "certificate cannot be trusted" in outcome.error
    assert "self-signed" in outcome.error


def _self_signed(folder: Path) -> Path:
    """A fresh key and its certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "site.pem"
    path.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(pem))
    return path
