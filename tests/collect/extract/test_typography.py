"""Drop caps and ruby annotations become part of the text of their line."""

from __future__ import annotations

import pytest

from tests.collect.pages import TEXT, html, paragraphs, read

HEADING = "<h1>Library opens in May</h1>"
REST = "he library of the old town opens in May, two years later than the council had promised its readers."


@pytest.mark.parametrize(
    "opening",
    [
        f'<p><span class="dropcap">T</span>{REST}</p>',
        f'<p><span class="drop-cap">T</span> {REST}</p>',
        f'<p><span class="initial-letter-outer"><span>T</span></span> <span>{REST}</span></p>',
        f'<div class="first-letter">T</div><p>{REST}</p>',
        f'<div><div class="lettrine">T</div>{REST}</div>',
        f"<p><b>T</b> <span>{REST}</span></p>",
        f'<p><span class="dropCap"><strong>T</strong></span>\n<em>he</em>{REST[2:]}</p>',
    ],
)
def test_drop_cap_is_joined_with_its_word(opening: str) -> None:
    assert read(html(f"<article>{HEADING}{opening}{paragraphs(TEXT)}</article>")).text.startswith(f"T{REST}")


@pytest.mark.parametrize(
    ("opening", "begins"),
    [
        ('<p><span class="dropcap">A</span> storm tore the roof off the library on Sunday.</p>', "A storm tore"),
        ('<p><span class="dropcap">A</span> fter the storm, the library had no roof on Sunday.</p>', "After the storm"),
        ('<p><span class="dropcap">I</span> n May, the library opens after two years of work.</p>', "In May, the"),
        ("<p><i>E</i> coli was found in the water of the library on Sunday morning.</p>", "E coli was found"),
        ("<p><b>A</b> reader of the library found a letter in a book on Sunday.</p>", "A reader of"),
    ],
)
def test_letter_that_is_a_word_keeps_its_blank(opening: str, begins: str) -> None:
    assert read(html(f"<article>{HEADING}{opening}{paragraphs(TEXT)}</article>")).text.startswith(begins)


RUBY = "<p>北浜市の{}市長は四日、記者会見を開き、老朽化した図書館を五月に建て替えると発表した。</p>"
MORE = "<p>市によると、新しい図書館は駅の前に建ち、費用は四十億円になる見通しだという。利用者は歓迎している。</p>"


@pytest.mark.parametrize(
    "name",
    [
        "<ruby>森田澄子<rt>もりたすみこ</rt></ruby>",
        "<ruby><rb>森田澄子</rb><rp>（</rp><rt>もりたすみこ</rt><rp>）</rp></ruby>",
        "<ruby><rb>森田</rb><rb>澄子</rb><rtc><rt>もりた</rt><rt>すみこ</rt></rtc></ruby>",
        "<ruby>森田<rt>もりた</rt>澄子<rt>すみこ</rt></ruby>",
        "<ruby>森田澄子<rp>(</rp><rt>もりたすみこ<rp>)</rp></ruby>",
    ],
)
def test_ruby_reading_follows_its_base_in_brackets(name: str) -> None:
    article = read(f"<html lang=ja><body><article><h1>図書館建て替え</h1>{RUBY.format(name)}{MORE}</article></body>")
    assert article.text.startswith("北浜市の森田澄子（もりたすみこ）市長は四日、")


def test_readings_of_every_word_are_left_out() -> None:
    word = "<ruby>図書館<rt>としょかん</rt></ruby>"
    text = f"<p>{word}は駅の前に建ち、費用は四十億円になる見通しだと、市は説明した。</p>" * 25
    assert "としょかん" not in read(f"<html lang=ja><body><article><h1>建て替え</h1>{text}</article></body>").text
