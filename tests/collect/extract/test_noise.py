"""Labels, boxes, bylines and dates are recognised in every language with a table; sentences are not."""

from __future__ import annotations

import time
import tomllib
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.extract import noise
from digest.collect.extract.phrases import key, phrase_table
from tests.paths import DATA

LANGUAGES = sorted(p.name.removesuffix(".toml") for p in (files("digest.collect.extract") / "data" / "noise").iterdir())
SAMPLES = tomllib.loads((DATA / "pages" / "noise.toml").read_text("utf-8"))


def test_the_languages_of_the_issue_have_a_table() -> None:
    assert set(LANGUAGES) >= {"en", "fr", "de", "es", "it", "pt", "nl", "ru", "pl", "ar", "zh", "ja"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_has_every_part_and_no_phrase_without_words(language: str) -> None:
    data = tomllib.loads((files("digest.collect.extract") / "data" / "noise" / f"{language}.toml").read_text("utf-8"))
    assert set(data) == {"alone", "opens", "calls", "says", "ends", "who", "when", "walls"}
    assert all(key(phrase) for part in data.values() for phrases in part.values() for phrase in phrases)
    assert set(data["walls"]) == {"consent", "paywall", "error", "robot"}


def test_every_table_has_a_sample() -> None:
    assert sorted(SAMPLES) == LANGUAGES


@pytest.mark.parametrize("language", SAMPLES)
def test_sentence_of_an_article_is_not_noise(language: str) -> None:
    for paragraph in (*SAMPLES[language]["paragraphs"], *SAMPLES[language].get("reports", ())):
        assert noise.reason(paragraph, language) is None
        assert noise.signature(paragraph, language) is None


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("Publicité", "fr", "advertisement"),
        ("PUBLICITE", "fr", "advertisement"),
        ("Lire aussi : Le tramway arrive", "fr", "related"),
        ("Lire aussi Le tramway arrive dans le nord de la ville", "fr", "related"),
        ("Commentaires (12)", "fr", "comments"),
        ("12 Kommentare", "de", "comments"),
        ("Share", "fr", "share"),
        ("• • •", "en", "no words"),
        ("Follow us on Mastodon and never miss a story.", "en", "share"),
        ("相关阅读：运河步行桥", "zh", "related"),
    ],
)
def test_a_label_is_known_by_its_words(text: str, language: str, reason: str) -> None:
    assert noise.reason(text, language) == reason


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Publicité et politique font bon ménage dans ce pays, estime le chercheur.", "fr"),
        ("Lire aussi souvent que possible reste le meilleur conseil.", "fr"),
        ("Photo et cinéma se partagent le palmarès du festival cette année.", "fr"),
        ("Related people were asked to wait outside.", "en"),
        ("Share prices fell on Monday after the bank's warning.", "en"),
        ("Kommentare aus dem Ausland blieben am Dienstag zunächst aus.", "de"),
        ("Sie sagte, der Newsletter der Behörde sei missverstanden worden.", "de"),
    ],
)
def test_sentence_that_begins_like_a_label_is_kept(text: str, language: str) -> None:
    assert noise.reason(text, language) is None


def test_a_link_after_an_opening_phrase_makes_it_a_label() -> None:
    text = "Lire aussi les précisions de la mairie sur le chantier."
    assert noise.reason(text, "fr", linked=0.8) == "related"
    assert noise.reason(text, "fr", linked=0.0) is None


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("Par Claire Dubois", "fr", "byline"),
        ("Publié le jeudi 1 août 2019 à 15h56", "fr", "date"),
        ("Orange avec AFP-Services, publié le jeudi 01 août 2019 à 15h56", "fr", "byline"),
        ("By Jane Miller, Staff Writer", "en", "byline"),
        ("March 12, 2024 at 8:15 am GMT", "en", "date"),
        ("Von Clara Weber und Jan Schmidt", "de", "byline"),
        ("كتب: أحمد علي", "ar", "byline"),
        ("כתב: יואב לוי", "he", "byline"),
        ("11.12.2019 - Amelie Lorenz", "de", "byline"),
        ("Stand: 28.04.2020 18:00 Uhr", "de", "date"),
        ("12 мая 2024, 10:30", "ru", "date"),
        ("2024年3月12日 8時15分", "ja", "date"),
        ("(mkl/rb)", "de", "byline"),
    ],
)
def test_line_of_author_and_date_is_recognised(text: str, language: str, reason: str) -> None:
    assert noise.signature(text, language, [key("Orange"), key("AFP-Services")]) == reason


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1962–1964 Zweiter Bauabschnitt: Gemeinschaftshaus und Wohnhäuser", "de"),
        ("Par ailleurs, la mairie a annoncé un second chantier.", "fr"),
        ("Von der Brücke ist nichts mehr zu sehen", "de"),
        ("Aktionszeitraum: 21.10.2019 – 27.10.2019 bei allen Händlern", "de"),
        ("By noon the water had reached the market", "en"),
        ("كتب جديدة في معرض الرياض", "ar"),
        ("تحرير المدينة بالكامل", "ar"),
        ("रिपोर्ट में बड़ा खुलासा", "hi"),
        ("In May 2024 the library opened.", "en"),
    ],
)
def test_sentence_is_no_byline(text: str, language: str) -> None:
    assert noise.signature(text, language) is None


def test_captions_rights_paths_and_addresses_are_recognised() -> None:
    assert noise.is_picture_line("The mayor after the vote. Photo: Jane Miller", "en")
    assert noise.is_picture_line("La mairie, mardi soir. © AFP", "fr")
    assert not noise.is_picture_line("She had one photo: it showed the bridge before the war.", "en")
    assert noise.is_rights("© 2024 The Harwick Post")
    assert noise.is_breadcrumb("Home > Politics > Elections", [])
    assert not noise.is_breadcrumb("The vote went 5 > 4, and that was that for the day.", [])
    assert noise.is_address("https://www.example.org/a/very/long/path")
    assert noise.is_address("editor@example.org")
    assert not noise.is_address("The paper, at https://example.org, is free of charge for all its readers.")


def test_unknown_language_has_the_general_phrases() -> None:
    assert noise.reason("Advertisement", "et") == "advertisement"
    assert phrase_table("et").ends == {}
    assert noise.reason("Advertisement", "../en") == "advertisement"


@given(st.text(max_size=500), st.sampled_from([*LANGUAGES, "", "et"]))
def test_noise_reason_never_raises(text: str, language: str) -> None:
    noise.reason(text, language)
    noise.signature(text, language, ["a", "the post"])
    noise.is_picture_line(text, language)
    noise.is_breadcrumb(text, ["a"])
    noise.ends_article(text, language)


@given(st.text(max_size=200))
def test_key_is_idempotent(text: str) -> None:
    assert key(key(text)) == key(text)


@pytest.mark.parametrize(
    "piece", ["a", "Photo: ", "« ", "« a dit ", ' "', "Par Claire ", "> ", "12.03.2024 ", "©", "cookie "]
)
def test_noise_reason_is_linear_in_length(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = 9.0
        for _ in range(3):
            start = time.process_time()
            for judge in (
                noise.reason,
                noise.signature,
                noise.is_picture_line,
                noise.speaks_of_consent,
                noise.is_report,
            ):
                judge(text, "fr")
            noise.is_breadcrumb(text, ["a"])
            noise.is_address(text)
            best = min(best, time.process_time() - start)
        return best

    # 20 times the length: linear time grows 20 times, quadratic 400 times.
    assert seconds(200_000) < 90 * max(seconds(10_000), 0.0005)


@pytest.mark.parametrize(
    ("byline", "language", "name"),
    [
        ("By Jane Miller, Staff Writer", "en", "Jane Miller"),
        ("Par Claire Dubois | 12 mars 2024", "fr", "Claire Dubois"),
        ("Par Jean de La Fontaine", "fr", "Jean de La Fontaine"),
        ("Автор: Пётр Смирнов", "ru", "Пётр Смирнов"),
        ("Publié le 3 mai", "fr", ""),
        ("", "fr", ""),
    ],
)
def test_the_name_in_a_byline_is_found(byline: str, language: str, name: str) -> None:
    assert noise.author(byline, language) == name


def test_program_error_message_is_noise() -> None:
    message = "Warning: Undefined variable $a in /srv/www/themes/paper/single.php on line 42"
    assert noise.reason(message, "en") == "message of a program"


REPORTED = [
    ("The company said it would make a donation of five million dollars to the hospital.", "en"),
    ("Users were asked to download the app before boarding the plane.", "en"),
    ("The spam landed in your inbox because the filter failed, the firm said.", "en"),
    ("The site told visitors “we may earn a commission”, which the regulator found too vague.", "en"),
    ("The paper asked readers to support our journalism and sacked half of its newsroom.", "en"),
    ("Notre newsletter compte 40 000 lecteurs, se félicite le directeur du quotidien.", "fr"),
    ("Faites un don, demandait l'affiche, et des milliers de passants l'ont fait.", "fr"),
    ("La chaîne perçoit une commission sur chaque vente, selon le rapport.", "fr"),
    ("Le journal a supprimé la mention « contenu de marque » sous la pression.", "fr"),
    ("Die Firma versprach, unseren Newsletter nie wieder zu schicken, sagte der Kläger.", "de"),
    ("Das Produkt enthält Werbung, die Kinder gezielt anspricht, rügen Verbraucherschützer.", "de"),
    ("Nuestro boletín llega a 40.000 lectores, celebra el director del diario.", "es"),
    ("微信公众号的数量去年增长了三成，报告显示。", "zh"),
]


@pytest.mark.parametrize(("text", "language"), REPORTED)
def test_report_about_advertising_is_not_noise(text: str, language: str) -> None:
    assert noise.reason(text, language) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Sign up for our daily newsletter and get the news delivered to your inbox.", "en"),
        ("This story has been updated with further details.", "en"),
        ("Inscrivez-vous à notre newsletter pour ne rien manquer.", "fr"),
        ("El contenido de los comentarios es la opinión de los usuarios.", "es"),
        ("この記事は会員限定です。", "ja"),
        ("Присоединяйтесь к подписчикам нашего канала!", "ru"),
    ],
)
def test_site_notice_in_a_sentence_is_noise(text: str, language: str) -> None:
    assert noise.reason(text, language) is not None
