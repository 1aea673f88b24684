"""Languages: words, plurals, dates and direction; and that no catalogue lacks a word."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from digest import resources
from digest.text.catalogue import available, locale
from digest.text.locale import direction

LANGUAGES = [language for language in available() if language != "en"]
MONDAY = date(2026, 11, 23)


def test_the_languages_promised_are_there() -> None:
    assert {"en", "fr", "de", "es", "ar"} <= set(available())


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "Monday, November 23, 2026"),
        ("en-GB", "Monday, 23 November 2026"),
        ("fr", "Lundi 23 novembre 2026"),
        ("de", "Montag, 23. November 2026"),
        ("es", "Lunes, 23 de noviembre de 2026"),
        ("ar", "الاثنين، 23 نوفمبر 2026"),
        ("tlh", "Monday, November 23, 2026"),
    ],
)
def test_dates_are_written_out_in_the_readers_language(language: str, expected: str) -> None:
    assert locale(language).full_date(MONDAY) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "6:05 AM"), ("fr", "06:05"), ("de", "06:05"), ("en-GB", "06:05")]
)
def test_times_are_written_as_the_language_does(language: str, expected: str) -> None:
    assert (
        locale(language).time(datetime(2026, 11, 23, 6, 5, tzinfo=ZoneInfo("Europe/Paris"))).replace("\u00a0", " ")
        == expected
    )


@pytest.mark.parametrize(
    ("language", "counts"),
    [
        ("en", {1: "1 story", 2: "2 stories", 1200: "1,200 stories"}),
        ("fr", {0: "0 article", 1: "1 article", 2: "2 articles", 1200: "1\u202f200 articles"}),
        ("ar", {1: "خبر واحد", 2: "خبران", 5: "5 أخبار", 12: "12 خبرًا", 100: "100 خبر"}),
    ],
)
def test_plurals_follow_the_language(language: str, counts: dict[int, str]) -> None:
    translated = locale(language)
    assert {n: translated.ngettext("%(n)s story", "%(n)s stories", n) for n in counts} == counts


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("ar", "rtl"),
        ("he", "rtl"),
        ("fa-IR", "rtl"),
        ("ur", "rtl"),
        ("en", "ltr"),
        ("az-Arab", "rtl"),
        ("ku", "ltr"),
        ("iw", "rtl"),
        ("arc", "rtl"),
        ("yi", "rtl"),
        ("dv-MV", "rtl"),
        ("pa-PK", "rtl"),
        ("pa", "ltr"),
        ("ur-Latn", "ltr"),
        ("xx", "ltr"),
        ("", "ltr"),
    ],
)
def test_the_direction_is_known(language: str, expected: str) -> None:
    assert direction(language) == expected


@pytest.mark.parametrize(
    ("language", "joined", "comma"),
    [
        ("ar", True, "، "),
        ("he", False, ", "),
        ("hi", True, ", "),
        ("ckb", True, "، "),
        ("ja", False, "、"),
        ("zh-TW", False, "、"),
        ("en", False, ", "),
        ("sa", True, ", "),
        ("uz-Arab", True, "، "),
    ],
)
def test_locale_script_decides_letter_spacing_and_comma(language: str, joined: bool, comma: str) -> None:
    assert (locale(language).joined, locale(language).comma) == (joined, comma)


def test_a_language_of_a_country_uses_the_languages_words() -> None:
    assert locale("fr-CA").gettext("Unsubscribe") == "Se désabonner"
    assert locale("pt_BR").tag == "pt-BR"


def test_a_language_without_words_is_english_and_says_so() -> None:
    assert locale("fi").gettext("Unsubscribe") == "Unsubscribe"
    assert not locale("fi").translated
    assert locale("en").translated
    assert locale("fr").translated


def test_a_users_own_catalogue_wins_message_by_message(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
    (folder / "digest.po").write_text(head + 'msgid "Unsubscribe"\nmsgstr "Au revoir"\n', encoding="utf-8")
    translated = locale("fr", (tmp_path,))
    assert translated.gettext("Unsubscribe") == "Au revoir"
    assert translated.gettext("Read on the web") == "Lire en ligne"


def _messages() -> set[str | tuple[str, ...]]:
    """Every message that mails use, from their templates and from the code that fills them."""
    found: set[str | tuple[str, ...]] = set()
    method = [("**.j2", "jinja2.ext.babel_extract")]
    for _, _, message, _, _ in extract_from_dir(resources.templates() / "email", method):
        found.add(message)
    code = Path(resources.__file__).parent / "deliver"
    for _, _, message, _, _ in extract_from_dir(code, [("**.py", "python")]):
        found.add(message)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalogue_lacks_a_word_of_the_mail(language: str) -> None:
    words: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((resources.templates() / "locale" / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        for message in catalogue:
            if message.id:
                key = message.id if isinstance(message.id, str) else message.id[0]
                words[key] = message.string if isinstance(message.string, str) else tuple(message.string or ())
                assert not message.fuzzy, key
                assert [str(error) for error in message.check(catalogue)] == []
    messages = _messages()
    assert len(messages) > 10
    for used in messages:
        key = used if isinstance(used, str) else used[0]
        forms = words.get(key, "")
        assert forms, f"{language} has no words for {key!r}"
        assert all([forms] if isinstance(forms, str) else forms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_only_what_the_message_names(language: str) -> None:
    for path in (resources.templates() / "locale" / language / "LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                source = " ".join([message.id] if isinstance(message.id, str) else message.id)
                made = " ".join([message.string] if isinstance(message.string, str) else message.string or ())
                names = set(re.findall(r"%\((\w+)\)s", source)) | {"n"} if "%(" in source else set()
                assert set(re.findall(r"%\((\w+)\)s", made)) <= names, source
