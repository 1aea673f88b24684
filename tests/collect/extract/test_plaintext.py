"""Plain text with the noise of its page is read as well as HTML, in any encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract import plaintext
from tests.collect.pages import NOISY, TEXT, noisy_text, read


@pytest.mark.parametrize("language", NOISY)
def test_noisy_text_is_cleaned(language: str) -> None:
    article = read(noisy_text(language))
    assert article.language == language
    assert article.title == NOISY[language]["title"]
    assert article.text == "\n\n".join(NOISY[language]["paragraphs"])
    assert article.lead.sentences
    assert article.problem is None


@pytest.mark.parametrize("language", NOISY)
def test_every_line_of_a_text_is_kept_or_listed_as_removed(language: str) -> None:
    article = read(noisy_text(language))
    removed = {piece.text for piece in article.removed}
    left = set(article.text.split("\n\n"))
    assert set(noisy_text(language).split("\n\n")) - left - removed <= {article.credit}
    assert all(piece.reason for piece in article.removed)


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("fr", "cp1252"), ("fr", "utf-16"), ("fr", "utf-8-sig"), ("de", "cp1252"), ("es", "cp1252"), ("pl", "cp1250"),
        ("pl", "iso8859_2"), ("ru", "cp1251"), ("ru", "koi8_r"), ("ar", "cp1256"), ("zh", "gb18030"), ("ja", "cp932"),
        ("ja", "euc_jp"),
    ],
)  # fmt: skip
def test_the_encoding_of_a_text_is_found_without_a_declaration(language: str, encoding: str) -> None:
    sample = NOISY[language]
    paragraphs = [p.encode(encoding, "replace").decode(encoding) for p in sample["paragraphs"]]
    body = "\n\n".join([sample["title"], *paragraphs]).encode(encoding, "replace")
    assert read(body).text == "\n\n".join(paragraphs)


def test_lines_wrapped_at_a_column_are_one_paragraph() -> None:
    wrapped = (
        "Library opens in May\n\nThe council met on Monday and decided, after a long\n"
        "debate, to open the new library in May. Nobody had\nobjected, although the budget had been contested for\n"
        "years by the smaller parties.\n"
    )
    article = read(wrapped)
    assert article.text.count("\n") == 0
    assert article.text.startswith("The council met on Monday and decided, after a long debate, to open")


def test_lines_without_blank_ones_between_are_paragraphs_of_their_own() -> None:
    article = read("\n".join(["Library opens in May", *TEXT]))
    assert article.title == "Library opens in May"
    assert article.text == "\n\n".join(TEXT)


def test_a_long_first_paragraph_is_text_and_no_title() -> None:
    first = (
        "The council met on Monday and decided, after a long debate and many letters, to open the new library in May."
    )
    article = read(f"{first} It will be free for all.\n\n{TEXT[1]}")
    assert article.title == ""
    assert article.text.startswith(first)


def test_empty_text_has_a_problem() -> None:
    for body in (b"", b" \n\n\t\n", b"\0\0\0"):
        article = read(body, content_type="text/plain")
        assert article.text == ""
        assert article.problem


def test_text_of_a_million_lines_is_truncated() -> None:
    page = plaintext.read(b"a line\n\n" * 1_000_000)
    assert page.problem
    assert "lines" in page.problem


@given(st.text(max_size=3000))
def test_any_text_gives_exact_sentence_offsets(text: str) -> None:
    article = read(text.encode("utf-8", "surrogatepass"), content_type="text/plain")
    for sentence in article.lead.sentences:
        assert article.text[sentence.start : sentence.end] == sentence.text
    assert (article.lead.rung == "title") == (not article.lead.sentences)
