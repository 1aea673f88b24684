"""The renderer: what readers get, in HTML and as text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from digest.deliver.mjml import Renderer
from digest.deliver.rendered import PREFERENCES_URL, UNSUBSCRIBE_URL
from digest.deliver.theme import Variant
from tests.deliver import editions


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def test_every_story_is_in_both_parts_with_its_title_lead_outlet_and_link(renderer: Renderer) -> None:
    edition = editions.edition(stories=6)
    rendered = renderer.render(edition, editions.look())
    for story in edition.stories:
        for part in (rendered.html, rendered.text.replace("\n", " ")):
            assert story.title in part
            assert story.outlet in part
            assert story.lead[:40] in part
        assert story.url.replace("&", "&amp;") in rendered.html
        assert story.url in rendered.text


def test_personal_links_are_placeholders_in_both_parts_and_absent_on_the_web(renderer: Renderer) -> None:
    mail = renderer.render(editions.edition(), editions.look())
    page = renderer.render(editions.edition(), editions.look(), Variant(web=True))
    for url in (UNSUBSCRIBE_URL, PREFERENCES_URL):
        assert url in mail.html
        assert url in mail.text
        assert url not in page.html
        assert url not in page.text


def test_the_same_edition_gives_the_same_bytes(renderer: Renderer) -> None:
    first = renderer.render(editions.edition(), editions.look())
    with Renderer() as other:
        assert other.render(editions.edition(), editions.look()) == first


def test_a_variant_has_only_its_topics(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=6), editions.look(), Variant(topics=frozenset({"topic1"})))
    assert "Bakers win" in rendered.html
    assert "Swifts" not in rendered.html
    assert rendered.subject.startswith("Bakers win")


def test_french_readers_get_french_words_and_dates(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition("fr"), editions.look(newsletter="Le Matin"))
    assert 'lang="fr"' in rendered.html
    assert "Lundi 23 novembre 2026" in rendered.text
    assert "Se désabonner" in rendered.html
    assert "12 articles" in rendered.text
