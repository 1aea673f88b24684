"""The mailroom: what the settings say of a newsletter becomes the look of its mail."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pytest
from PIL import Image
from pytest_httpserver import HTTPServer

from digest import resources
from digest.deliver.fault import arm
from digest.deliver.message import Message
from digest.deliver.outbox import Outbox
from digest.deliver.reply import Outcome
from digest.deliver.smtp import Result
from digest.errors import DigestError, RenderError
from digest.mailroom import Mailroom, OutboxTransport, relay
from digest.settings import load
from tests.deliver import editions
from tests.deliver.samples import messages
from tests.fakes.ledger import Ledger


def _png(colour: str = "#0a5c36") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 100), colour).save(out, "PNG")
    return out.getvalue()


def _mailroom(folder: Path, brand: str) -> Mailroom:
    example = resources.example_settings().read_text(encoding="utf-8")
    text = example.replace('accent = "#a3261b"', f'accent = "#a3261b"\n{brand}\n').replace(
        "# allow_private_networks = false", "allow_private_networks = true"
    )
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return Mailroom(load(folder / "settings.toml"))


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer() as server:
        yield server


def test_a_logo_beside_the_settings_is_shown_from_our_own_place(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(_png())
    with _mailroom(tmp_path, 'logo = "logo.png"') as room:
        rendered = room.render(editions.edition(stories=2))
        logo = room.look(editions.edition()).brand.logo
    assert logo is not None
    assert (logo.width, logo.height) == (144, 48)
    assert (tmp_path / "media" / logo.url.rpartition("/")[2]).is_file()
    assert f'src="{logo.url}"' in rendered.html
    assert not rendered.blocked


def test_a_logo_on_the_web_is_fetched_once(tmp_path: Path, server: HTTPServer) -> None:
    server.expect_ordered_request("/robots.txt").respond_with_data("", status=404)
    server.expect_ordered_request("/logo.png").respond_with_data(_png(), content_type="image/png")
    with _mailroom(tmp_path, f'logo = "{server.url_for("/logo.png")}"') as room:
        first = room.look(editions.edition()).brand.logo
        assert first is not None
        assert room.look(editions.edition()).brand.logo == first


def test_a_logo_that_the_web_does_not_give_leaves_the_title_in_letters(tmp_path: Path, server: HTTPServer) -> None:
    with _mailroom(tmp_path, f'logo = "{server.url_for("/nothing.png")}"') as room:
        assert room.look(editions.edition()).brand.logo is None


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_logo_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    with (
        _mailroom(tmp_path, 'logo = "logo.png"') as room,
        pytest.raises(RenderError, match=r"brand\.logo: .*logo\.png"),
    ):
        room.look(editions.edition())


def test_fonts_of_the_settings_are_the_mails(tmp_path: Path) -> None:
    with _mailroom(tmp_path, 'title_font = "Charter, serif"\ntext_font = "Verdana, sans-serif"') as room:
        html = room.render(editions.edition(stories=2)).html
    assert "Charter, serif" in html
    assert "Verdana, sans-serif" in html


def test_an_outbox_whose_disk_is_full_keeps_what_is_written_and_gives_the_rest_back(tmp_path: Path) -> None:
    ledger = Ledger()

    def record(results: Sequence[tuple[Message, Outcome]], intents: Sequence[Message]) -> Collection[int]:
        return ledger.record([Result(message, outcome) for message, outcome in results], intents)

    arm("outbox.written:3:full")
    try:
        with pytest.raises(DigestError, match="make room"):
            OutboxTransport(Outbox(tmp_path))(messages(5), record, lambda: False)
    finally:
        arm("")
    assert ledger.having("accepted") == {1, 2}
    assert ledger.having("planned") == {3, 4, 5}
    assert len(list(tmp_path.rglob("*.eml"))) == 2


def test_every_setting_of_a_mail_server_reaches_it(tmp_path: Path) -> None:
    asked = {
        "host": "mx.example.org",
        "port": 2525,
        "security": "tls",
        "username": "ada",
        "password": "secret",
        "hello": "news.example.org",
        "connections": 3,
        "messages_per_connection": 50,
        "per_domain": 2,
        "domain_rate": 1.5,
        "rate": 20.0,
        "weight": 2.0,
    }
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in asked.items())
    (tmp_path / "settings.toml").write_text(f"[smtp]\n{lines}\ntimeout = '7s'\nca_file = 'ca.pem'\n")
    settings = load(tmp_path / "settings.toml", {"DIGEST_SITE__SECRET": "s" * 32})
    made = relay(settings.smtp, settings)
    assert {name: getattr(made, name) for name in asked} == asked
    assert made.timeout == 7
    assert made.ca_file == tmp_path / "ca.pem"
    handled = {*asked, "timeout", "ca_file"}
    assert handled == set(type(settings.smtp).model_fields), "a setting that no mail server ever hears of"
