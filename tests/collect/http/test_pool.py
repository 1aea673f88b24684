"""Many at once: polite to each host, patient with the caller, and pages as their sites want them read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from digest.collect.feed import Feed
from digest.collect.http.fetch import HttpConfig, fetch_feeds, fetch_one, fetch_pages
from tests.collect.asking import HERE, by_name, page, redirect
from tests.collect.site import Asked, Reply, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def test_one_outcome_a_feed_and_a_slow_one_holds_up_nobody(site: Site) -> None:
    answered = threading.Semaphore(0)

    def quick(asked: Asked) -> Reply:
        answered.release()
        return Reply(200, b"quick")

    def slow(asked: Asked) -> Reply:
        for _ in range(100):
            assert answered.acquire(timeout=20)
        return Reply(200, b"slow")

    site.routes["/slow"] = slow
    site.routes |= {f"/{number}": quick for number in range(100)}
    feeds = [Feed(site.url("/slow")), *(Feed(site.url(f"/{n}")) for n in range(100))]
    outcomes = list(fetch_feeds(feeds, HttpConfig(allow_private=True)))
    assert {o.url for o in outcomes} == {f.url for f in feeds}
    assert all(o.status == "ok" for o in outcomes)
    assert outcomes[0].url != site.url("/slow")


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
