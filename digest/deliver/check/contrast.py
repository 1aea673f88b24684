"""Contrast of colours, after WCAG 2.2 (relative luminance, contrast ratio), and of every text in a page. Pure."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml import etree

Rgb = tuple[float, float, float]

_NAMED: Final = {
    "black": "#000000", "white": "#ffffff", "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0",
    "red": "#ff0000", "maroon": "#800000", "green": "#008000", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "purple": "#800080", "olive": "#808000", "orange": "#ffa500", "yellow": "#ffff00",
}  # fmt: skip
_RGB: Final = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)")
_DECLARATION: Final = re.compile(r"\s*([a-z-]+)\s*:\s*((?:[^;\"']|\"[^\"]*\"|'[^']*')*)", re.IGNORECASE)
_IMPORTANT: Final = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)


def rgb(colour: str) -> Rgb:
    """'#rrggbb' as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hexadecimal(colour: Rgb) -> str:
    """Three numbers from 0 to 255 as '#rrggbb'."""
    return "#" + "".join(f"{round(part):02x}" for part in colour)


def luminance(colour: Rgb) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1000)
def ratio(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(rgb(one)), luminance(rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def towards(colour: str, end: str, paper: str, wanted: float) -> str:
    """`colour` mixed with as little of `end` as gives the `wanted` ratio on `paper`; `end` itself if nothing does."""
    for step in range(41):
        part = step / 40
        mixed = between(colour, end, part)
        if ratio(mixed, paper) >= wanted:
            return mixed
    return end


def between(one: str, other: str, part: float) -> str:
    """`one` with that part (0 to 1) of `other` mixed in."""
    (a, b, c), (x, y, z) = rgb(one), rgb(other)
    return hexadecimal((a + (x - a) * part, b + (y - b) * part, c + (z - c) * part))


@lru_cache(maxsize=1000)
def inverted(colour: str) -> str:
    """The colour as clients show it that turn lightness round by themselves (Gmail on phones, Outlook)."""
    red, green, blue = (part / 255 for part in rgb(colour))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    red, green, blue = colorsys.hls_to_rgb(hue, 1 - lightness, saturation)
    return hexadecimal((red * 255, green * 255, blue * 255))


@lru_cache(maxsize=1000)
def colour(value: str) -> str | None:
    """A CSS colour as '#rrggbb'; None for what is not an opaque colour that we know."""
    value = _IMPORTANT.sub("", value).strip().lower()
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return value
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "#" + "".join(2 * digit for digit in value[1:])
    if match := _RGB.fullmatch(value):
        return hexadecimal((int(match[1]), int(match[2]), int(match[3])))
    return _NAMED.get(value)


@lru_cache(maxsize=1000)
def declarations(style: str) -> Mapping[str, str]:
    """Property -> value of a `style` attribute, lower-case names; the last of two wins."""
    return {match[1].lower(): _IMPORTANT.sub("", match[2]).strip() for match in _DECLARATION.finditer(style)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A text with the colours that it has in the end."""

    text: str
    ink: str
    paper: str

    @property
    def ratio(self) -> float:
        """Its contrast."""
        return ratio(self.ink, self.paper)


def texts(page: etree._Element, ink: str = "#000000", paper: str = "#ffffff") -> Iterator[Seen]:
    """Every visible text of a page, whose `style` attributes hold the final styles. Inherits as CSS does."""
    stack: list[tuple[etree._Element, str, str]] = [(page, ink, paper)]
    while stack:
        element, ink, paper = stack.pop()
        if not isinstance(element.tag, str):
            continue
        style = declarations(element.get("style") or "")
        if style.get("display") == "none" or element.tag in ("script", "style", "head", "title"):
            continue
        ink = colour(style.get("color", "")) or ink
        background = style.get("background-color") or style.get("background", "").split(" ")[0]
        paper = colour(background) or colour(element.get("bgcolor") or "") or paper
        own = " ".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if own:
            yield Seen(own, ink, paper)
        stack.extend((child, ink, paper) for child in element)
