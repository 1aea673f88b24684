"""Support of HTML and CSS by mail programs: whose data, which judgement, and that our own mails are judged whole."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Any, Final

import pytest

from digest.deliver.check import client_support
from digest.deliver.check.checked import parsed
from digest.deliver.check.features import declared, stylesheet, uses
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import Branding, Logo, RenderOptions
from tests.deliver import editions
from tests.growth import LIMIT, growth
from tests.vendored import caniemail

KNOWN: Final = client_support.table()


@pytest.fixture(scope="module")
def ours() -> frozenset[str]:
    """Everything that the three themes use, in all kinds of mail and on the web."""
    found: set[str] = set()
    brand = Branding(logo=Logo("https://news.example.org/logo.png", 200, 40), tagline="Before breakfast")
    with Renderer() as renderer:
        for theme in renderer.themes():
            mail_settings = replace(editions.mail_settings(theme), brand=brand)
            for language in ("en", "ar"):
                edition = editions.edition(language, 40, note="A word first.")
                edition = replace(edition, sections=(*edition.sections, *editions.edition("fr", 2).sections))
                for variant in (RenderOptions(), RenderOptions(pictures="inline"), RenderOptions(web=True)):
                    for budget in (20_000, 80_000):
                        mail = renderer.render(
                            edition, replace(mail_settings, budget=budget), variant, pictures=editions.pictures(40)
                        )
                        found |= uses(parsed(mail.html))
    return frozenset(use for use in found if ": " not in use or use in KNOWN.features)


def _lacked(use: str) -> bool:
    feature = KNOWN.feature(use)
    return bool(feature and (feature.without or feature.partly))


def test_everything_our_themes_use_is_tested_by_caniemail_or_said_to_need_no_test(ours: frozenset[str]) -> None:
    vendors = ("-webkit-", "-ms-", "-moz-", "mso-", "@media ", "<meta name=")  # meant for one client, or for none
    strange = {use for use in ours if KNOWN.feature(use) is None and not use.startswith(vendors)}
    assert strange <= KNOWN.untested
    assert not {use for use in KNOWN.untested if KNOWN.feature(use)}, "caniemail tests these now"


def test_everything_our_themes_use_and_some_client_lacks_is_accepted_for_a_reason(ours: frozenset[str]) -> None:
    assert {use for use in ours if _lacked(use) and not KNOWN.accepts(use)} == set()


def test_nothing_is_accepted_that_no_theme_uses_or_that_every_client_shows(ours: frozenset[str]) -> None:
    sides = {side[1] for use in ours if (side := client_support._SIDES.fullmatch(use))}
    assert {use for use in KNOWN.accepted if use not in ours | sides} == set()
    assert {use for use in KNOWN.accepted if not _lacked(use)} == set()


def test_judgement_speaks_only_of_what_caniemail_knows() -> None:
    assert {use for use in (*KNOWN.accepted, *KNOWN.consequences) if use not in KNOWN.features} == set()
    assert not set(KNOWN.accepted) & set(KNOWN.consequences)


@pytest.mark.parametrize(
    ("body", "clients", "blocking"),
    [
        ('<div style="display:flex"></div>', {"gmail-app", "outlook-windows"}, False),
        ("<style>@media (hover) { a:hover { color: #000000 } }</style>", {"gmail-app"}, False),
        ('<div style="float:left"></div>', {"outlook-windows"}, False),
        ('<p style="color:var(--ink)">Ink</p>', {"gmail", "outlook-windows"}, False),
        ('<div style="position:absolute;top:0"></div>', {"gmail", "yahoo"}, False),
        ("<svg><path d='M0 0'/></svg>", {"gmail", "outlook-windows"}, True),
        ('<img src="https://news.example.org/logo.svg" alt="Logo">', {"gmail"}, False),
        ("<p style='font-size:2rem'>Big</p>", {"outlook-windows"}, False),
    ],
)
def test_what_clients_lack_is_found_with_its_remedy(body: str, clients: set[str], blocking: bool) -> None:
    found = client_support.lacks(parsed(f"<!doctype html><html><body>{body}</body></html>"), clients)
    assert found
    assert clients <= {client for lack in found for client in (*lack.without, *lack.partly)}
    assert any(lack.consequence.blocking for lack in found) is blocking
    assert all(lack.consequence.description for lack in found)


def test_what_no_word_of_ours_says_leads_to_caniemail() -> None:
    [lack] = client_support.lacks(
        parsed('<html><body><p style="text-indent:1px;writing-mode:vertical-rl">A</p>'), ["gmx"]
    )
    assert "www.caniemail.com/features/css-writing-mode/" in lack.consequence.description


def test_outlooks_own_conditional_comments_are_left_out() -> None:
    html = '<html><body><!--[if mso]><div style="display:flex;float:left"><svg></svg></div><![endif]--><p>A</p>'
    assert client_support.lacks(parsed(html)) == []


def test_uses_are_told_in_one_spelling() -> None:
    css = "@media (max-width: 480px) { .a.b > td:hover, #c ~ p::before { margin: -1rem 0 !important } } /* x */"
    assert stylesheet(css) >= {
        *("@media", "@media max-width", ".a.b", "E > F", ":hover", "E, F", "#a", "E ~ F", ":before"),
        *("margin", "1rem", "!important", "/* */"),
    }
    assert "&" not in stylesheet(css)
    assert "&" in stylesheet(".a { color: #000000; .b { top: 0 } }")
    assert declared("DISPLAY : Flex; background: url('a;b.png'); font: 1em 'A, 3vw'") == {
        *("display", "display: flex", ": flex", "background", "font", "1em"),
    }


@pytest.mark.parametrize(
    "evil",
    [
        "(",
        "'",
        "{",
        "a:",
        "/* ",
        "url(",
        "[",
        "[{",
        "a{",
        "@media (",
        ".a.b>",
        "a b ",
        "\\",
        "--x:(;",
        "f(f",
        "}",
        "!",
        "a;",
    ],
)
@pytest.mark.parametrize("read", [stylesheet, declared])
def test_hostile_style_is_read_in_linear_time(read: Any, evil: str) -> None:
    assert growth(lambda size: read.__wrapped__(evil * size)) < LIMIT


def test_growth_notices_a_quadratic_pattern() -> None:
    pattern = re.compile(r"\((?:[^)]*)\)")  # scans to the end of the text from each '('
    assert growth(lambda size: pattern.findall("(" * size)) > LIMIT
    assert growth(lambda size: re.findall(r"\(", "(" * size)) < LIMIT


def _shipped() -> dict[str, Any]:
    text = resources.files("digest.deliver.check").joinpath("data/caniemail.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def test_the_data_is_caniemails_whole_with_its_licence_beside_it() -> None:
    data = _shipped()
    assert data["source"] == "caniemail.com"
    assert len(data["features"]) > 300
    assert {len(letters) for _, _, letters in data["features"]} == {len(data["clients"])}
    assert {letter for _, _, letters in data["features"] for letter in letters} == set("yanu")
    written = [use for _, uses_, _ in data["features"] for use in uses_]
    assert len(written) == len(set(written))
    licence = resources.files("digest.deliver.check").joinpath("data/caniemail.LICENSE").read_text(encoding="utf-8")
    assert "MIT License" in licence
    assert "HTeuMeuLeu" in licence


def test_a_renewal_takes_each_clients_newest_answer() -> None:
    stats: Mapping[str, Any] = {"gmail": {"ios": {"2019-01": "y", "2026-01": "a #1"}}, "hey": {"web": {"1": "n #2"}}}
    feature = {"slug": "css-made-up", "title": "made-up property", "stats": stats}
    other = {"slug": "html-made-up", "title": "<made> element", "stats": {"hey": {"web": {"1": "y"}}}}
    made = caniemail.compact({"last_update_date": "2026-05-13 14:45", "data": [feature, other]})
    assert made["clients"] == ["gmail ios", "hey web"]
    assert made["features"] == [["css-made-up", ["made-up"], "an"], ["html-made-up", ["<made>"], "uy"]]
    assert json.loads(caniemail.written(made)) == made
    assert caniemail.written(_shipped()).count("\n") > 300
    with pytest.raises(LookupError, match="css-odd: no rule spells 'Odd thing!'"):
        caniemail.spelled("css-odd", "Odd thing!")
