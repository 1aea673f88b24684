"""Contrast of colours, after WCAG 2.2 (relative luminance, contrast ratio). Pure."""

from __future__ import annotations

Rgb = tuple[float, float, float]


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


def ratio(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    high, low = sorted((luminance(rgb(one)), luminance(rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def towards(colour: str, end: str, paper: str, wanted: float) -> str:
    """`colour` mixed with as little of `end` as gives the `wanted` ratio on `paper`; `end` itself if nothing does."""
    start, goal = rgb(colour), rgb(end)
    for step in range(21):
        mixed = hexadecimal(tuple(a + (b - a) * step / 20 for a, b in zip(start, goal, strict=True)))  # type: ignore[arg-type]
        if ratio(mixed, paper) >= wanted:
            return mixed
    return end
