"""Themes, branding and settings of a mail, and the options of one variant. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args

from digest.deliver.colour import legible, mix
from digest.errors import RenderError

Pictures = Literal["linked", "inline", "none"]
Shape = Literal["wide", "square"]
LeadPictures = Literal["none", "top", "sections"]

#: The least contrast of text (WCAG 2.2, 1.4.3).
MIN_CONTRAST: Final = 4.5

SERIF: Final = "'Iowan Old Style',Palatino,Georgia,serif"
SANS: Final = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one scheme, '#rrggbb'. `rule` is for hairlines and never for text."""

    ink: str
    paper: str
    muted: str
    rule: str
    accent: str


LIGHT: Final = Palette(ink="#1d1d1f", paper="#fffefb", muted="#6b6b70", rule="#dedad2", accent="#a3261b")
DARK: Final = Palette(ink="#ece9e4", paper="#17181a", muted="#a2a2a8", rule="#3a3b3f", accent="#f0897d")


@dataclass(frozen=True, slots=True)
class Theme:
    """The content of a theme's `theme.toml`. Picture widths are CSS pixels; 0 means none in that place.

    `sentences` is how many of a lead are shown (0: all); `contents` from how many stories on the mail opens with a
    table of contents; `lead_pictures` whose picture goes across the column: the top story's, or each section's first.
    """

    name: str
    title: str = ""
    description: str = ""
    light: Palette = LIGHT
    dark: Palette = DARK
    title_font: str = SERIF
    text_font: str = SANS
    sentences: int = 0
    contents: int = 16
    lead_pictures: LeadPictures = "top"
    wide: int = 536
    square: int = 112


@dataclass(frozen=True, slots=True)
class Logo:
    """A newsletter's logo as it is served; `width` and `height` in CSS pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Branding:
    """`[newsletters.X.brand]`: what replaces the theme's own. "" keeps the theme's."""

    accent: str = ""
    accent_dark: str = ""
    title_font: str = ""
    text_font: str = ""
    tagline: str = ""
    logo: Logo | None = None


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The settings of a newsletter's mail.

    `base_url` and `media_url` have no slash at the end; `subject` is a Jinja2 template or "". `budget` is the most
    bytes of HTML before the tail moves to the web. `clients` are the mail programs that `check.client_support`
    reports on (none: all). With `trial` mail goes only to files or to this machine: links to it are no fault. With
    `private_links` links into private networks are shown.
    """

    newsletter: str
    theme: str = "classic"
    brand: Branding = Branding()
    base_url: str = ""
    media_url: str = ""
    site_name: str = ""
    postal_address: str = ""
    subject: str = ""
    budget: int = 80_000
    clients: tuple[str, ...] = ()
    trial: bool = False
    private_links: bool = False


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """Options of one rendering.

    `language` "" is the edition's own; `topics` None are all. `web` is the archive page, with nothing personal in it.
    """

    language: str = ""
    topics: frozenset[str] | None = None
    pictures: Pictures = "linked"
    web: bool = False


#: The options of subscribers without choices.
DEFAULT_OPTIONS: Final = RenderOptions()

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
#: The largest numbers of a `theme.toml`: the column has 600 pixels.
_MAXIMA: Final = {"sentences": 20, "contents": 1000, "wide": 600, "square": 240}
#: Share of ink in a tint: visible as an area, while muted text on it keeps its contrast.
_TINT: Final = 0.04
#: Families apart by commas; one in quotes has both of them, else it would swallow the styles that follow.
_FONT: Final = re.compile(r"(?=.{1,200}\Z)(?:'[\w .-]+'|[\w .-]+)(?:, *(?:'[\w .-]+'|[\w .-]+))*")


def parse(name: str, text: str, source: str) -> Theme:
    """Return a theme from its `theme.toml`. Raises RenderError naming `source`, the key and a valid value."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RenderError(f"{source}: not TOML ({error})", "compare with a built-in theme's theme.toml") from None
    light, dark = (_palette(data.pop(scheme, {}), base, f"{source}: {scheme}") for scheme, base in
                   (("light", LIGHT), ("dark", DARK)))  # fmt: skip
    values = _checked(data, Theme("", ""), source)
    for key, most in _MAXIMA.items():
        if not 0 <= values.get(key, 0) <= most:
            raise RenderError(f"{source}: '{key}' is {values[key]}", f"write a number from 0 to {most}")
    for key in ("title_font", "text_font"):
        if key in values and not _FONT.fullmatch(values[key]):
            raise RenderError(f"{source}: '{values[key]}' is no list of fonts", 'write it as "Georgia, serif"')
    if (places := values.get("lead_pictures", "top")) not in get_args(LeadPictures):
        raise RenderError(f"{source}: '{places}' is no place", f"choose from {', '.join(get_args(LeadPictures))}")
    return Theme(**{**values, "name": name, "light": light, "dark": dark})


def _palette(data: Mapping[str, Any], base: Palette, source: str) -> Palette:
    values = _checked(data, base, source)
    for key, value in values.items():
        if not _COLOUR.fullmatch(value):
            raise RenderError(f"{source}.{key}: '{value}' is no colour", "write it as '#a3261b'")
    return replace(base, **values)


def _checked(data: Mapping[str, Any], like: Any, source: str) -> dict[str, Any]:
    known = {f.name: type(getattr(like, f.name)) for f in fields(like)}
    for key, value in data.items():
        if key not in known or key in ("name", "light", "dark"):
            raise RenderError(f"{source}: unknown key '{key}'", f"known are {', '.join(sorted(known))}")
        if type(value) is not known[key]:
            raise RenderError(f"{source}: '{key}' must be {'a number' if known[key] is int else 'a text in quotes'}")
    return dict(data)


@dataclass(frozen=True, slots=True)
class ResolvedStyle:
    """The colours and fonts that templates use: a theme with a newsletter's branding."""

    light: Palette
    dark: Palette
    title_font: str
    text_font: str
    tracking: str = field(default="1.2px")  # letterspacing of small capitals
    label: str = field(default="12px")  # their size; larger in scripts that have no capitals
    tint: str = field(default="#f6f5f2")  # the ground of a picture until it comes, or where it never does
    tint_dark: str = field(default="#202022")


def resolve_style(theme: Theme, brand: Branding, joined: bool = False) -> ResolvedStyle:
    """Return the theme in the brand's colours and fonts.

    An accent too pale to read is darkened until it is legible; a missing dark accent is the accent, lightened.

    Raises RenderError for what is no colour or no list of fonts.
    """
    for key in ("accent", "accent_dark"):
        if (value := getattr(brand, key)) and not _COLOUR.fullmatch(value):
            raise RenderError(f"brand.{key}: '{value}' is no colour", "write it as '#a3261b'")
    for key in ("title_font", "text_font"):
        if (value := getattr(brand, key)) and not _FONT.fullmatch(value):
            raise RenderError(f"brand.{key}: '{value}' is no list of fonts", 'write it as "Georgia, serif"')
    light, dark = theme.light, theme.dark
    accent = brand.accent or light.accent
    if brand.accent:
        dark = replace(dark, accent=legible(accent, "#ffffff", dark.paper, 6.0))
    if brand.accent_dark:
        dark = replace(dark, accent=legible(brand.accent_dark, "#ffffff", dark.paper, MIN_CONTRAST))
    light = replace(light, accent=legible(accent, "#000000", light.paper, MIN_CONTRAST))
    return ResolvedStyle(
        light=light,
        dark=dark,
        title_font=brand.title_font or theme.title_font,
        text_font=brand.text_font or theme.text_font,
        tracking="0" if joined else "1.2px",
        label="14px" if joined else "12px",
        tint=mix(light.paper, light.ink, _TINT),
        tint_dark=mix(dark.paper, dark.ink, _TINT),
    )
