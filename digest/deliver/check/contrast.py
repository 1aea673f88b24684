"""Colours of every text in a page, as they are seen in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from digest.deliver import colour as colours
from digest.deliver.check.css import Colour, background_colour, colour, declarations, keyword

if TYPE_CHECKING:
    from lxml import etree

_UNSEEN: Final = ("script", "style", "head", "title")
_BLACK: Final = Colour((0, 0, 0))


@dataclass(frozen=True, slots=True)
class VisibleText:
    """A text with its final colours ('#rrggbb'): `ink` is blended with `paper` where it is transparent."""

    text: str
    ink: str
    paper: str

    @property
    def contrast(self) -> float:
        """The contrast ratio of ink and paper, 1 to 21."""
        return colours.contrast(self.ink, self.paper)


def visible_texts(page: etree._Element, paper: str = "#ffffff") -> Iterator[VisibleText]:
    """Yield every visible text of a page whose `style` attributes hold the final styles. Inherits as CSS does."""
    stack: list[tuple[etree._Element, Colour, str]] = [(page, _BLACK, paper)]
    while stack:
        element, ink, paper = stack.pop()
        if not isinstance(element.tag, str) or element.tag in _UNSEEN:
            continue
        attributes = element.attrib
        if attributes:
            font_colour = attributes.get("color", "") if element.tag == "font" else ""
            painted = _painted(attributes.get("style", ""), font_colour, attributes.get("bgcolor", ""), ink)
            if painted is None:
                continue
            ink, background = painted
            if background:
                paper = background.over(paper)
        own = " ".join([element.text or "", *(child.tail or "" for child in element)]).strip()
        if own:
            yield VisibleText(own, ink.over(paper), paper)
        stack.extend((child, ink, paper) for child in element)


@lru_cache(maxsize=5000)
def _painted(style: str, font_colour: str, bgcolor: str, ink: Colour) -> tuple[Colour, Colour | None] | None:
    """Return an element's ink and background (None for none) by its attributes; None when it is not displayed.

    `ink` is the inherited colour.
    """
    values = declarations(style)
    if keyword(values.get("display", ())) == "none":
        return None
    ink = colour(values.get("color") or font_colour, ink) or ink
    background = (
        colour(values.get("background-color", ()), ink)
        or background_colour(values.get("background", ()), ink)
        or colour(bgcolor)
    )
    return ink, background
