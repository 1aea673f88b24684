"""robots.txt is obeyed as RFC 9309 reads it, and cannot be made to cost time."""

from __future__ import annotations

import time

import pytest

from digest.collect.http.robots import Robots


def allows(text: str, path: str, product: str = "digest") -> bool:
    return Robots.parse(text, product).allows(f"https://example.org{path}")


def test_an_empty_file_or_a_web_page_closes_nothing() -> None:
    assert allows("", "/x")
    assert allows("<html><body>Disallow everything</body></html>", "/x")
    assert allows("User-agent: *\nDisallow:\n", "/x")


def test_our_own_group_counts_alone_else_the_group_for_all() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: Digest\nDisallow: /b # note\n"
    assert allows(text, "/a")
    assert not allows(text, "/b/c")
    assert not allows(text, "/a", product="else")


def test_a_group_of_ours_without_rules_opens_all() -> None:
    assert allows("User-agent: digest\n\nUser-agent: *\nAllow: /\n", "/a")
    assert allows("User-agent: digest\nDisallow:\nUser-agent: *\nDisallow: /\n", "/a")


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Allow: /p\nDisallow: /", "/page", True),
        ("Allow: /folder\nDisallow: /folder", "/folder/page", True),
        ("Allow: /page\nDisallow: /*.htm", "/page.htm", False),
        ("Allow: /$\nDisallow: /", "/", True),
        ("Allow: /$\nDisallow: /", "/page.htm", False),
        ("Disallow: /fish*.php", "/fishheads/cats.php?parameters", False),
        ("Disallow: /fish*.php", "/Fish.PHP", True),
        ("Disallow: /*.php$", "/a.php", False),
        ("Disallow: /*.php$", "/a.php?x", True),
        ("Disallow: /a*b$", "/ab", False),
        ("Disallow: /ab*b$", "/ab", True),
        ("Disallow: *", "/x", False),
        ("Disallow: /caf%C3%A9", "/café", False),
        ("Disallow: /x?y=1", "/x?y=1&z", False),
    ],
)
def test_the_longest_rule_decides_and_wildcards_mean_what_they_say(rules: str, path: str, allowed: bool) -> None:
    assert allows(f"User-agent: *\n{rules}\n", path) is allowed


def test_wildcards_by_the_thousand_cost_no_time() -> None:
    text = "User-agent: *\n" + ("Disallow: /" + "*a" * 900 + "$\n") * 300
    started = time.process_time()
    assert allows(text, "/" + "a" * 800 + "b")
    assert time.process_time() - started < 2
