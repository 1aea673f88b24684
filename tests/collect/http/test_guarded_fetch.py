"""The guard holds on the wire: no notation, name, redirect or change of mind leads into the house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.collect.http.fetch import HttpConfig
from digest.collect.http.guard import refusal
from tests.collect.asking import ask, by_name, page, redirect
from tests.collect.site import Reply, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


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
