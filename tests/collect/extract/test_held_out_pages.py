"""Noise around the article on pages of other designs, each in the smallest page that shows it."""

from __future__ import annotations

import pytest

from tests.collect.pages import TEXT, html, paragraphs, read

WHOLE = "\n\n".join(TEXT)
HEADING = "<h1>Library opens in May</h1>"
REMARKS = tuple(
    f"I have lived near the market for {years} years and nobody ever asked us about this, so much is sure."
    for years in range(3, 12)
)


def test_comments_longer_than_the_article_are_no_part_of_it() -> None:
    more = tuple(f"{text} The second reading follows in week {number}." for number, text in enumerate(TEXT))
    remarks = "".join(f'<div class="user-comment"><b>Ann {i}</b><p>{r}</p></div>' for i, r in enumerate(REMARKS))
    article = read(html(f"<div>{HEADING}{paragraphs(TEXT + more)}{remarks}</div>"))
    assert article.text == "\n\n".join(TEXT + more)


def test_commentary_without_text_before_it_is_the_article() -> None:
    minutes = "".join(f'<div class="live-comment"><b>{i}\'</b><p>{r}</p></div>' for i, r in enumerate(REMARKS))
    assert all(remark in read(html(f"<div>{HEADING}{minutes}</div>")).text for remark in REMARKS)


def test_line_equal_to_an_alternative_text_is_a_caption() -> None:
    caption = "Masons lift the last stone of the library into place, watched by the mayor on Monday."
    picture = f'<img src="a.jpg" alt="{caption} (Photo: J. Miller/Post)">'
    article = read(html(f"<div>{HEADING}{picture}<p>{caption}</p>{paragraphs(TEXT)}</div>"))
    assert article.text == WHOLE
    assert (caption, "caption") in [(piece.text, piece.reason) for piece in article.removed]


def test_alternative_text_equal_to_description_is_ignored() -> None:
    head = f'<meta name="description" content="{TEXT[0]}">'
    article = read(html(f'<div>{HEADING}<img src="a.jpg" alt="{TEXT[0]}">{paragraphs(TEXT)}</div>', head=head))
    assert article.text == WHOLE


def test_the_description_of_a_film_is_no_standfirst() -> None:
    film = '<p class="video-desc" itemprop="description">Visitors walk through the new library and praise its hall.</p>'
    article = read(html(f"<div>{HEADING}{film}{paragraphs(TEXT)}</div>"))
    assert article.text == WHOLE
    assert article.standfirst == ""


def test_data_inside_a_line_does_not_break_it() -> None:
    line = TEXT[0].replace("decided", '<a href="/x"><meta content="WebLink" itemprop="type">decided</a>')
    assert read(html(f"<div>{HEADING}<p>{line}</p>{paragraphs(TEXT[1:])}</div>")).text == WHOLE


def test_a_paragraph_between_others_that_a_box_hid_is_kept() -> None:
    box = (
        '<div class="related"><ul><li><a href="/1">Market hall</a></li><li><a href="/2">Old bridge</a></li></ul></div>'
    )
    page = f"<div>{HEADING}{paragraphs(TEXT[:1])}{box}{TEXT[1]}{paragraphs((TEXT[2], *REMARKS[:2]))}</div>"
    assert TEXT[1] in read(html(page)).text


def test_a_short_article_beside_a_box_of_short_lines_is_found() -> None:
    box = "<div><p>Number 4711</p><p>What we do</p></div>"
    sections = "".join(f"<section><span>{text}</span></section>" for text in TEXT[:2])
    assert TEXT[0] in read(html(f"{HEADING}{box}<div><div>{sections}</div></div>")).text


@pytest.mark.parametrize("nobody", ["name", "104363", "www.post.example", "User Admin"])
def test_placeholder_is_no_author(nobody: str) -> None:
    assert read(html(HEADING, paragraphs(TEXT), head=f'<meta name="author" content="{nobody}">')).author == ""


def test_title_is_the_declared_heading_not_the_banner() -> None:
    head = '<meta property="og:title" content="Library opens in May">'
    page = html(f"<h1>The Post</h1>{HEADING}{paragraphs(TEXT)}", title="Library opens in May - The Post", head=head)
    assert read(page).title == "Library opens in May"


DECK = "After two years of work the library opens again for readers of all ages in May."


@pytest.mark.parametrize(
    "kicker", ['<span class="article__kicker">Analysis</span>', '<strong class="kicker">Analysis</strong> ']
)
def test_kicker_is_not_joined_to_the_introduction(kicker: str) -> None:
    article = read(html(f'<h1>Library opens in May</h1><p class="chapo">{kicker}{DECK}</p>', paragraphs(TEXT)))
    assert article.text.split("\n\n")[0] == DECK
    assert article.lead.text.startswith("After two years")
    assert ("navigation", "Analysis") in {(piece.reason, piece.text) for piece in article.removed}


def test_an_introduction_stays_when_a_picture_below_it_repeats_it() -> None:
    article = read(html(f'<h1>Library opens in May</h1><p>{DECK}</p><img src="x" alt="{DECK}">', paragraphs(TEXT)))
    assert article.text.split("\n\n")[0] == DECK
    below = read(html(f'<h1>Library opens in May</h1><img src="x" alt="{DECK}"><p>{DECK}</p>', paragraphs(TEXT)))
    assert DECK not in below.text
