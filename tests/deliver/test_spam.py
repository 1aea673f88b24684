"""The verdict of a spam filter on finished messages, where SpamAssassin is installed."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from digest.deliver.links import Links
from digest.deliver.mime.message import EditionMetadata, Recipient
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.renderer import Renderer
from digest.deliver.return_path import ReturnPath
from digest.deliver.theme import RenderOptions
from tests.deliver import editions

SECRET = "a secret of more than sixteen characters"
pytestmark = pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed")


@pytest.mark.parametrize(
    ("theme", "language", "pictures"),
    [("classic", "en", "linked"), ("magazine", "ar", "inline"), ("compact", "fr", "none")],
)
def test_spamassassin_score_is_below_two(theme: str, language: str, pictures: str) -> None:
    edition = editions.edition(language)
    with Renderer() as renderer:
        variant = RenderOptions(pictures="inline" if pictures == "inline" else "linked")
        rendered = renderer.render(
            edition, editions.mail_settings(theme), variant, editions.pictures() if pictures != "none" else {}
        )
    metadata = EditionMetadata(
        edition.id, "morning", "The Morning", "The Morning", "morning@example.org", edition.send_at
    )
    template = MessageTemplate.build(
        rendered, metadata, Links("https://news.example.org", SECRET), ReturnPath("bounce@example.org", SECRET)
    )
    mail = template.fill(Recipient(1, "ada@example.org")).data
    told = subprocess.run(["spamassassin", "-L", "-t"], input=mail, capture_output=True, check=False).stdout.decode()
    points = re.search(r"Content analysis details:\s+\(([-\d.]+) points", told)
    assert points is not None, told
    assert float(points[1]) < 2.0, told[told.index("Content analysis") :]
