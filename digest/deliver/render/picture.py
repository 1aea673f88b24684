"""Pictures for mails: cropped, scaled and compressed copies of publishers' pictures, without metadata.

Twice the CSS width, JPEG, at most 60 kB: Outlook on Windows shows no WebP, Gmail no SVG. Files may be hostile: few
formats are opened, and none with more pixels than a camera makes. Bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from digest.deliver.theme import LIGHT, Shape

if TYPE_CHECKING:
    from PIL.Image import Image

#: Size in CSS pixels: 16:9 across the column, a square beside the text.
SIZES: Final[dict[Shape, tuple[int, int]]] = {"wide": (536, 302), "square": (112, 112)}
MOST_BYTES: Final = 60_000
_MOST_PIXELS: Final = 60_000_000
_LEVELS: Final = 6
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file. `name` is a hash of its content; `width` and `height` are the file's pixels."""

    name: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """The result for one picture: the shapes that it is large enough for, or the reason why there is none."""

    wide: Picture | None = None
    square: Picture | None = None
    problem: str = ""

    def shape(self, shape: Shape) -> Picture | None:
        """Return the picture in a shape."""
        return self.wide if shape == "wide" else self.square


def prepare(data: bytes) -> PreparedPicture:
    """Return every shape of a picture. An unusable picture is a value with its `problem`, never an error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; our own limit is lower
            source = _opened(data)
            wide = _shaped(source, *SIZES["wide"])
            square = _shaped(source, *SIZES["square"])
            blank = square is not None and _is_blank(source)
    except Exception as error:  # decoders of hostile files raise anything
        return PreparedPicture(problem=_unreadable(error))
    if square is None:
        return PreparedPicture(problem=f"too small or too narrow: {source.width} by {source.height} pixels")
    if blank:
        return PreparedPicture(problem="one colour from edge to edge: there is nothing to see")
    return PreparedPicture(wide, square)


def logo(data: bytes, height: int = 48) -> tuple[Picture, int, int]:
    """Return a logo as PNG at twice its height, and its width and height in CSS pixels (at most 300 by `height`).

    A nearly black or white logo on transparency would be invisible in one of the colour schemes: it gets the light
    background. Raises ValueError when it is no picture.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = _opened(data, keep_alpha=True)
    except Exception as error:  # a logo may come from an address, too
        raise ValueError(_unreadable(error)) from None
    width = max(1, round(source.width * height / source.height))
    if width > 300:
        width, height = 300, max(1, round(source.height * 300 / source.width))
    scale = min(2.0, source.height / height)
    scaled = source.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.LANCZOS)
    if _is_invisible_somewhere(scaled):
        plate = Image.new("RGBA", scaled.size, LIGHT.paper)
        plate.alpha_composite(scaled)
        scaled = plate
    out = io.BytesIO()
    scaled.save(out, "PNG", optimize=True)
    return _named(out.getvalue(), scaled.size, "png"), width, height


def _unreadable(error: Exception) -> str:
    if "cannot identify" in str(error):
        return "not a picture that can be read: it is no JPEG, PNG, WebP or GIF"
    return f"not a picture that can be read: {error}"[:200]


def _opened(data: bytes, keep_alpha: bool = False) -> Image:
    """Return the picture, rotated upright, as RGB on the light background (or as RGBA)."""
    from PIL import Image, ImageOps

    picture: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
    if picture.width * picture.height > _MOST_PIXELS:
        raise ValueError(f"{picture.width} by {picture.height} pixels are too many")
    picture.draft("RGB", (SIZES["wide"][0] * 2, SIZES["wide"][0] * 2))  # JPEG: decode no larger than needed
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off instead of scaling
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if keep_alpha:
        return picture.convert("RGBA")
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, LIGHT.paper)
        paper.alpha_composite(picture.convert("RGBA"))
        picture = paper
    return picture.convert("RGB")


def _shaped(source: Image, width: int, height: int) -> Picture | None:
    """Return the picture cropped to a shape, at twice its size at most; None if it is too small or too narrow."""
    from PIL import Image

    if source.width < width or source.height < height or max(source.size) > 4 * min(source.size):
        return None
    kept_width = min(source.width, round(source.height * width / height))
    kept_height = min(source.height, round(source.width * height / width))
    left, top = (source.width - kept_width) // 2, (source.height - kept_height) // 3  # faces are above the middle
    scale = min(2.0, kept_width / width)
    size = (round(width * scale), round(height * scale))
    box = (left, top, left + kept_width, top + kept_height)
    scaled = source.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    for quality in (80, 72, 64, 54, 44, 34, 24, 14):
        out = io.BytesIO()
        scaled.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= MOST_BYTES:
            return _named(out.getvalue(), size, "jpg")
    return None  # only noise compresses this badly


def _named(data: bytes, size: tuple[int, int], ending: str) -> Picture:
    return Picture(f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}", data, *size)


def _is_blank(picture: Image) -> bool:
    """Return whether a picture has one colour, as placeholders of outlets do.

    Differences of a few levels of 256 do not count, after compression noise is averaged out.
    """
    from PIL import Image

    small = picture.resize((48, 48), Image.Resampling.BOX)
    return all(max(levels) - min(levels) <= _LEVELS for levels in (band.tobytes() for band in small.split()))


def _is_invisible_somewhere(picture: Image) -> bool:
    """Return whether a picture has transparency and its visible part is nearly black or nearly white."""
    alpha = picture.getchannel("A")
    if alpha.getextrema()[0] == 255:
        return False
    histogram = picture.convert("L").histogram(mask=alpha.point(lambda a: 255 if a > 127 else 0))
    seen = sum(histogram) or 1
    return sum(histogram[:40]) / seen > 0.5 or sum(histogram[225:]) / seen > 0.5
