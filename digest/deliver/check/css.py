"""CSS values read with a parser: the declarations of a style, and colours (CSS Color 4) as sRGB. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import tinycss2
from tinycss2 import color4

from digest.deliver.colour import Rgb, hexadecimal, rgb

#: A component value of tinycss2, which has no types of its own.
Token = Any

#: XYZ (D65) to linear sRGB, and D50 to D65 (CSS Color 4, section 18).
_TO_LINEAR: Final = (
    (3.2409699419045213, -1.5373831775700935, -0.4986107602930033),
    (-0.9692436362808798, 1.8759675015077206, 0.0415550574071756),
    (0.0556300796969936, -0.2039769588889765, 1.0569715142428786),
)
_D50_TO_D65: Final = (
    (0.955473421488075, -0.02309845494876471, 0.06325924320057072),
    (-0.0283697093338637, 1.0099953980813041, 0.021041441191917323),
    (0.012314014864481998, -0.020507649298898964, 1.330365926242124),
)
_XYZ_OF: Final = {"lab": "xyz-d50", "lch": "xyz-d50", "oklab": "xyz-d65", "oklch": "xyz-d65"}
_BLOCKS: Final = ("() block", "[] block", "{} block")
_FETCHING_FUNCTIONS: Final = ("url", "src", "image", "image-set", "-webkit-image-set")
#: Levels of `color-mix()` inside another that are read.
_MAX_DEPTH: Final = 4


class Colour(NamedTuple):
    """A colour in sRGB, parts from 0 to 255, with its opacity from 0 to 1."""

    rgb: Rgb
    alpha: float = 1.0

    def over(self, background: str) -> str:
        """Return the opaque colour ('#rrggbb') that is seen when this one is painted over a background."""
        return _blend(self, background)


@lru_cache(maxsize=1000)
def _blend(colour: Colour, background: str) -> str:
    if colour.alpha == 1:
        return hexadecimal(colour.rgb)
    red, green, blue = (
        top * colour.alpha + below * (1 - colour.alpha) for top, below in zip(colour.rgb, rgb(background), strict=True)
    )
    return hexadecimal((red, green, blue))


@lru_cache(maxsize=2000)
def declarations(style: str) -> Mapping[str, tuple[Token, ...]]:
    """Return property -> value of a `style` attribute, names in lower case.

    The last declaration of a property wins, but `!important` ones win over others. A `color` or `background-color` that
    is no colour is invalid and ignored, as browsers do.
    """
    values: dict[str, tuple[Token, ...]] = {}
    important: set[str] = set()
    for node in tinycss2.parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):
        if node.type != "declaration" or (node.lower_name in important and not node.important):
            continue
        value = significant(node.value)
        if node.lower_name in ("color", "background-color") and not _is_colour_value(value):
            continue
        values[node.lower_name] = value
        if node.important:
            important.add(node.lower_name)
    return values


def significant(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Return the tokens without white space and comments."""
    return tuple(token for token in tokens if token.type not in ("whitespace", "comment"))


def walk(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens and those inside their functions and blocks, however deep."""
    stack = [iter(tokens)]
    while stack:
        for token in stack[-1]:
            yield token
            if token.type == "function":
                stack.append(iter(token.arguments))
                break
            if token.type in _BLOCKS:
                stack.append(iter(token.content))
                break
        else:
            stack.pop()


@lru_cache(maxsize=2000)
def fetches(css: str) -> tuple[tuple[str, bool], ...]:
    """Return (URL, whether by `@import`) of everything that a style or a style sheet would fetch."""
    urls: list[tuple[str, bool]] = []
    tokens = walk(tinycss2.parse_component_value_list(css))
    importing = False
    for token in tokens:
        if token.type == "url":
            urls.append((token.value, importing))
        elif token.type == "function" and token.lower_name in _FETCHING_FUNCTIONS:
            urls += [(part.value, importing) for part in walk(token.arguments) if part.type == "string"]
        elif token.type == "string" and importing:
            urls.append((token.value, True))
        if token.type not in ("whitespace", "comment"):
            importing = token.type == "at-keyword" and token.lower_value == "import"
    return tuple(urls)


def keyword(tokens: Sequence[Token]) -> str:
    """Return a value that is one identifier in lower case, else ""."""
    return str(tokens[0].lower_value) if len(tokens) == 1 and tokens[0].type == "ident" else ""


def colour(value: str | Sequence[Token], current: Colour | None = None) -> Colour | None:
    """Return a CSS colour; None for a value that is none. `current` is what `currentcolor` means."""
    if isinstance(value, str):
        value = significant(tinycss2.parse_component_value_list(value.strip()))
        if len(value) > 2 and value[-2] == "!" and keyword(value[-1:]) == "important":
            value = value[:-2]
    return _colour(value[0], current, 0) if len(value) == 1 else None


def background_colour(value: Sequence[Token], current: Colour | None = None) -> Colour | None:
    """Return the colour in a `background` shorthand; None without one."""
    return next((found for token in reversed(value) if (found := _colour(token, current, 0))), None)


def _is_colour_value(value: Sequence[Token]) -> bool:
    inherited = keyword(value) in ("inherit", "initial", "unset", "revert", "currentcolor")
    return inherited or colour(value) is not None


def _colour(token: Token, current: Colour | None, depth: int) -> Colour | None:
    if token.type == "function" and token.lower_name == "color-mix":
        return _mixed(token.arguments, current, depth + 1) if depth < _MAX_DEPTH else None
    if token.type not in ("ident", "hash", "function"):
        return None
    try:
        parsed = color4.parse_color(token)
        if parsed == "currentcolor":
            return current
        return None if parsed is None else Colour(_srgb(parsed), parsed.alpha)
    except (ValueError, TypeError, AttributeError, IndexError, NotImplementedError, OverflowError):
        return None  # malformed functions, which tinycss2 does not always refuse


def _srgb(parsed: color4.Color) -> Rgb:
    """Return a colour of any space as sRGB, 0 to 255; wide gamuts such as display-p3 by their own coordinates."""
    space = parsed.space
    if space in ("hsl", "hwb"):
        parsed, space = parsed.to("srgb"), "srgb"
    if space in _XYZ_OF:
        space = _XYZ_OF[space]
        parsed = parsed.to(space)
    parts = tuple(part or 0.0 for part in parsed.coordinates)
    if space == "xyz-d50":
        parts = _product(_D50_TO_D65, parts)
    if space.startswith("xyz"):
        parts = _product(_TO_LINEAR, parts)
    if space.startswith("xyz") or space == "srgb-linear":
        parts = tuple(12.92 * p if p <= 0.0031308 else 1.055 * p ** (1 / 2.4) - 0.055 for p in parts)
    red, green, blue = (min(max(part, 0.0), 1.0) * 255 for part in parts)
    return red, green, blue


def _product(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _mixed(arguments: Sequence[Token], current: Colour | None, depth: int) -> Colour | None:
    """Return the value of `color-mix(in SPACE, COLOUR P%, COLOUR P%)` (CSS Color 5), mixed in sRGB for any space."""
    parts: list[list[Token]] = [[]]
    for token in significant(arguments):
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    if len(parts) != 3 or keyword(parts[0][:1]) != "in":
        return None
    colours, shares = [], []
    for part in parts[1:]:
        shares.append(next((token.value / 100 for token in part if token.type == "percentage"), None))
        rest = [token for token in part if token.type != "percentage"]
        colours.append(_colour(rest[0], current, depth) if len(rest) == 1 else None)
    one, other = colours
    if one is None or other is None:
        return None
    first, second = shares
    if first is None:
        first = 0.5 if second is None else 1 - second
    if second is None:
        second = 1 - first
    total = first + second
    if min(first, second) < 0 or total <= 0:
        return None
    first, second = first / total, second / total
    alpha = one.alpha * first + other.alpha * second
    weights = (one.alpha * first, other.alpha * second)
    red, green, blue = (
        (a * weights[0] + b * weights[1]) / (alpha or 1) for a, b in zip(one.rgb, other.rgb, strict=True)
    )
    return Colour((red, green, blue), alpha * min(total, 1.0))
