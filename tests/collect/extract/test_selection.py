"""Labels of the markup apply to the lines of a page, unless they cover most of the text."""

from __future__ import annotations

import pytest

from digest.collect.extract import selection
from digest.collect.extract.dom import parse
from digest.collect.extract.lines import PageLines
from digest.collect.extract.markup import is_standfirst, label
from digest.collect.extract.phrases import key
from digest.collect.extract.walk import read_lines
from tests.collect.pages import TEXT, html, paragraphs, read


def lines(*parts: str) -> PageLines:
    tree, _ = parse(html(*parts, title="").decode())
    assert tree is not None
    return read_lines(tree)


def reasons(*parts: str) -> list[str | None]:
    """The believed label of each line."""
    page = lines(*parts)
    trusted = selection.judge(page, page.lines)
    return [trusted.reason(line) for line in page.lines]


def test_line_is_the_text_between_two_breaks() -> None:
    page = lines("<div>one <b>two</b><br>three<p>four <a href=x>five</a></p>six</div><pre>a\n  b</pre>")
    assert [line.text for line in page.lines] == ["one two", "three", "four five", "six", "a\n  b"]
    assert [line.linked for line in page.lines] == [0, 0, 4, 0, 0]


def test_classes_are_read_as_words() -> None:
    for name in ("related-posts", "RelatedPosts", "box relatedPost_list", "c-related__item"):
        found = label("div", name)
        assert found, name
        assert (found.reason, found.strong) == ("related", True)
    for name in ("", "correlated", "shareholder", "advice", "commentary", "captain"):
        assert label("div", name) is None, name


def test_introductions_are_known_in_several_languages() -> None:
    assert all(map(is_standfirst, ("article-chapo", "standfirst", "entradilla", "lead-text", "vorspann")))
    assert is_standfirst("", "description")
    assert not is_standfirst("leader-board")


def test_label_applies_to_its_lines_only() -> None:
    page = [f"<h1>T</h1>{paragraphs(TEXT)}", '<div class="share">Send it</div>', f"<p>{TEXT[0]}</p>"]
    assert reasons(*page) == [None, None, None, None, "share", None]


def test_label_over_most_of_the_text_is_ignored() -> None:
    assert set(reasons(f'<div class="share">{paragraphs(TEXT)}</div>')) == {None}


def test_time_inside_a_line_does_not_make_it_a_date() -> None:
    page = lines("<p>The fair opens on <time>12 March</time> at noon, and it closes when the last guest has left.</p>")
    assert page.lines[0].labels == ()


def test_standfirst_stands_between_title_and_text() -> None:
    intro = "A library for the town, after nine years of planning and two elections."
    page = lines(f"<p class=standfirst>{intro}</p><h1>T t</h1><p class=standfirst>{intro}!</p>", paragraphs(TEXT))
    chosen = [i for i, line in enumerate(page.lines) if line.text in TEXT]
    found = selection.standfirst(page, chosen, {key("T t")}, "")
    assert found is not None
    assert page.lines[found].text == f"{intro}!"
    assert selection.standfirst(page, [], {key("T t")}, intro) is None


def test_complete_selection_is_not_widened() -> None:
    page = lines(f"<h1>T</h1><div>{paragraphs(TEXT)}</div>", f"<ul><li><div>{paragraphs(TEXT)}</div></li></ul>")
    chosen = [1, 2, 3]
    assert selection.widen(page, chosen, selection.prose(page)) == chosen


def test_empty_selection_becomes_all_prose() -> None:
    page = lines("<b>Menu</b>", paragraphs(TEXT), "<b>End</b>")
    assert [page.lines[i].text for i in selection.widen(page, [], selection.prose(page))] == list(TEXT)


MORE = ("A second reading follows in autumn, when the smaller parties want to see the bills.",)
WRAPPERS = ("content newsletter-above", "related-content", "text has-share-bar", "ad-wrapper body")


@pytest.mark.parametrize("name", WRAPPERS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_label_of_the_text_wrapper_does_not_remove_its_beginning(name: str, count: int) -> None:
    texts = ("The new library of the old town opens in May, the council decided on Monday night.", *TEXT, *MORE)
    parts = (
        f'<div class="{name}">{paragraphs(texts[:count])}</div><div class="content">{paragraphs(texts[count:])}</div>'
    )
    article = read(html(f"<article><h1>Library opens in May</h1>{parts}</article>"))
    assert article.text == "\n\n".join(texts)


def test_box_above_the_text_is_removed() -> None:
    box = '<div class="newsletter"><p>Every Friday our editors write about the books that they have read.</p></div>'
    article = read(html(f"<article><h1>Library opens in May</h1>{box}<div>{paragraphs(TEXT)}</div></article>"))
    assert article.text == "\n\n".join(TEXT)
