"""Contrast after WCAG, CSS colours as values, and the final colours of texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.check.checked import parsed
from digest.deliver.check.contrast import visible_texts
from digest.deliver.check.css import Colour, background_colour, colour, declarations, fetches
from digest.deliver.colour import contrast, inverted, legible
from digest.deliver.render import css

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),  # the well-known grey that just fails
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_the_ratio_of_wcag(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@given(start=colours, paper=st.sampled_from(["#fffefb", "#17181a"]))
def test_legible_always_reaches_the_minimum(start: str, paper: str) -> None:
    end = "#000000" if paper == "#fffefb" else "#ffffff"
    result = legible(start, end, paper, 4.5)
    assert contrast(result, paper) >= 4.5
    assert contrast(start, paper) < 4.5 or result == start


@given(start=colours)
def test_inverted_twice_is_the_same_colour(start: str) -> None:
    twice = inverted(inverted(start))
    assert all(abs(int(start[i : i + 2], 16) - int(twice[i : i + 2], 16)) <= 3 for i in (1, 3, 5))


@pytest.mark.parametrize(
    ("value", "on_white"),
    [
        ("#ABC", "#aabbcc"),
        ("#abcf", "#aabbcc"),
        ("#00000080", "#7f7f7f"),
        ("#0008", "#777777"),
        ("gainsboro", "#dcdcdc"),
        ("RebeccaPurple", "#663399"),
        ("rgb(1, 2, 255)", "#0102ff"),
        ("rgb(1 2 255)", "#0102ff"),
        ("rgb(50%, 0%, 100%)", "#8000ff"),
        ("White !important", "#ffffff"),
        ("transparent", "#ffffff"),
        ("rgba(0,0,0,.5)", "#808080"),
        ("rgb(0 0 0 / 25%)", "#bfbfbf"),
        ("hsl(0, 0%, 86%)", "#dbdbdb"),
        ("hsl(120deg 100% 25%)", "#008000"),
        ("hsla(240, 100%, 50%, 0.5)", "#8080ff"),
        ("hwb(0 50% 50%)", "#808080"),
        ("lab(100% 0 0)", "#ffffff"),
        ("oklch(0.6280 0.2577 29.23)", "#ff0000"),
        ("color(srgb 1 0.5 0)", "#ff8000"),
        ("color-mix(in srgb, white, black)", "#808080"),
        ("color-mix(in srgb, red 25%, blue)", "#4000bf"),
        ("color-mix(in oklab, black, transparent 50%)", "#808080"),
    ],
)
def test_colour_in_every_notation_is_its_value(value: str, on_white: str) -> None:
    found = colour(value)
    assert found is not None
    seen = found.over("#ffffff")
    assert all(abs(int(seen[i : i + 2], 16) - int(on_white[i : i + 2], 16)) <= 1 for i in (1, 3, 5)), seen


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "inherit",
            "url(a.png)",
            "rgb()",
            "rgb(1, 2)",
            "color()",
            "hsl(a b c)",
            "#12345",
            "red blue",
            "var(--ink)",
        ),
        *("color-mix(in srgb, red)", "color-mix(in srgb, red, nothing)", "color-mix(" * 50 + "red" + ")" * 50),
    ],
)
def test_colour_of_another_value_is_none(value: str) -> None:
    assert colour(value) is None


def test_colour_currentcolor_is_the_current_one() -> None:
    ink = Colour((10.0, 20.0, 30.0))
    assert colour("currentColor", ink) == ink
    assert colour("currentcolor") is None


def test_background_shorthand_gives_its_colour() -> None:
    for style in (
        "url('a;b.png') no-repeat #dcdcdc",
        "gainsboro url(x.png)",
        "linear-gradient(red, blue), rgb(220 220 220)",
    ):
        found = background_colour(declarations(f"background: {style}")["background"])
        assert found is not None
        assert found.over("#ffffff") == "#dcdcdc"


def test_declarations_important_wins_and_invalid_colour_is_ignored() -> None:
    style = declarations("color: red !important; COLOR: blue; background-color: #eee; background-color: nonsense")
    assert colour(style["color"]) == colour("red")
    assert colour(style["background-color"]) == colour("#eeeeee")


@pytest.mark.parametrize(
    "ink",
    [
        *("gainsboro", "#dcdcdc", "#dcdcdcff", "rgb(220,220,220)", "rgba(0, 0, 0, 0.14)", "hsl(0 0% 86%)", "#00000024"),
        *("lightgrey", "color-mix(in srgb, white 86%, black)", "oklch(0.9 0 0)"),
    ],
)
def test_contrast_of_a_pale_text_fails_in_every_notation(ink: str) -> None:
    page = parsed(f'<body><p style="color: {ink}">pale</p><p style="color: black">dark</p></body>')
    pale, dark = sorted(visible_texts(page), key=lambda text: text.contrast)
    assert pale.text == "pale"
    assert pale.contrast < 1.6
    assert dark.contrast == 21


@pytest.mark.parametrize(
    ("html", "ink", "paper"),
    [
        ('<div style="background: navy"><p style="color: rgba(255, 255, 255, 0.5)">a</p></div>', "#8080c0", "#000080"),
        ('<div style="background-color: rgba(0, 0, 0, 0.5)">a</div>', "#000000", "#808080"),
        (
            '<div style="background: rgb(0 0 0 / 50%)"><b style="background: #ffffff80; color: white">a</b></div>',
            *("#ffffff", "#c0c0c0"),
        ),
        (
            '<div style="background: black"><p style="background: transparent; color: #fff">a</p></div>',
            "#ffffff",
            "#000000",
        ),
        (
            '<div style="color: green"><p style="background: currentcolor; color: white">a</p></div>',
            "#ffffff",
            "#ffffff",
        ),
        ('<table bgcolor="gainsboro"><tr><td><font color="#333333">a</font></td></tr></table>', "#333333", "#dcdcdc"),
        ('<div style="color: #123456"><p style="color: no-colour">a</p></div>', "#123456", "#ffffff"),
    ],
)
def test_texts_blend_transparent_colours_with_their_background(html: str, ink: str, paper: str) -> None:
    [text] = visible_texts(parsed(f"<body>{html}</body>"))
    assert (text.ink, text.paper) == (ink, paper)


def test_computed_dark_styles_apply_every_dark_media_query() -> None:
    html = """<html><head><style>@media screen and ( prefers-color-scheme : DARK ) { p { color: gainsboro } }
        @media (prefers-color-scheme: light) { p { color: red } }</style></head><body><p>x</p></body></html>"""
    [light], [dark] = ([*visible_texts(parsed(css.computed(html, dark)))] for dark in (False, True))
    assert (light.ink, dark.ink) == ("#000000", "#dcdcdc")


def test_fetches_are_found_in_every_notation() -> None:
    urls = ["https://a.example/1", "https://a.example/2", "https://a.example/3", "https://a.example/4"]
    sheet = (
        f"p {{ background: U\\52L({urls[0]}) }} q {{ background: image-set('{urls[1]}' 1x, url(\"{urls[2]}\") 2x) }}"
    )
    assert sorted(dict(fetches(sheet))) == urls[:3]
    assert fetches(f"@import '{urls[3]}' screen;") == ((urls[3], True),)
    assert fetches("p { content: 'url(https://a.example/x)' /* url(b) */ }") == ()


def test_texts_inherit_override_and_hide_as_in_a_browser() -> None:
    html = """<html><head><style>
        .a { color: #111111 } p.a { color: #222222 } .b { color: #333333 !important }
        @media (prefers-color-scheme: dark) {
          body { background-color: #000000 !important } .a { color: #eeeeee !important }
        }
        </style></head><body style="background-color:#ffffff;color:#010203">root
        <p class="a">more specific</p><p class="b" style="color:#444444">important</p>
        <div bgcolor="#cccccc">on grey <b style="color:white">white</b></div><div style="display:none">hidden</div>
        </body></html>"""
    light = {seen.text: (seen.ink, seen.paper) for seen in visible_texts(parsed(css.computed(html)))}
    assert light == {
        "root": ("#010203", "#ffffff"),
        "more specific": ("#222222", "#ffffff"),
        "important": ("#333333", "#ffffff"),
        "on grey": ("#010203", "#cccccc"),
        "white": ("#ffffff", "#cccccc"),
    }
    dark = {seen.text: (seen.ink, seen.paper) for seen in visible_texts(parsed(css.computed(html, dark=True)))}
    assert dark["more specific"] == ("#eeeeee", "#000000")
    assert dark["root"] == ("#010203", "#000000")
