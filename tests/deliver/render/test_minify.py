"""Fewer bytes, the same mail: what is said once, and what is left alone."""

from __future__ import annotations

import css_inline
import mjml
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from digest.deliver.check.checked import parsed
from digest.deliver.check.contrast import visible_texts
from digest.deliver.render import css
from digest.deliver.render.minify import minified
from digest.deliver.render.mjml import compile_mjml

FONT = "'Segoe UI',Arial,sans-serif"
CSS = f".paper {{ font-family: {FONT}; font-size: 16px; line-height: 25px; color: #1d1d1f; }} .used {{ margin: 4px; }}"


def _mjml(words: str, css: str = CSS, text: str = "", css_class: str = "used") -> str:
    return (
        f'<mjml lang="en" dir="ltr"><mj-head><mj-attributes><mj-text padding="0" font-size="16px" line-height="25px" '
        f'color="#1d1d1f" font-family="{FONT}" {text} /></mj-attributes><mj-style inline="inline">{css}</mj-style>'
        "<mj-style>@media (max-width: 480px) { .used { padding: 1px !important; } }</mj-style></mj-head>"
        '<mj-body css-class="paper"><mj-section><mj-column>'
        f'<mj-text css-class="{css_class}"><p class="used gone">{words}</p></mj-text><mj-text>{words}</mj-text>'
        "</mj-column></mj-section></mj-body></mjml>"
    )


def _plain(source: str) -> str:
    """Compiled and inlined by the libraries alone."""
    html = mjml.mjml2html(source.replace(' inline="inline"', ""), fonts={})
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, keep_at_rules=True).inline(html)


def test_what_every_text_inherits_is_not_repeated() -> None:
    html = compile_mjml(_mjml("hello"))
    assert html.count("Segoe UI") == 1
    assert html.count("25px") == 1
    assert len(html) < 0.75 * len(_plain(_mjml("hello")))


def test_a_text_with_its_own_look_keeps_it() -> None:
    html = compile_mjml(_mjml("hello", text='font-style="italic" letter-spacing="2px"'))
    assert html.count("font-style:italic") == 2
    assert html.count("letter-spacing:2px") == 2


def test_a_theme_that_does_not_say_it_once_keeps_it_everywhere() -> None:
    html = compile_mjml(_mjml("hello", css=".used { margin: 4px; }"))
    assert html.count("Segoe UI") == 2


def test_classes_without_a_rule_in_the_head_go_and_the_others_stay() -> None:
    html = compile_mjml(_mjml("hello"))
    assert '<p class="used"' in html
    assert "gone" not in html
    assert "paper" not in html.partition("<body")[2]


@pytest.mark.parametrize(
    "words",
    [
        'say class="gone" and style=";" aloud',
        'a;"b"',
        "&nbsp;&amp;nbsp;",
        "</div></td></tr>",
        "<tbody> is a tag",
        "a  b\n\nc",
    ],
)
def test_words_that_look_like_markup_stay_words(words: str) -> None:
    source = _mjml(str(escape(words)))
    assert _words(compile_mjml(source)) == _words(_plain(source))


@given(st.text(alphabet='ab<>&"; =/', max_size=60).filter(str.strip))
def test_no_word_is_lost_or_changed(words: str) -> None:
    source = _mjml(str(escape(words)))
    assert _words(compile_mjml(source)) == _words(_plain(source))


def test_every_text_has_the_same_colour_as_before() -> None:
    source = _mjml('hello <b style="color:#123456">you</b>')
    assert _colours(compile_mjml(source)) == _colours(_plain(source))


def test_styles_lose_blanks_and_nothing_else() -> None:
    head = '<head><style type="text/css">\n.a > .b , p { margin: 0  auto ; color : red !important; }\n</style>'
    assert (
        minified(head, "")[len('<head><style type="text/css">') :]
        == ".a>.b,p{margin:0 auto;color:red!important}</style>"
    )


def _words(html: str) -> list[str]:
    return ["".join(map(str, p.itertext())) for p in parsed(html).iter("p", "td")]


def _colours(html: str) -> list[tuple[str, str, str]]:
    return [(seen.text, seen.ink, seen.paper) for seen in visible_texts(parsed(css.computed(html)))]
