"""Contrast after WCAG, and the colours that texts have in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.deliver.check.checked import parsed
from digest.deliver.check.contrast import colour, inverted, ratio, texts, towards
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
def test_ratios_are_those_of_wcag(one: str, other: str, expected: float) -> None:
    assert ratio(one, other) == pytest.approx(expected, abs=0.005)
    assert ratio(other, one) == ratio(one, other)


@given(start=colours, paper=st.sampled_from(["#fffefb", "#17181a"]))
def test_a_colour_can_always_be_made_legible(start: str, paper: str) -> None:
    end = "#000000" if paper == "#fffefb" else "#ffffff"
    made = towards(start, end, paper, 4.5)
    assert ratio(made, paper) >= 4.5
    assert ratio(start, paper) < 4.5 or made == start


@given(start=colours)
def test_turning_lightness_round_twice_gives_the_colour_back(start: str) -> None:
    twice = inverted(inverted(start))
    assert all(abs(int(start[i : i + 2], 16) - int(twice[i : i + 2], 16)) <= 3 for i in (1, 3, 5))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("#ABC", "#aabbcc"),
        ("rgb(1, 2, 255)", "#0102ff"),
        ("White !important", "#ffffff"),
        ("transparent", None),
        ("rgba(0,0,0,.5)", None),
        ("", None),
    ],
)
def test_css_colours_are_read(value: str, expected: str | None) -> None:
    assert colour(value) == expected


def test_colours_are_inherited_overridden_and_hidden_as_in_a_browser() -> None:
    html = """<html><head><style>
        .a { color: #111111 } p.a { color: #222222 } .b { color: #333333 !important }
        @media (prefers-color-scheme: dark) {
          body { background-color: #000000 !important } .a { color: #eeeeee !important }
        }
        </style></head><body style="background-color:#ffffff;color:#010203">root
        <p class="a">more specific</p><p class="b" style="color:#444444">important</p>
        <div bgcolor="#cccccc">on grey <b style="color:white">white</b></div><div style="display:none">hidden</div>
        </body></html>"""
    light = {seen.text: (seen.ink, seen.paper) for seen in texts(parsed(css.computed(html)))}
    assert light == {
        "root": ("#010203", "#ffffff"),
        "more specific": ("#222222", "#ffffff"),
        "important": ("#333333", "#ffffff"),
        "on grey": ("#010203", "#cccccc"),
        "white": ("#ffffff", "#cccccc"),
    }
    dark = {seen.text: (seen.ink, seen.paper) for seen in texts(parsed(css.computed(html, dark=True)))}
    assert dark["more specific"] == ("#eeeeee", "#000000")
    assert dark["root"] == ("#010203", "#000000")
