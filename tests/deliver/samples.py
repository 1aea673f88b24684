"""A rendered mail, and messages made of it, for the tests of delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from digest.deliver.links import Links
from digest.deliver.mime.message import EditionMetadata, Message, Recipient
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL, Rendered
from digest.deliver.return_path import ReturnPath

SECRET = "a secret of thirty-two characters"
LINKS = Links("https://news.example.org", SECRET)
RETURN_PATH = ReturnPath("bounces@news.example.org", SECRET)
METADATA = EditionMetadata(
    "morning-2026-11-23-0700",
    "morning",
    "The Morning",
    "The Morning",
    "morning@news.example.org",
    datetime(2026, 11, 23, 7, tzinfo=UTC),
    "hello@news.example.org",
)
RENDERED = Rendered(
    "Où en est-on ce matin ?",
    "Douze nouvelles",
    f"""<!doctype html>
<html lang="fr"><body><h1>Le  Matin</h1>
<p>Été, hiver… et 100 % de « texte » = vérité.</p>
.un point au début
From là, une ligne
<p><a href="{UNSUBSCRIBE_URL}">Se désabonner</a> · <a href="{PREFERENCES_URL}">Réglages</a> · {ADDRESS}</p>
</body></html>
""",
    f"Le Matin\n\n..deux points\nFrom là\n  retrait   et blancs à la fin  \n\nSe désabonner : {UNSUBSCRIBE_URL}\n"
    f"Réglages : {PREFERENCES_URL}\nEnvoyé à {ADDRESS}.\n",
    "fr",
)


def template(rendered: Rendered = RENDERED, edition_id: str = METADATA.edition_id) -> MessageTemplate:
    """The sample as a template."""
    return MessageTemplate.build(rendered, replace(METADATA, edition_id=edition_id), LINKS, RETURN_PATH)


def address(number: int) -> str:
    """The address of a reader in these tests."""
    return f"reader{number}@d{number % 7}.example.org"


def messages(count: int, made: MessageTemplate | None = None) -> Iterator[Message]:
    """That many copies, for readers 1 to count."""
    made = made or template()
    for number in range(1, count + 1):
        yield made.fill(Recipient(number, address(number)))
