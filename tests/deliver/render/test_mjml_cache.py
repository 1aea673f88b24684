"""Shapes: what is compiled once and filled often says byte for byte what compiling it each time would say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from digest.collect.article import Image
from digest.deliver.check import lint
from digest.deliver.check.checked import parsed
from digest.deliver.render import mjml
from digest.deliver.render.mjml import compile_mjml, compile_uncached
from digest.deliver.render.mjml_cache import CompiledLayout, split_source
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import RenderOptions
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
    assert compile_mjml(mail) == compile_uncached(mail) == compile_mjml(mail, check_structure=True)
    assert lint.misplaced(split_source(mail).with_markers()) is None
    assert split_source(other).key == split_source(mail).key
    assert compile_mjml(other) == compile_uncached(other)


@pytest.mark.parametrize("text", SCRIPTS)
def test_words_of_every_script_are_whole_wherever_they_stand(renderer: Renderer, text: str) -> None:
    story = replace(editions.story(0), title=text, image=Image("https://pictures.example/0.jpg", alt=f"{text} alt"))
    edition = editions.only(editions.edition(stories=1), story)
    for variant in (RenderOptions(), RenderOptions(web=True)):
        page = parsed(renderer.render(edition, editions.mail_settings(), variant, editions.pictures(1)).html)
        assert [img.get("alt") for img in page.iter("img")] == [f"{text} alt"]
        assert "".join(map(str, next(page.iter("h2")).itertext())) == text
        if variant.web:
            assert page.xpath("//meta[@property='og:title']/@content") == [text]


def test_words_that_look_like_marks_are_words(renderer: Renderer) -> None:
    story = replace(editions.story(0), title="@@0@@ and @@99@@", url="https://www.example.org/@@1@@")
    rendered = renderer.render(editions.only(editions.edition(stories=1), story), editions.mail_settings())
    assert rendered.problems == ()
    assert ">@@0@@ and @@99@@</a>" in rendered.html
    assert 'href="https://www.example.org/@@1@@"' in rendered.html


def test_marks_that_a_template_wrote_itself_are_left_alone() -> None:
    mail = (
        '<mjml><mj-head></mj-head><mj-body><mj-section><mj-column><mj-text><p id="@@7@@">A</p></mj-text></mj-column>'
        "</mj-section></mj-body></mjml>"
    )
    assert 'id="@@7@@"' in compile_mjml(mail)
    with pytest.raises(ValueError, match="markers of its own"):
        CompiledLayout.parse("@@1@@", 1)


def test_styles_that_stand_in_the_body_are_styles_and_no_words() -> None:
    mail = (
        "<mjml><mj-head></mj-head><mj-body><mj-raw><style>.x > b{color:#123456}</style></mj-raw><mj-section><mj-column>"
        '<mj-text><p class="x"><b>A</b></p></mj-text></mj-column></mj-section></mj-body></mjml>'
    )
    assert '<b style="color:#123456">A</b>' in compile_mjml(mail) == compile_uncached(mail)


def test_broken_mjml_is_told_as_it_was_written() -> None:
    broken = "<mjml><mj-body><mj-text>One & two</mj-text><mj-section></mj-body></mjml>"
    with pytest.raises(ValueError) as told:
        compile_mjml(broken)
    with pytest.raises(ValueError) as plain:
        compile_uncached(broken)
    assert str(told.value) == str(plain.value)


def test_shapes_are_forgotten_when_there_are_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjml, "_MAX_LAYOUTS", 2)
    for level in range(1, 6):
        text = f"<mj-text><h{level}>A</h{level}></mj-text>"
        mail = f"<mjml><mj-body><mj-section><mj-column>{text}</mj-column></mj-section></mj-body></mjml>"
        assert f"<h{level}>A</h{level}>" in compile_mjml(mail)
        assert len(mjml._LAYOUTS) <= 2
