"""Pictures: whatever a publisher serves becomes a small JPEG of ours, or a reason why not."""

from __future__ import annotations

import io
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digest.deliver.render.media import Media
from digest.deliver.render.picture import MOST_BYTES, logo, prepare
from tests.deliver import editions


def _noise(width: int, height: int) -> Image.Image:
    """The hardest thing to compress, the same every time."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(3 * width * height))


def _bytes(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _spotted(picture: Image.Image, ink: object = "#123") -> Image.Image:
    """With something to see in its last quarter."""
    width, height = picture.size
    ImageDraw.Draw(picture).rectangle((width * 0.75, height * 0.6, width, height), fill=ink)  # type: ignore[arg-type]
    return picture


def test_a_photograph_becomes_two_shapes_at_twice_the_printed_size_and_at_most_60_kb() -> None:
    prepared = prepare(_bytes(_noise(2400, 1600), "JPEG", quality=95))
    assert prepared.wide is not None
    assert prepared.square is not None
    assert (prepared.wide.width, prepared.wide.height) == (1072, 604)
    assert (prepared.square.width, prepared.square.height) == (224, 224)
    for picture in (prepared.wide, prepared.square):
        assert len(picture.data) <= MOST_BYTES
        assert Image.open(io.BytesIO(picture.data)).format == "JPEG"


def test_the_name_is_made_from_the_content() -> None:
    one, same, other = prepare(editions.photograph(1)), prepare(editions.photograph(1)), prepare(editions.photograph(2))
    assert one == same
    assert one.square is not None
    assert other.square is not None
    assert one.square.name != other.square.name


def test_no_metadata_of_the_original_travels_on() -> None:
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    exif[0x8825] = {2: (52.0, 31.0, 0.0)}
    prepared = prepare(_bytes(_spotted(Image.new("RGB", (900, 600), "#abc")), "JPEG", exif=exif.tobytes()))
    assert prepared.square is not None
    assert dict(Image.open(io.BytesIO(prepared.square.data)).getexif()) == {}


def test_a_picture_taken_on_its_side_is_turned_upright() -> None:
    picture = Image.new("RGB", (1200, 1200), "#ffffff")
    ImageDraw.Draw(picture).rectangle((0, 0, 600, 1200), fill="#000000")  # black on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: black comes to the top
    prepared = prepare(_bytes(picture, "JPEG", exif=exif.tobytes()))
    assert prepared.square is not None
    upright = Image.open(io.BytesIO(prepared.square.data)).convert("L")
    assert upright.resize((1, 2)).tobytes()[0] < 40


def test_transparency_becomes_paper() -> None:
    prepared = prepare(_bytes(_spotted(Image.new("RGBA", (600, 600), (0, 0, 0, 0)))))
    assert prepared.square is not None
    red, green, blue = Image.open(io.BytesIO(prepared.square.data)).getpixel((5, 5))  # type: ignore[misc]
    assert min(red, green, blue) > 245


@pytest.mark.parametrize(
    ("size", "wide", "square"), [((536, 302), True, True), ((535, 400), False, True), ((112, 112), False, True)]
)
def test_a_picture_is_never_blown_up(size: tuple[int, int], wide: bool, square: bool) -> None:
    prepared = prepare(_bytes(_spotted(Image.new("RGB", size, "#456"))))
    assert (prepared.wide is not None, prepared.square is not None) == (wide, square)


@pytest.mark.parametrize("size", [(1, 1), (111, 600), (2000, 120)])
def test_what_is_too_small_or_too_narrow_is_no_picture(size: tuple[int, int]) -> None:
    prepared = prepare(_bytes(Image.new("RGB", size)))
    assert prepared.square is None
    assert "too small" in prepared.problem


@pytest.mark.parametrize("ink", ["#ffffff", "#000000", "#c8102e"])
def test_one_colour_from_edge_to_edge_is_no_picture(ink: str) -> None:
    for data in (_bytes(Image.new("RGB", (1200, 630), ink)), _bytes(Image.new("RGB", (1200, 630), ink), "JPEG")):
        prepared = prepare(data)
        assert prepared.square is None
        assert "one colour" in prepared.problem
    assert prepare(_bytes(_spotted(Image.new("RGB", (1200, 630), ink), "#888"))).wide is not None


def _bomb() -> bytes:
    """A PNG of 20,000 by 20,000 pixels in 40 kB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = (20_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>404</html>",
        _bomb(),
        editions.photograph(0)[:5000],
    ],
    ids=["empty", "cut", "svg", "page", "bomb", "half"],
)
def test_what_is_no_picture_is_a_reason_and_no_error(data: bytes) -> None:
    prepared = prepare(data)
    assert prepared.square is None
    assert prepared.wide is None
    assert prepared.problem
    assert "0x" not in prepared.problem
    with pytest.raises(ValueError, match=r"not a picture|pixels"):
        logo(data)


def test_no_picture_is_larger_than_60_kb_not_even_noise() -> None:
    grain = Image.frombytes("L", (2000, 1200), random.Random(7).randbytes(2_400_000))
    spots = grain.point(lambda value: 255 if value > 127 else 0).resize((4000, 2400), Image.Resampling.NEAREST)
    prepared = prepare(_bytes(spots))
    assert prepared.wide is None
    assert prepared.square is not None
    assert len(prepared.square.data) <= MOST_BYTES


def test_sixteen_bits_of_grey_are_scaled_not_cut_off() -> None:
    prepared = prepare(_bytes(_spotted(Image.new("I;16", (600, 400), 0x8000), 0)))
    assert prepared.square is not None
    assert Image.open(io.BytesIO(prepared.square.data)).getpixel((5, 5)) == pytest.approx((128, 128, 128), abs=2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_is_an_error(data: st.DataObject) -> None:
    whole = bytearray(
        _bytes(
            _noise(160, 160),
            data.draw(st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"])),
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    prepared = prepare(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert bool(prepared.problem) == (prepared.square is None)


@pytest.mark.parametrize(("ink", "plate"), [("#000000", True), ("#ffffff", True), ("#a3261b", False)])
def test_a_logo_that_would_vanish_in_one_scheme_gets_paper_under_it(ink: str, plate: bool) -> None:
    picture = Image.new("RGBA", (400, 100), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((20, 20, 380, 80), fill=ink)
    made, width, height = logo(_bytes(picture))
    assert (width, height) == (192, 48)
    corner = Image.open(io.BytesIO(made.data)).convert("RGBA").getpixel((0, 0))
    assert corner == ((255, 254, 251, 255) if plate else (0, 0, 0, 0))


def test_media_keeps_a_logo_and_remembers_where_it_came_from(tmp_path: Path) -> None:
    media = Media(tmp_path)
    assert media.logo("https://a.example/logo.png") is None
    kept = media.logo("https://a.example/logo.png", _bytes(Image.new("RGB", (300, 100), "#0a5c36")))
    assert kept is not None
    assert media.logo("https://a.example/logo.png") == kept
    assert kept[1:] == (144, 48)
    with pytest.raises(ValueError, match="not a picture"):
        media.logo("https://a.example/other.png", b"<html>")


def test_media_keeps_pictures_and_what_became_of_each_address(tmp_path: Path) -> None:
    media = Media(tmp_path / "media")
    assert media.get("https://a.example/1.jpg") is None
    made = media.put("https://a.example/1.jpg", editions.photograph(3))
    assert media.get("https://a.example/1.jpg") == made
    assert made.wide is not None
    assert media.read(made.wide.name) == made.wide.data
    refused = media.put("https://a.example/2.jpg", b"no picture")
    assert media.get("https://a.example/2.jpg") == refused
    assert refused.problem


@pytest.mark.parametrize("name", ["../settings.toml", "/etc/passwd", "index", "a.jpg", "", "0" * 24 + ".svg"])
def test_media_reads_nothing_but_its_own_pictures(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        Media(tmp_path).read(name)


def test_a_picture_that_was_deleted_is_asked_for_again(tmp_path: Path) -> None:
    media = Media(tmp_path)
    made = media.put("https://a.example/1.jpg", editions.photograph(3))
    assert made.square is not None
    (tmp_path / made.square.name).unlink()
    assert media.get("https://a.example/1.jpg") is None
