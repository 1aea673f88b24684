"""Listing pages and lists of teasers are recognised; articles made of links are not."""

from __future__ import annotations

import pytest

from digest.collect.extract.page import LISTING, Block
from digest.collect.extract.teasers import tail
from tests.collect.pages import TEXT, html, paragraphs, read

TEASERS = [
    ("Council votes to close the old bridge for two years", "The work will cost four million and begin in May."),
    ("Storm leaves thousands without power in the north", "Crews are at work through the night, says the operator."),
    ("Teachers call off their strike after late talks", "Both sides agreed to meet again in the coming week."),
    ("River port reopens after its longest closure", "Ships may enter again from six in the morning on Monday."),
    ("Farmers ask for help in the third month of drought", "Wells are dry in forty villages of the southern hills."),
    ("New museum of glass draws record crowds", "More than nine thousand people came on its first weekend."),
]
LISTS = {
    "headings": lambda n, h, s: f"<article><h2><a href='/{n}'>{h}</a></h2><p>{s}</p></article>",
    "more": lambda n, h, s: (
        f"<div><a href='/{n}'><h3>{h}</h3></a><p>{s} <a href='/{n}'>More</a></p><time>3 May</time></div>"
    ),
    "one link": lambda n, h, s: f"<a href='/{n}'><h2>{h}</h2><p>{s}</p></a>",
    "dated": lambda n, h, s: f"<div><b><a href='/{n}'>{h}</a></b><p>3 May 2026 - {s}</p></div>",
}
ARTICLE = '<meta property="og:type" content="article">'


def listed(kind: str) -> str:
    return "".join(LISTS[kind](n, title, summary) for n, (title, summary) in enumerate(TEASERS))


@pytest.mark.parametrize("kind", LISTS)
def test_a_home_page_is_no_article(kind: str) -> None:
    page = read(html("<h1>The Harwick Post</h1>", listed(kind), title="The Harwick Post"))
    assert (page.problem, page.text, page.lead.sentences, page.language) == (LISTING, "", (), "en")


def test_declared_article_of_links_is_no_listing() -> None:
    page = read(html("<h1>Our week in links</h1>", listed("headings"), title="Our week in links", head=ARTICLE))
    assert page.problem is None
    assert all(summary in page.text for _, summary in TEASERS)


def test_short_article_beside_many_teasers_is_no_listing() -> None:
    page = read(html(f"<h1>Library opens in May</h1>{paragraphs(TEXT)}<h2>More news</h2>", listed("headings")))
    assert page.problem is None
    assert page.text.startswith(TEXT[0])


def test_sections_with_unlinked_headings_are_no_teasers() -> None:
    sections = "".join(
        f"<h3>{title}</h3><p>{summary}</p><p><a href='/{n}'>All that we know of it so far</a></p>"
        for n, (title, summary) in enumerate(TEASERS)
    )
    page = read(html("<h1>Morning briefing</h1>", sections, title="Morning briefing"))
    assert page.problem is None
    assert TEASERS[0][1] in page.text


def test_teasers_below_an_article_are_taken_out() -> None:
    text = paragraphs([*TEXT, *(t.replace("library", "school") for t in TEXT), *(f"{t} So it was." for t in TEXT)])
    page = read(
        html(f"<h1>Library opens in May</h1><div>{text}", listed("headings").replace("article>", "div>"), "</div>")
    )
    assert not any(summary in page.text for _, summary in TEASERS)
    assert page.text.count("So it was.") == 3


def test_tail_is_a_list_of_similar_titles_and_the_smaller_part() -> None:
    text = [Block(sentence * 3) for sentence in TEXT]
    teasers = [block for head, told in TEASERS for block in (Block(head, "heading", 1.0), Block(told))]
    assert tail([*text, *teasers[:6]]) == 3
    assert tail([*text, *teasers[:4]]) == 7  # two are no list
    assert tail([text[0], *teasers]) == 13  # the larger part
    assert tail(text) == 3
    assert tail([]) == 0


MARKUP = {
    "read on": lambda n, h, s: f"<div><p>{s} The full report is in our paper. <a href='/{n}'>Read on</a></p></div>",
    "flat": lambda n, h, s: f"<h3><a href='/{n}'>{h}</a></h3><p>{s} More will follow on Monday morning.</p>",
    "item": lambda n, h, s: f"<li><a href='/{n}'>{h}</a><p>{s} More will follow on Monday morning.</p></li>",
    "article": lambda n, h, s: f"<article><h2><a href='/{n}'>{h}</a></h2><p>{s} More will follow soon.</p></article>",
    "dated": lambda n, h, s: (
        f"<section><h4><a href='/{n}'>{h}</a></h4><time>1 May</time><div><p>{s} More will follow.</p></div></section>"
    ),
}
LAYOUTS = {
    "below": "<article><h1>Library opens in May</h1>{}</article><div>{}</div>",
    "above": "<div>{1}</div><article><h1>Library opens in May</h1>{0}</article>",
    "no markup": "<div><div>Library opens in May</div><div>{}</div><div>{}</div></div>",
    "header": "<header><h1>Library opens in May</h1></header><div><div>{}</div><div>{}</div></div>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", MARKUP)
def test_teasers_beside_a_short_article_are_left_out(layout: str, kind: str) -> None:
    items = "".join(MARKUP[kind](n, title, summary) for n, (title, summary) in enumerate(TEASERS))
    article = read(html(LAYOUTS[layout].format(paragraphs(TEXT[:2]), items)))
    assert article.problem is None
    assert article.text == "\n\n".join(TEXT[:2])


def test_list_inside_the_text_is_kept() -> None:
    items = "".join(MARKUP["flat"](n, title, summary) for n, (title, summary) in enumerate(TEASERS))
    article = read(html(f"<article><h1>Library opens in May</h1>{paragraphs(TEXT)}{items}{paragraphs(TEXT)}</article>"))
    assert all(summary in article.text for _, summary in TEASERS)
