"""The language tables: every file is well formed, and tags in any spelling find theirs."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from digest.text import words as module
from digest.text.words import Words, primary, words

TABLES = sorted(f.name.removesuffix(".toml") for f in (files("digest.text") / "data").iterdir() if f.name != "any.toml")
PROMISED = "fr en de es it pt nl ru pl sv tr cs ar hi zh ja ko".split()


def test_every_promised_language_has_a_table() -> None:
    assert set(PROMISED) <= set(TABLES)


@pytest.mark.parametrize("language", TABLES)
def test_a_table_holds_only_what_the_module_explains(language: str) -> None:
    table = tomllib.loads((files("digest.text") / "data" / f"{language}.toml").read_text(encoding="utf-8"))
    explained = module.__doc__ or ""
    assert set(table) <= {"stops", "words"}
    assert all(f"`{key}`" in explained for part in table.values() for key in part)


@pytest.mark.parametrize("language", TABLES)
def test_an_abbreviation_never_carries_its_final_dot(language: str) -> None:
    assert not [w for w in words(language).abbreviations if w.endswith(".")]


@pytest.mark.parametrize("language", TABLES)
def test_a_table_has_function_words_and_words_that_point_back(language: str) -> None:
    table = words(language)
    assert len(table.function) > 20
    assert table.anaphora
    assert table.pronouns


@pytest.mark.parametrize(
    ("tag", "code"), [("pt-BR", "pt"), ("iw", "he"), ("zh_Hant", "zh"), ("nb-NO", "no"), (" FR ", "fr")]
)
def test_tags_in_any_spelling_name_one_language(tag: str, code: str) -> None:
    assert primary(tag) == code
    assert words(tag) is words(code)


@pytest.mark.parametrize("tag", ["", "xx", "../en", "e\x00n", "any", "x" * 500])
def test_an_unknown_language_has_only_what_is_written_alike_everywhere(tag: str) -> None:
    table = words(tag)
    assert table.function == Words().function
    assert "Mr" in table.titles
