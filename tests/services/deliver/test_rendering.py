"""Rendering: the settings of a newsletter decide how its mail looks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer

from digest import resources
from digest.bootstrap import App, open_app
from digest.errors import RenderError
from digest.settings import load
from tests.deliver import editions


def _png(colour: str = "#0a5c36") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 100), colour).save(out, "PNG")
    return out.getvalue()


def _app(folder: Path, brand: str) -> AbstractContextManager[App]:
    example = resources.example_settings().read_text(encoding="utf-8")
    text = example.replace('accent = "#a3261b"', f'accent = "#a3261b"\n{brand}\n').replace(
        "# allow_private_networks = false", "allow_private_networks = true"
    )
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return open_app(load(folder / "settings.toml"))


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


def test_logo_file_is_served_from_media_folder(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(_png())
    with _app(tmp_path, 'logo = "logo.png"') as app:
        rendered = app.rendering.render(editions.edition(stories=2))
        logo = app.rendering.mail_settings(editions.edition()).brand.logo
    assert logo is not None
    assert (logo.width, logo.height) == (144, 48)
    assert (tmp_path / "media" / logo.url.rpartition("/")[2]).is_file()
    assert f'src="{logo.url}"' in rendered.html
    assert not rendered.blocked


def test_logo_url_is_fetched_once(tmp_path: Path, server: HTTPServer) -> None:
    server.expect_ordered_request("/robots.txt").respond_with_data("", status=404)
    server.expect_ordered_request("/logo.png").respond_with_data(_png(), content_type="image/png")
    with _app(tmp_path, f'logo = "{server.url_for("/logo.png")}"') as app:
        first = app.rendering.mail_settings(editions.edition()).brand.logo
        assert first is not None
        assert app.rendering.mail_settings(editions.edition()).brand.logo == first


def test_logo_url_without_picture_falls_back_to_title(tmp_path: Path, server: HTTPServer) -> None:
    with _app(tmp_path, f'logo = "{server.url_for("/nothing.png")}"') as app:
        assert app.rendering.mail_settings(editions.edition()).brand.logo is None


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_unusable_logo_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    with (
        _app(tmp_path, 'logo = "logo.png"') as app,
        pytest.raises(RenderError, match=r"brand\.logo: .*logo\.png"),
    ):
        app.rendering.mail_settings(editions.edition())


def test_mail_uses_fonts_of_settings(tmp_path: Path) -> None:
    with _app(tmp_path, 'title_font = "Charter, serif"\ntext_font = "Verdana, sans-serif"') as app:
        html = app.rendering.render(editions.edition(stories=2)).html
    assert "Charter, serif" in html
    assert "Verdana, sans-serif" in html
