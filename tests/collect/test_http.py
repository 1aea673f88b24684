"""Fetching keeps its promises against real servers on loopback, whatever they do."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler

import pytest

from digest.collect.feed import Feed, FetchOutcome
from digest.collect.fetched import FetchedPage
from digest.collect.guard import refusal
from digest.collect.http import HttpConfig, fetch_feeds, fetch_one, fetch_pages
from tests.collect.site import Asked, Reply, Site

HERE = HttpConfig(allow_private=True, timeout=10)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def ask(feed: Feed | str, config: HttpConfig = HERE) -> FetchOutcome:
    (outcome,) = fetch_feeds([Feed(feed) if isinstance(feed, str) else feed], config)
    return outcome


def page(url: str, config: HttpConfig = HERE) -> FetchedPage:
    (got,) = fetch_pages([url], config)
    return got


def redirect(to: str, status: int = 302) -> Reply:
    return Reply(status, headers={"Location": to})


def by_name(**addresses: str | Sequence[str]) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows these names."""

    def lookup(name: str, port: int) -> Sequence[str]:
        found = addresses[name.replace(".", "_").replace("-", "_")]
        return [found] if isinstance(found, str) else found

    return lookup


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
    assert "304" in outcome.error


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


# --- the guard -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "017700000001", "127.0.0.1.",
        "１２７.０.０.１", "①②⑦.0.0.1", "%31%32%37.0.0.1", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "0.0.0.0", "0",
        "localhost", "LOCALHOST.",
    ],
)  # fmt: skip
def test_no_notation_of_this_machine_is_ever_connected_to(site: Site, host: str) -> None:
    outcome = ask(f"http://{host}:{site.port}/", HttpConfig())
    assert outcome.status == "error"
    assert site.asked == []
    site_redirect = HttpConfig(refuse=lambda address: "" if address == "127.0.0.2" else refusal(address))
    with Site("127.0.0.2") as other:
        other.routes["/"] = redirect(f"http://{host}:{site.port}/")
        assert ask(other.url("/"), site_redirect).status == "error"
        assert other.paths == ["/"]
    assert site.asked == []


def test_the_reason_of_a_refusal_names_the_network(site: Site) -> None:
    assert "loopback" in ask(site.url("/"), HttpConfig()).error
    assert "metadata" in ask("http://169.254.169.254/latest/meta-data/", HttpConfig()).error


def test_a_name_is_refused_if_any_of_its_addresses_is_private(site: Site) -> None:
    config = HttpConfig(lookup=by_name(a_example=["127.0.0.2", "127.0.0.1"]), refuse=_only_second)
    assert "127.0.0.1" in ask(site.url("/", "a.example"), config).error
    assert site.asked == []


def test_a_name_that_answers_differently_the_second_time_is_connected_to_as_it_was_checked() -> None:
    with Site("127.0.0.2") as outside, Site("127.0.0.1", outside.port) as inside:
        answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])
        outside.routes["/"] = Reply(200, b"outside", {"Connection": "close"})
        inside.routes["/"] = Reply(200, b"inside")
        config = HttpConfig(lookup=lambda name, port: next(answers), refuse=_only_second, robots=False)
        assert page(outside.url("/", "rebind.example"), config).body == b"outside"
        assert "not public" in page(outside.url("/", "rebind.example"), config).error
        assert inside.asked == []


def test_a_redirect_to_a_name_of_a_private_address_is_refused(site: Site) -> None:
    config = HttpConfig(lookup=by_name(out_example="127.0.0.2", in_example="127.0.0.1"), refuse=_only_second)
    with Site("127.0.0.2") as outside:
        outside.routes["/feed"] = redirect(site.url("/secret", "in.example"), 301)
        outcome = ask(outside.url("/feed", "out.example"), config)
    assert "not public" in outcome.error
    assert (outcome.moved_to, site.asked) == ("", [])


def test_the_environment_has_no_say(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url())
        monkeypatch.setenv("HTTP_PROXY", proxy.url())
        site.routes["/feed"] = Reply(200, b"x")
        assert ask(site.url("/feed")).status == "ok"
        assert proxy.asked == []


def _only_second(address: str) -> str:
    return "" if address == "127.0.0.2" else f"{address} is not public (test)"


# --- many at once --------------------------------------------------------------------------------------------


def test_one_outcome_a_feed_and_a_slow_one_holds_up_nobody(site: Site) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        site.ended.wait(3)

    site.raw["/slow"] = slow
    for number in range(100):
        site.routes[f"/{number}"] = Reply(200, b"%d" % number)
    feeds = [Feed(site.url("/slow")), *(Feed(site.url(f"/{n}")) for n in range(100))]
    outcomes = list(fetch_feeds(feeds, HttpConfig(allow_private=True, timeout=2)))
    assert {o.url for o in outcomes} == {f.url for f in feeds}
    assert outcomes[-1].url == site.url("/slow")
    assert sum(o.status == "ok" for o in outcomes) == 100


def test_a_host_gets_few_requests_at_a_time_and_a_pause_between_them() -> None:
    now, most, starts, lock = 0, 0, [], threading.Lock()

    def answer(asked: Asked) -> Reply:
        nonlocal now, most
        with lock:
            starts.append(time.monotonic())
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1
        return Reply(200, b"x")

    config = HttpConfig(allow_private=True, lookup=by_name(one_example="127.0.0.1"), per_host=2, delay=0.02)
    with Site() as site:
        for number in range(12):
            site.routes[f"/{number}"] = answer
        list(fetch_feeds([Feed(site.url(f"/{n}", "one.example")) for n in range(12)], config))
    assert most <= 2
    assert starts[-1] - starts[0] >= 11 * 0.02 * 0.9


def test_a_host_that_says_429_is_left_alone_for_the_rest_of_the_run() -> None:
    config = HttpConfig(allow_private=True, lookup=by_name(busy_example="127.0.0.1"), per_host=1, delay=0)
    with Site() as site:
        for number in range(5):
            site.routes[f"/{number}"] = Reply(429, headers={"Retry-After": "60"})
        outcomes = list(fetch_feeds([Feed(site.url(f"/{n}", "busy.example")) for n in range(5)], config))
        assert len(site.asked) == 1
    assert [(o.http_status, o.retry_after) for o in outcomes] == [(429, 60)] * 5


def test_a_caller_that_stops_early_leaves_no_thread_and_no_open_request(site: Site) -> None:
    for number in range(50):
        site.routes[f"/{number}"] = Reply(200, b"x" * 1000)
    before = {thread.name for thread in threading.enumerate()}
    outcomes = fetch_feeds([Feed(site.url(f"/{n}")) for n in range(50)], HttpConfig(allow_private=True, at_once=4))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert "digest-http" not in {thread.name for thread in threading.enumerate()} - before


def test_a_slow_caller_holds_the_network_back_instead_of_filling_memory(site: Site) -> None:
    for number in range(100):
        site.routes[f"/{number}"] = Reply(200, b"x" * 1000)
    outcomes = fetch_feeds([Feed(site.url(f"/{n}")) for n in range(100)], HttpConfig(allow_private=True, at_once=5))
    next(outcomes)
    settled = 0
    for _ in range(100):  # until the number of requests stands still
        time.sleep(0.02)
        if settled == len(site.asked):
            break
        settled = len(site.asked)
    assert len(site.asked) <= 1 + 2 * 5
    assert len(list(outcomes)) == 99


# --- pages ---------------------------------------------------------------------------------------------------


def test_pages_come_with_their_facts_and_errors_as_values(site: Site) -> None:
    site.routes["/a"] = Reply(200, b"<p>text", {"Content-Type": "text/html; charset=utf-8"})
    site.routes["/old"] = redirect("/a")
    pages = {p.url: p for p in fetch_pages([site.url("/a"), site.url("/old"), site.url("/gone"), site.url("/a")], HERE)}
    assert len(pages) == 3
    good = pages[site.url("/old")]
    assert (good.final_url, good.status, good.content_type) == (site.url("/a"), 200, "text/html; charset=utf-8")
    assert (pages[site.url("/gone")].status, bool(pages[site.url("/gone")].error)) == (404, True)


def test_a_page_larger_than_its_limit_is_an_error_and_pictures_have_their_own(site: Site) -> None:
    site.routes["/a"] = Reply(200, b"x" * 2000, {"Content-Type": "image/png"})
    (small,) = fetch_pages([site.url("/a")], HERE, accept="image/png", most=1000)
    assert "larger than 1,000" in small.error
    assert site.asked[0].headers["accept"] == "image/png"


ROBOTS = b"User-agent: *\nDisallow: /private\n\nUser-agent: digest\nAllow: /private/open\nDisallow: /private\n"


def test_pages_that_robots_txt_closes_are_not_read_and_it_is_asked_once_a_host() -> None:
    config = HttpConfig(allow_private=True, lookup=by_name(a_example="127.0.0.1"), delay=0)
    with Site() as site:
        site.routes["/robots.txt"] = Reply(200, ROBOTS)
        for path in ("/news/1", "/news/2", "/private/3", "/private/open/4"):
            site.routes[path] = Reply(200, b"x")
        urls = [site.url(p, "a.example") for p in ("/news/1", "/news/2", "/private/3", "/private/open/4")]
        pages = {p.url: p for p in fetch_pages(urls, config)}
        assert "robots.txt" in pages[urls[2]].error
        assert [bool(pages[u].error) for u in urls] == [False, False, True, False]
        assert site.paths.count("/robots.txt") == 1
        assert "/private/3" not in site.paths
        assert fetch_one(urls[2], config).error == "", "a person named this page"


def test_no_robots_txt_means_yes_and_a_failing_one_means_no() -> None:
    config = HttpConfig(allow_private=True, lookup=by_name(a_example="127.0.0.1"), delay=0)
    with Site() as site:
        site.routes["/page"] = Reply(200, b"x")
        assert page(site.url("/page", "a.example"), config).body == b"x"
        site.routes["/robots.txt"] = Reply(500)
        assert "robots.txt" in page(site.url("/page", "a.example"), config).error


def test_we_say_who_we_are(site: Site) -> None:
    page(site.url("/"), HttpConfig(allow_private=True, user_agent="digest/9 (+https://news.example)"))
    assert site.asked[0].headers["user-agent"] == "digest/9 (+https://news.example)"
