"""Sentences come apart where a careful reader of the language would part them, and nothing of the text is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text.sentence import sentences
from tests.growth import LIMIT, growth
from tests.paths import SHARED
from tests.text.samples import SAMPLES

SHARED_SETS = SHARED / "data" / "sentences"
UNSPACED = ("zh", "ja")
CASES = [(language, paragraph) for language, paragraphs in SAMPLES.items() for paragraph in paragraphs]

# Texts made of what is hard: marks, quotes, blanks of every kind, abbreviations, digits, several scripts.
MARKS = ". .. … ? ! 。 ؟ । \" ' « » “ ” ( ) [ ] -".split()
WORDS = "M Dr cf 3 1990 a Le chat Über город г 市 です 라고 د".split()
PIECES = st.sampled_from([*MARKS, *WORDS, " ", "\u00a0", "\n", "\t", "\u2029", "\n\n"])
TEXTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80)
LANGUAGES = st.sampled_from([*SAMPLES, "", "xx", "pt-BR"])


def split(text: str, language: str) -> list[str]:
    return [text[a:b] for a, b in sentences(text, language)]


@pytest.mark.parametrize(("language", "paragraph"), CASES, ids=[f"{la}-{p[0][:24]}" for la, p in CASES])
def test_a_paragraph_comes_apart_into_its_sentences(language: str, paragraph: list[str]) -> None:
    glue = "" if language in UNSPACED else " "
    assert split(glue.join(paragraph), language) == paragraph


def test_seventeen_languages_have_at_least_four_tricky_paragraphs_each() -> None:
    promised = "fr en de es it pt nl ru pl sv tr cs ar hi zh ja ko".split()
    assert all(len(SAMPLES[language]) >= 4 for language in promised)


@given(TEXTS, LANGUAGES)
@settings(max_examples=200, deadline=None)
def test_every_character_that_is_no_blank_lies_in_exactly_one_sentence(text: str, language: str) -> None:
    last = 0
    for start, end in sentences(text, language):
        assert last <= start < end <= len(text)
        assert not text[last:start].strip()
        assert text[start:end] == text[start:end].strip()
        last = end
    assert not text[last:].strip()


@given(TEXTS, LANGUAGES)
@settings(max_examples=200, deadline=None)
def test_a_blank_line_always_ends_a_sentence(text: str, language: str) -> None:
    for start, end in sentences(text, language):
        assert "\n\n" not in text[start:end]


@given(st.lists(st.sampled_from([s for p in SAMPLES["fr"] for s in p]), min_size=1, max_size=6))
def test_splitting_again_what_was_split_changes_nothing(paragraph: list[str]) -> None:
    parts = split("\n\n".join(paragraph), "fr")
    assert [s for part in parts for s in split(part, "fr")] == parts


def test_headings_and_list_items_on_lines_of_their_own_are_apart_and_wrapped_lines_are_not() -> None:
    text = "Le bilan\nLa ville compte trois ponts nouveaux qui traversent\nle fleuve au nord. Voici :\n- un\n- deux"
    assert split(text, "fr") == [
        "Le bilan",
        "La ville compte trois ponts nouveaux qui traversent\nle fleuve au nord.",
        "Voici :",
        "- un",
        "- deux",
    ]


def test_a_blank_lost_after_a_stop_is_found_before_a_word_that_opens_sentences() -> None:
    assert split("Il part à midi.Le train est plein.", "fr") == ["Il part à midi.", "Le train est plein."]
    assert split("Voir Exemple.Com pour la suite.", "fr") == ["Voir Exemple.Com pour la suite."]


def test_languages_without_a_table_still_split_and_keep_initials_and_decimals() -> None:
    assert split("Aon J. Smith 3.5. Dha U.S. abairt!", "gd") == ["Aon J. Smith 3.5.", "Dha U.S. abairt!"]


@pytest.mark.parametrize(
    "hostile", ['. "', "M. ", "a.", "...", "« ", "\n ", "1. ", "。」", "(?) ", "''", "! ? ", "\t\n"]
)
def test_sentences_of_hostile_text_take_linear_time(hostile: str) -> None:
    assert growth(lambda size: sentences(hostile * size, "fr")) < LIMIT


def test_sentences_of_ordinary_text_take_linear_time() -> None:
    ordinary = "Le conseil municipal de la ville a voté mardi soir, après un long débat, le projet du nouveau pont. "
    text = " ".join(s for p in SAMPLES["fr"] for s in p) + " " + ordinary * 4
    assert growth(lambda size: sentences(text * size, "fr"), start=1) < LIMIT


def test_growth_notices_quadratic_time() -> None:
    def quadratic(size: int) -> int:
        return sum(1 for end in range(size) for _ in range(end))

    assert growth(quadratic, start=50) > LIMIT


@pytest.mark.skipif(not SHARED_SETS.is_dir(), reason="the treebanks in ../shared/data/sentences are absent")
def test_boundaries_of_the_treebanks_are_found() -> None:
    scores = {file.stem: boundary_f1(file) for file in sorted(SHARED_SETS.glob("*.jsonl"))}
    assert sum(scores.values()) / len(scores) >= 0.98, scores
    assert all(score >= 0.985 for name, score in scores.items() if name[:2] in ("fr", "zh", "ja")), scores


def boundary_f1(file: Path) -> float:
    """Boundaries in common between the gold sentences of a file and ours, as F1; counted in letters without blanks."""
    hits = ours = golds = 0
    language = file.stem.partition("-")[0]
    for line in file.read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        text = ("" if language in UNSPACED else " ").join(gold)
        wanted, got = inner_ends(gold), inner_ends(split(text, language))
        hits, ours, golds = hits + len(wanted & got), ours + len(got), golds + len(wanted)
    return 2 * hits / (ours + golds)


def inner_ends(parts: list[str]) -> set[int]:
    count, found = 0, []
    for part in parts:
        count += len("".join(part.split()))
        found.append(count)
    return set(found[:-1])
