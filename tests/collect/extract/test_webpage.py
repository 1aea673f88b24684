"""HTML of any kind gives the article alone: samples, generated pages and hostile ones."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.article import Image
from digest.collect.extract import webpage
from tests.collect.pages import NOISY, TEXT, html, noisy_html, paragraphs, read, sample

ARTICLE = f"<h1>Library opens in May</h1><article>{paragraphs(TEXT)}</article>"
WHOLE = "\n\n".join(TEXT)


@pytest.mark.parametrize("language", NOISY)
def test_page_without_helpful_markup_is_cleaned(language: str) -> None:
    article = read(noisy_html(language))
    assert article.text == "\n\n".join(NOISY[language]["paragraphs"])
    assert article.language == language
    assert article.title == NOISY[language]["title"]


def test_newspaper_page_has_article_standfirst_and_facts() -> None:
    article = sample("fr-article.html")
    assert article.text.startswith("Trois jours de vents violents avaient cloué à quai une centaine de bateaux.")
    assert article.text.endswith("est attendue au début de la semaine prochaine.")
    assert article.standfirst == article.text.split("\n\n")[0]
    assert article.lead.text.startswith("Trois jours de vents violents")
    assert "Des dégâts limités" in article.text
    assert "deux pontons de plaisance sont fermés" in article.text
    assert article.title == "Le port de Sarne rouvre après la tempête"
    assert article.author == "Claire Dubois, Yann Le Goff"
    assert article.credit == "Avec AFP"
    paris = timezone(timedelta(hours=1))
    assert article.published == datetime(2024, 3, 14, 8, 15, tzinfo=paris)
    assert article.modified == datetime(2024, 3, 14, 11, 40, tzinfo=paris)
    assert article.url == "https://www.courrier-sarne.example/port/le-port-rouvre-4182.html"
    assert (article.section, article.site_name) == ("Littoral", "Le Courrier de Sarne")
    address = "https://www.courrier-sarne.example/photos/port-1200.jpg"
    assert article.image == Image(address, "Des chalutiers à quai", 1200, 675)
    assert article.problem is None


@pytest.mark.parametrize(
    "noise",
    [
        "Publicité",
        "Lire aussi",
        "Photo Claire",
        "Facebook",
        "Recevez",
        "S’inscrire",
        "Commentaires",
        "Publié",
        "bravo",
        "©",
    ],
)
def test_surroundings_of_the_article_are_removed(noise: str) -> None:
    assert noise not in sample("fr-article.html").text


def test_removed_pieces_are_listed_with_reasons() -> None:
    reasons = {piece.text: piece.reason for piece in sample("fr-article.html").removed}
    assert reasons["Publicité"] == "advertisement"
    assert reasons["Par Claire Dubois et Yann Le Goff"] == "byline"
    assert reasons["Publié le 14 mars 2024 à 08h15, mis à jour à 11h40"] == "date"
    assert reasons["Lire aussi : La digue du nord sera relevée d’un mètre"] == "related"
    assert reasons["Avec AFP"] == "credit"


def test_a_live_blog_keeps_all_its_entries_with_their_headings() -> None:
    text = sample("en-liveblog.html").text
    assert [text.find(part) >= 0 for part in ("17:40 Water", "14:05 Two", "09:30 Bridge", "Volunteers", "Engineers")]
    assert text.index("17:40") < text.index("14:05") < text.index("09:30")
    assert "Most read" not in text


def test_a_table_of_text_is_kept_row_by_row() -> None:
    article = sample("es-table.html")
    assert "Hasta 10 m³ | 0,80 € | 0,85 €\nMás de 10 m³ | 1,60 € | 1,95 €" in article.text
    assert article.text.startswith("El ayuntamiento aprobó el lunes la primera subida en seis años.")


def test_an_article_in_sections_of_a_page_builder_is_read_whole() -> None:
    text = sample("en-builder.html").text
    assert len(text.split("\n\n")) == 6
    assert text.startswith("For six months of the year")
    assert text.endswith("when people speak all at once.")


def test_page_rendered_by_script_is_read_from_structured_data() -> None:
    article = sample("en-script.html")
    assert article.text.startswith("Trains on the valley line will run every half hour from May")
    assert article.lead.sentences


def test_a_caption_inside_the_text_is_taken_out() -> None:
    figure = "<figure><img src='/a.jpg'><figcaption>The hall, seen from the river on a Sunday.</figcaption></figure>"
    article = read(
        html(f"<h1>Library opens in May</h1><article><p>{TEXT[0]}</p>{figure}{paragraphs(TEXT[1:])}</article>")
    )
    assert article.text == WHOLE


def test_form_around_the_whole_page_is_kept() -> None:
    assert read(html(f"<form id=aspnetForm>{ARTICLE}</form>")).text == WHOLE


def test_class_that_covers_the_article_is_ignored() -> None:
    for name in ("related", "comments", "share", "newsletter", "caption", "ad"):
        page = html(f"<div class='{name}'><h1>Library opens in May</h1>{paragraphs(TEXT)}</div>")
        assert read(page).text == WHOLE, name


def test_a_standfirst_in_the_header_comes_first() -> None:
    intro = "After nine years of planning the town gets a library of its own, and the market a quieter neighbour."
    header = f"<header><h1>Library opens in May</h1><p class='standfirst'>{intro}</p><p>By Jane Miller</p></header>"
    article = read(html(f"<article>{header}<div class='body'>{paragraphs(TEXT)}</div></article>"))
    assert article.text == f"{intro}\n\n{WHOLE}"
    assert article.standfirst == intro


def test_a_standfirst_is_known_by_the_page_description_too() -> None:
    intro = "After nine years of planning the town gets a library of its own, and the market a quieter neighbour."
    head = f'<meta name="description" content="{intro}">'
    body = f"<h1>Library opens in May</h1><div class='x'><b>{intro}</b></div><div class='y'>{paragraphs(TEXT)}</div>"
    assert read(html(body, head=head)).text == f"{intro}\n\n{WHOLE}"


def test_a_description_that_the_page_does_not_show_stays_out_of_the_text() -> None:
    head = '<meta name="description" content="All news on the library, the market hall and the council of the town.">'
    assert read(html(ARTICLE, head=head)).text == WHOLE


@pytest.mark.parametrize("depth", [300, 1000, 12_000])
def test_a_page_nested_too_deeply_is_read_flat(depth: int) -> None:
    article = read(html("<div>" * depth, ARTICLE, "</div>" * depth))
    assert article.text == WHOLE
    assert "nested" in (article.problem or "")


def test_element_with_too_many_attributes_loses_only_them() -> None:
    many = " ".join(f'a{n}="{n}"' for n in range(100_000))
    article = read(html(f"<p {many}></p>", ARTICLE))
    assert article.text == WHOLE
    assert "attributes" in (article.problem or "")


def test_element_with_one_long_attribute_is_kept() -> None:
    data = "{&quot;a&quot;: 1, b = 2} " * 5000
    article = read(html(f'<div data-state="{data}"></div>', ARTICLE))
    assert (article.text, article.problem) == (WHOLE, None)


def test_too_large_page_is_truncated() -> None:
    article = read(html(ARTICLE) + b"<p>And so on, and so on, for a very long time indeed.</p>" * 200_000)
    assert article.text.startswith(TEXT[0])
    assert "MB" in (article.problem or "")


def test_nul_bytes_and_invalid_bytes_are_reported() -> None:
    nul = read(html(ARTICLE).replace(b"council", b"cou\0ncil"))
    assert (nul.text, "NUL" in (nul.problem or "")) == (WHOLE, True)
    french = html(paragraphs(NOISY["fr"]["paragraphs"]))
    broken = read(french.replace(b"</body>", b"<i>\xff\xc3\xff\xc3\xff</i></body>"))
    assert broken.text == "\n\n".join(NOISY["fr"]["paragraphs"])
    assert "no encoding" in (broken.problem or "")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "iso-8859-1"])
def test_valid_utf8_takes_precedence_over_declared_encoding(encoding: str) -> None:
    head = f'<meta charset="{encoding}">'
    french = NOISY["fr"]["paragraphs"]
    assert read(html(paragraphs(french), head=head)).text == "\n\n".join(french)


@pytest.mark.parametrize(("language", "encoding"), [("fr", "iso-8859-15"), ("ru", "windows-1251"), ("ja", "shift_jis")])
def test_a_declared_encoding_is_used(language: str, encoding: str) -> None:
    texts = [t.encode(encoding, "replace").decode(encoding) for t in NOISY[language]["paragraphs"]]
    page = html(paragraphs(texts), title=NOISY[language]["title"])
    by_page = (
        page.replace(b"<head>", f'<head><meta charset="{encoding}">'.encode()).decode().encode(encoding, "replace")
    )
    assert read(by_page).text == "\n\n".join(texts)
    by_http = page.decode().encode(encoding, "replace")
    assert read(by_http, content_type=f"text/html; charset={encoding}").text == "\n\n".join(texts)


def test_cells_and_paragraphs_are_never_joined() -> None:
    page = html(
        f"<h1>Library<br>opens in May</h1><article>{paragraphs(TEXT)}<div>one<div>two</div>three</div></article>"
    )
    article = read(page)
    assert article.title == "Library opens in May"
    assert "onetwo" not in article.text


TAGS = st.sampled_from(
    "p div span a b table tr td li ul h1 h2 article nav form br blockquote pre svg script math".split()
)
PIECES = st.one_of(
    TAGS.map(lambda tag: f"<{tag}>"),
    TAGS.map(lambda tag: f"</{tag}>"),
    st.sampled_from([*TEXT, "Advertisement", "&#0;&#xD800;", "<!--", "-->", "<![CDATA[", "<", '="', "\x00", "&nbsp;"]),
    st.text(max_size=20),
)


@given(st.lists(PIECES, max_size=60))
def test_any_markup_gives_exact_sentence_offsets(pieces: list[str]) -> None:
    article = read("<html>" + "".join(pieces).encode("utf-8", "replace").decode())
    for sentence in article.lead.sentences:
        assert article.text[sentence.start : sentence.end] == sentence.text
    assert "\x00" not in article.text


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(body: bytes) -> None:
    page = webpage.read(b"<html>" + body)
    assert page.problem is None or isinstance(page.problem, str)


def test_author_falls_back_to_the_byline() -> None:
    article = read(html(f"<h1>Library opens in May</h1><p>By Jane Miller</p><article>{paragraphs(TEXT)}</article>"))
    assert (article.author, article.text) == ("Jane Miller", WHOLE)


def test_large_picture_replaces_missing_declared_one() -> None:
    pictures = '<img src="/logo.png" width="90"><img src="/hall.jpg" alt="The hall" width="800" height="450">'
    article = read(html(pictures, ARTICLE), url="https://post.example/1")
    assert article.image == Image("https://post.example/hall.jpg", "The hall", 800, 450)
