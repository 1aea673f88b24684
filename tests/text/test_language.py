"""The language of a text is told from the text; what feed and page declare helps, and loses when it is wrong."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.language import detect, direction
from tests.text.titles import TITLES

CASES = [(language, title) for language, titles in TITLES.items() for title in titles]
# Kin so close that a handful of words may belong to both: there a wrong declaration may stand.
KIN = [{"ru", "bg", "uk", "sr", "mk"}, {"da", "no", "sv"}, {"cs", "sk"}, {"hr", "sl", "sr"}, {"es", "pt", "ca", "gl"}]
PAGE = {
    "fr": "La ville a voté mardi soir le projet du nouveau pont, après un débat de trois heures. ",
    "de": "Die Stadt hat am Dienstagabend nach drei Stunden Debatte den Bau der neuen Brücke beschlossen. ",
    "pt": "A cidade aprovou na terça-feira à noite o projeto da nova ponte, após três horas de debate. ",
    "sk": "Mesto v utorok večer po trojhodinovej rozprave schválilo projekt nového mosta cez rieku. ",
    "uk": "Місто у вівторок увечері після тригодинної дискусії схвалило проєкт нового мосту через річку. ",
}


@pytest.mark.parametrize(("language", "title"), CASES)
def test_a_short_title_tells_its_language(language: str, title: str) -> None:
    assert detect(title) == language


def test_more_than_25_languages_are_told_from_titles() -> None:
    assert len(TITLES) >= 25


@pytest.mark.parametrize(("language", "title"), CASES)
def test_a_right_declaration_never_harms(language: str, title: str) -> None:
    assert detect(title, [f"{language}-XX"]) == language


@pytest.mark.parametrize("declared", ["en", "de", "fr", "ru", "ar", "zh"])
def test_a_wrong_declaration_loses_even_on_a_title(declared: str) -> None:
    wrong = [
        (language, title)
        for language, title in CASES
        if detect(title, [declared]) != language and not any({language, declared} <= kin for kin in KIN)
    ]
    assert len(wrong) <= 2, wrong  # 'Inflation : la BCE temporise' could be English, too


@pytest.mark.parametrize(("language", "sentence"), PAGE.items())
@pytest.mark.parametrize("declared", ["en", "es", "cs", "ru", "x-default"])
def test_on_a_page_of_text_a_wrong_declaration_loses_even_to_close_kin(
    language: str, sentence: str, declared: str
) -> None:
    assert detect(sentence * 4, [declared, declared]) == language


def test_a_text_without_letters_cannot_contradict_the_declaration_and_alone_says_nothing() -> None:
    assert detect("3 – 1 ?", ["fr-CA"]) == "fr"
    assert detect("3 – 1 ?") == ""
    assert detect("") == ""
    assert detect("2026", ["x-default", "und", "pt_BR"]) == "pt"


def test_two_letters_that_any_language_could_write_are_unknown() -> None:
    assert detect("OK") == ""
    assert detect("PSG - OM : 3-1", ["fr"]) == "fr"


def test_addresses_markup_and_handles_are_not_language() -> None:
    assert detect("https://example.org/the-news-of-the-day @theguardian #breaking Вода пішла з міста") == "uk"


def test_old_and_regional_tags_are_understood() -> None:
    assert detect("העירייה תפתח שלוש ספריות", ["iw"]) == "he"
    assert detect("Togene går ikke på mandag", ["nn-NO"]) == "no"
    assert detect("央行维持利率不变", ["zh-Hant-TW"]) == "zh"


def test_japanese_written_in_chinese_letters_alone_is_believed_when_declared() -> None:
    assert detect("日銀総裁会見", ["ja"]) == "ja"
    assert detect("政府工作报告全文", ["ja"]) == "zh"


@pytest.mark.parametrize("language", ["ar", "he", "fa", "ur", "yi", "ps", "ku-Arab", "az-Arab-IR", "ar-EG"])
def test_right_to_left(language: str) -> None:
    assert direction(language) == "rtl"


@pytest.mark.parametrize("language", ["fr", "", "ja", "ku", "ku-Latn", "pa", "pa-Guru", "uz-Cyrl", "x"])
def test_left_to_right(language: str) -> None:
    assert direction(language) == "ltr"


@given(st.text(max_size=200), st.lists(st.text(max_size=8), max_size=3))
def test_any_text_and_any_declaration_give_a_code_or_nothing(text: str, declared: list[str]) -> None:
    code = detect(text, declared)
    assert code == "" or (2 <= len(code) <= 3 and code.isalpha() and code == code.lower())


def test_importing_the_module_does_not_load_the_model() -> None:
    code = "import sys, digest.text.language; print('py3langid' in sys.modules, 'numpy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("hostile", ["a", "a@", "<", "市", "@", "http://", "и", "\u0301"])
def test_a_hostile_text_is_read_no_further_than_needed(hostile: str) -> None:
    detect("la ville")
    begin = time.process_time()
    detect(hostile * 1_000_000)
    assert time.process_time() - begin < 0.5
