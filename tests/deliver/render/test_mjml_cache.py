"""Shapes: what is compiled once and filled often says byte for byte what compiling it each time would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from digest.collect.article import Image
from digest.deliver.check import lint
from digest.deliver.check.checked import parsed
from digest.deliver.render import compiler
from digest.deliver.render.compiler import compiled, printed
from digest.deliver.render.mjml_cache import Form, parted
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import Variant
from tests.benchmarks.render import source
from tests.deliver import editions

SCRIPTS: Final = [
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "صَبَاح",
    "a\u00a0b",
    "👩\u200d👧",
    'He said "no" & <left>',
    "back\\slash",
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


@pytest.mark.parametrize("stories", [1, 12, 30])
def test_a_filled_shape_is_what_the_compiler_would_have_written(stories: int) -> None:
    mail = source(stories)
    other = mail.replace("Harbour", "Station").replace("/2026/", "/2027/")
    assert compiled(mail) == printed(mail) == compiled(mail, looked_through=True)
    assert lint.misplaced(parted(mail).marked()) is None
    assert parted(other).key == parted(mail).key
    assert compiled(other) == printed(other)


@pytest.mark.parametrize("words", SCRIPTS)
def test_words_of_every_script_are_whole_wherever_they_stand(renderer: Renderer, words: str) -> None:
    story = replace(editions.story(0), title=words, image=Image("https://pictures.example/0.jpg", alt=words))
    edition = editions.only(editions.edition(stories=1), story)
    for variant in (Variant(), Variant(web=True)):
        page = parsed(renderer.render(edition, editions.look(), variant, editions.pictures(1)).html)
        assert [img.get("alt") for img in page.iter("img")] == [words]
        assert "".join(map(str, next(page.iter("h2")).itertext())) == words
        if variant.web:
            assert page.xpath("//meta[@property='og:title']/@content") == [words]


def test_words_that_look_like_marks_are_words(renderer: Renderer) -> None:
    story = replace(editions.story(0), title="@@0@@ and @@99@@", url="https://www.example.org/@@1@@")
    rendered = renderer.render(editions.only(editions.edition(stories=1), story), editions.look())
    assert rendered.problems == ()
    assert ">@@0@@ and @@99@@</a>" in rendered.html
    assert 'href="https://www.example.org/@@1@@"' in rendered.html


def test_marks_that_a_template_wrote_itself_are_left_alone() -> None:
    mail = (
        '<mjml><mj-head></mj-head><mj-body><mj-section><mj-column><mj-text><p id="@@7@@">A</p></mj-text></mj-column>'
        "</mj-section></mj-body></mjml>"
    )
    assert 'id="@@7@@"' in compiled(mail)
    with pytest.raises(ValueError, match="marks of its own"):
        Form.of("@@1@@", 1)


def test_styles_that_stand_in_the_body_are_styles_and_no_words() -> None:
    mail = (
        "<mjml><mj-head></mj-head><mj-body><mj-raw><style>.x > b{color:#123456}</style></mj-raw><mj-section><mj-column>"
        '<mj-text><p class="x"><b>A</b></p></mj-text></mj-column></mj-section></mj-body></mjml>'
    )
    assert '<b style="color:#123456">A</b>' in compiled(mail) == printed(mail)


def test_broken_mjml_is_told_as_it_was_written() -> None:
    broken = "<mjml><mj-body><mj-text>One & two</mj-text><mj-section></mj-body></mjml>"
    with pytest.raises(ValueError) as told:
        compiled(broken)
    with pytest.raises(ValueError) as plain:
        printed(broken)
    assert str(told.value) == str(plain.value)


def test_shapes_are_forgotten_when_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "_MOST_FORMS", 2)
    for level in range(1, 6):
        text = f"<mj-text><h{level}>A</h{level}></mj-text>"
        mail = f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>"
        assert f"<h{level}>A</h{level}>" in compiled(mail)
        assert len(compiler._FORMS) <= 2
