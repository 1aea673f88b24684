"""Foreign text never harms the mail: it is rendered as words, never as markup, and never crashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from digest.collect.article import Image
from digest.compose.edition import Also, EditionStory
from digest.deliver.check.checked import parsed
from digest.deliver.render.rendered import Rendered
from digest.deliver.render.renderer import Renderer
from tests.deliver import editions

HOSTILE = [
    "</mj-text><mj-raw><script>alert(1)</script></mj-raw>",
    "{{ 7 * 7 }}{% raw %}{# x #}",
    "{{ mail.__class__ }} %(n)s %s {0}",
    "A & B < C > D &amp; &lt;b&gt; &#0; &nope;",
    '" onmouseover="alert(1)" \' x=\'',
    "<img src=x onerror=alert(1)>",
    "]]><![CDATA[ <?xml version='1.0'?> <!-- -- -->",
    "<!--[if mso]><table><![endif]-->",
    "\ufdd00\ufdd1 <!--\ufdd01\ufdd1--> <!--\ufdd0\ufdd1-->",
    "word" * 25_000,
    "\u202egnp.exe\u202c \u2066a\u2069 \u200f\u061c",
    "nul\x00 bell\x07 esc\x1b[31m c1\x85\x9b del\x7f",
    "lone \ud800 surrogate \udfff",
    "emoji 👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 é e\u0301 Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d",
    "<div>" * 12_000,
    "line\r\nBcc: victim@example.org\r\n\r\nbody",
    "\u2028\u2029\ufeff\u200b\u00ad",
    "https://unsubscribe.digest.invalid/ reader@digest.invalid",
    "",
    "   ",
]
LINKS = [
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://example.org/"><script>alert(1)</script>',
    "https://example.org/?a=1&b=%22'<>",
    "//example.org/x",
    "/relative",
    "https://[::1",
    "https://example.org/" + "x" * 5000,
    "mailto:a@b.example",
    "https://user:pass@example.org/\r\nX: y",
    "",
]


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def _story(text: str, url: str = "https://example.org/a") -> EditionStory:
    return replace(
        editions.story(1),
        title=text,
        lead=text,
        outlet=text,
        author=text,
        credit=text,
        note=text,
        url=url,
        also=(Also(text, url), Also("Coast Radio", url)),
        image=Image(url, text),
    )


def _harmless(rendered: Rendered) -> None:
    """Nothing runs, nothing is fetched, every tag is one of the theme's, and the bytes can be sent."""
    page = parsed(rendered.html)
    tags = {str(element.tag) for element in page.iter("*")}
    assert tags <= {
        "html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td", "h1", "h2", "h3", "p",
        "a", "bdi", "br", "i",
    }, tags  # fmt: skip
    for element in page.iter("*"):
        assert not [name for name in element.attrib if str(name).startswith("on")]
    for anchor in page.iter("a"):
        assert re.match(r"(https?://[^\s]+|#s\d+)\Z", anchor.get("href") or ""), anchor.get("href")
    for part in (rendered.html, rendered.text, rendered.subject, rendered.preheader):
        part.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0\ufdd1\ufeff]", part)
    assert "\n" not in rendered.subject + rendered.preheader
    assert len(rendered.subject) <= 60
    assert len(rendered.html.encode()) < 100_000
    assert [comment for comment in page.iter(etree.Comment) if "digest" in (comment.text or "")] == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_printed_as_text(renderer: Renderer, text: str) -> None:
    whole = editions.edition(stories=3, note=text)
    edition = editions.only(whole, _story(text), *whole.stories[:2])
    edition = replace(edition, sections=(replace(edition.sections[0], title=text),), subject=text)
    rendered = renderer.render(edition, replace(editions.mail_settings(), newsletter=text, site_name=text))
    _harmless(rendered)
    assert not rendered.blocked or text.strip() == ""


@pytest.mark.parametrize("url", LINKS, ids=range(len(LINKS)))
def test_unsafe_link_is_not_rendered(renderer: Renderer, url: str) -> None:
    whole = editions.edition(stories=3)
    rendered = renderer.render(
        editions.only(whole, _story("A title", url), *whole.stories[:2]), editions.mail_settings()
    )
    _harmless(rendered)
    assert "javascript:" not in rendered.html
    assert not rendered.blocked


def test_title_with_template_syntax_is_text(renderer: Renderer) -> None:
    edition = editions.only(editions.edition(stories=2), _story("How {{ moustaches }} and {% tags %} work in Jinja"))
    rendered = renderer.render(edition, editions.mail_settings())
    assert rendered.problems == ()
    assert "{{ moustaches }}" in rendered.html
    assert "{{ moustaches }}" in rendered.text


text = st.text(max_size=120) | st.sampled_from(HOSTILE) | st.from_regex(r"[<>&\"'{}%#/a-z \u0590-\u06ff-]{0,60}")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    words=st.lists(text, min_size=6, max_size=6),
    url=text | st.sampled_from(LINKS),
    language=st.sampled_from(["en", "ar", "xx", ""]),
)
def test_arbitrary_text_renders_harmlessly(renderer: Renderer, words: list[str], url: str, language: str) -> None:
    title, lead, outlet, credit, note, section = words
    story = replace(
        editions.story(0), title=title, lead=lead, outlet=outlet, credit=credit, note=note, url=url, language=language
    )
    edition = editions.only(editions.edition(stories=2, note=note), story, editions.story(1))
    edition = replace(edition, sections=(replace(edition.sections[0], title=section),))
    for theme in ("classic", "compact"):
        _harmless(renderer.render(edition, editions.mail_settings(theme)))
