"""Words that a reader takes for one are one: case, accents and endings do not matter."""

import pytest

from digest.text.stem import ALGORITHMS, fold, stem, stems


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "élection Élections ÉLECTIONS elections"),
        ("fr", "élu élus"),
        ("fr", "loi lois"),
        ("de", "Haus Häuser HÄUSER"),
        ("de", "Straße Strasse Straßen"),
        ("en", "flood floods flooded flooding"),
        ("es", "elección elecciones"),
        ("pl", "Łódź lodz"),
        ("ru", "выборы выборах"),
        ("xx", "Ångström ANGSTROM"),
        ("", "Œuvre oeuvre"),
    ],
)
def test_forms_of_one_word_have_one_stem(language: str, words: str) -> None:
    assert len(set(stems(words.split(), language))) == 1


def test_different_words_keep_different_stems() -> None:
    assert stem("police", "fr") != stem("politique", "fr")
    assert stem("2026", "en") == "2026"
    assert stem("6,1", "de") == "6,1"


def test_folding_keeps_the_letters_of_every_script() -> None:
    assert fold("ÉTÉ Çà œuvre Øre Łódź ﬁn") == "ete ca oeuvre ore lodz fin"
    assert fold("選挙 выборы") == "選挙 выборы"
    assert fold("") == ""


@pytest.mark.parametrize("language", sorted(ALGORITHMS))
def test_every_algorithm_named_exists(language: str) -> None:
    assert stem("word", language)
