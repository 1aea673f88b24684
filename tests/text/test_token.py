"""A word is one word in every script, however its letters are composed."""

import re
from unicodedata import normalize

import pytest

from digest.text.token import LETTERS, WORD, letters


@pytest.mark.parametrize(
    "word", ["भूकंप", "நிலநடுக்கம்", "اِنْتِخابات", "שָׁלוֹם", "ভূমিকম্প", "élections", "Việt", "می‌خواهم", "straße", "вы́боры"]
)
def test_a_word_is_one_word(word: str) -> None:
    for form in ("NFC", "NFD"):
        text = normalize(form, f"{word}, {word} {word}")
        assert re.findall(LETTERS, text) == re.findall(WORD, text) == [normalize(form, word)] * 3


def test_numbers_are_words_and_no_letters() -> None:
    assert re.findall(WORD, "A4 covid-19 e\u0301te\u03012") == ["A4", "covid", "19", "e\u0301te\u03012"]
    assert re.findall(LETTERS, "A4 covid-19") == ["A", "covid"]


def test_marks_are_taken_off() -> None:
    assert letters("भूकंप") == "भकप"
    assert letters("plain") == "plain"
