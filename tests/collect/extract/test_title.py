"""The title is the visible one, without the site's name and the kicker."""

from __future__ import annotations

import pytest

from digest.collect.extract.title import choose_title, without_site


@pytest.mark.parametrize(
    ("headings", "declared", "site", "host", "title"),
    [
        (["Library opens"], ["", "", "Library opens | The Post"], "", "", "Library opens"),
        (["The Post", "Library opens"], ["Library opens"], "The Post", "", "Library opens"),
        (["Culture Library opens in May"], ["Library opens in May"], "", "", "Library opens in May"),
        (
            ["Library opens in May after nine years"],
            ["Library opens in May after…"],
            "",
            "",
            "Library opens in May after nine years",
        ),
        ([], ["", "", "Library opens in May - post.example"], "", "www.post.example", "Library opens in May"),
        ([], ["", "", "Library opens in May | Culture | The Post"], "", "", "Library opens in May"),
        (["Ben Wilson Surf"], ["", "", "Ben Wilson Surf - Point of Sail - Shop and repair"], "", "", "Ben Wilson Surf"),
        (["Something else entirely"], ["Library opens in May"], "", "", "Library opens in May"),
        (["Only a heading"], ["", "", ""], "", "", "Only a heading"),
        (["« L’Aube », opéra perdu"], ["« L’Aube », opéra perdu"], "", "", "« L’Aube », opéra perdu"),
        ([], ["", "", "« L’Aube de mai », opéra perdu » Le Fil"], "", "", "« L’Aube de mai », opéra perdu"),
        (
            [],
            ["", "", "»Die Dämmerung am Mai«, verlorene Oper | Der Bote"],
            "",
            "",
            "»Die Dämmerung am Mai«, verlorene Oper",
        ),
        ([], [], "", "", ""),
        (
            ["Library opens in May", "The Post"],
            ["", "", "Library opens in May - The Post"],
            "",
            "",
            "Library opens in May",
        ),
        (["The Post"], ["", "Library opens", "Library opens - The Post"], "The Post", "", "Library opens"),
        ([], ["", "", "图书馆五月开放_本地新闻_南江新闻网"], "", "", "图书馆五月开放"),
        ([], ["", "", "图书馆五月开放-南江网"], "", "", "图书馆五月开放"),
        ([], ["", "", "図書館が５月に開館 - 南江新聞"], "", "", "図書館が５月に開館"),
        ([], ["", "", "图书馆5-6月开放"], "", "", "图书馆5-6月开放"),
    ],
)
def test_the_title_is_chosen(headings: list[str], declared: list[str], site: str, host: str, title: str) -> None:
    assert choose_title(headings, declared, site, host)[0] == title


def test_all_title_variants_are_returned() -> None:
    _, wordings = choose_title(["Library opens"], ["Library opens in May", "Library opens | The Post"], "The Post")
    assert {"Library opens", "Library opens in May", "Library opens | The Post"} <= set(wordings)


@pytest.mark.parametrize(
    "title",
    ["Paris – Nice, the race to the sun", "War and peace: a review", "Gold - how long will it rise?", "A | B"],
)
def test_a_dash_or_colon_inside_a_title_is_no_site(title: str) -> None:
    assert without_site(title, "The Post", "post.example") == title
