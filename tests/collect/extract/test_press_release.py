"""A press release ends before the paragraphs about its sender; other articles are kept whole."""

from __future__ import annotations

import pytest

from digest.collect.extract.page import Block
from digest.collect.extract.press_release import end
from tests.collect.pages import html, paragraphs, read

RELEASES = {
    "wire": (
        [
            "LYON, France, March 12, 2026 /PRNewswire/ -- Acme Inc., a maker of pumps, opens a plant in Lyon.",
            "“This is a great day for our customers,” said Jane Miller, chief executive of Acme, on Monday.",
        ],
        ["About Acme", "Acme Inc. makes pumps in nine countries.", "SOURCE Acme Inc."],
    ),
    "de": (
        [
            "Die Acme GmbH, ein Hersteller von Pumpen, eröffnet im kommenden Jahr ein Werk in Lyon mit 300 Plätzen.",
            "„Das ist ein großer Tag für unsere Kunden“, sagte Geschäftsführerin Anna Weber am Montag in Lyon.",
        ],
        [
            "Über Acme",
            "Acme stellt in neun Ländern Pumpen her.",
            "Pressekontakt:",
            "Jan Roth",
            "Telefon: +49 30 123456",
        ],
    ),
    "fr": (
        [
            "Acme, fabricant de pompes, ouvrira l'an prochain à Lyon une usine qui emploiera 300 personnes.",
            "« C'est un grand jour pour nos clients », a déclaré lundi Anne Martin, directrice générale d'Acme.",
        ],
        [
            "À propos d'Acme",
            "Acme fabrique des pompes dans neuf pays.",
            "Contact presse : Jean Roux, presse@acme.example",
        ],
    ),
}


@pytest.mark.parametrize("kind", RELEASES)
def test_press_release_ends_before_its_sender(kind: str) -> None:
    text, sender = RELEASES[kind]
    article = read(html(f"<h1>Acme: Lyon</h1><div>{paragraphs([*text, *sender])}</div>", title="Acme: Lyon"))
    assert article.text == "\n\n".join(text)
    assert {piece.text for piece in article.removed} >= set(sender)


@pytest.mark.parametrize(
    "texts",
    [
        ["The film is out on Friday.", "About the film", "It tells of a boy who sells papers."],
        ["Acme sold its plant.", "About Acme", "The company was founded in 1910 by two brothers."],
        ["The sect lived alone in the hills for years, and so it was.", "Media contact was rare then, he said."],
        ["Kurz.", "Pressekontakt: Jan Roth", "Danach wurde noch lange und ausführlich über alles geredet, was war."],
    ],
)
def test_article_about_a_company_is_kept_whole(texts: list[str]) -> None:
    assert end([Block(text) for text in texts]) == len(texts)


def test_empty_text_is_no_press_release() -> None:
    assert end([]) == 0
