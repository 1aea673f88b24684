"""Arithmetic of colours as '#rrggbb': contrast after WCAG 2.2, mixing, and inversion as in dark mode. Pure."""

from __future__ import annotations

import colorsys
from functools import lru_cache

Rgb = tuple[float, float, float]


def rgb(colour: str) -> Rgb:
    """Return '#rrggbb' as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hexadecimal(colour: Rgb) -> str:
    """Return three numbers from 0 to 255 as '#rrggbb'."""
    return "#" + "".join(f"{round(part):02x}" for part in colour)


def luminance(colour: Rgb) -> float:
    """Return the relative luminance, 0 (black) to 1 (white)."""
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=1000)
def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(rgb(one)), luminance(rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def legible(colour: str, end: str, paper: str, minimum: float) -> str:
    """Return `colour` mixed with as little of `end` as gives the `minimum` contrast on `paper`; `end` if none does."""
    for step in range(41):
        mixed = mix(colour, end, step / 40)
        if contrast(mixed, paper) >= minimum:
            return mixed
    return end


def mix(one: str, other: str, share: float) -> str:
    """Return `one` with that share (0 to 1) of `other` mixed in."""
    (a, b, c), (x, y, z) = rgb(one), rgb(other)
    return hexadecimal((a + (x - a) * share, b + (y - b) * share, c + (z - c) * share))


@lru_cache(maxsize=1000)
def inverted(colour: str) -> str:
    """Return the colour with its lightness inverted, as Gmail on phones and Outlook do by themselves in dark mode."""
    red, green, blue = (part / 255 for part in rgb(colour))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    red, green, blue = colorsys.hls_to_rgb(hue, 1 - lightness, saturation)
    return hexadecimal((red * 255, green * 255, blue * 255))
