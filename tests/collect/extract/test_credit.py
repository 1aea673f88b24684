"""Credits are split from the text; similar sentences of the article are kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.article import Removed
from digest.collect.extract.credit import split

NEWS = {
    "fr": "Le maire a parlé hier. Il a promis des bus.",
    "en": "The mayor spoke yesterday. She promised buses.",
    "de": "Die Stadt hat entschieden. Es fahren mehr Busse.",
    "es": "El alcalde habló ayer. Prometió autobuses.",
    "it": "Il sindaco ha parlato ieri. Ha promesso autobus.",
    "pt": "O autarca falou ontem. Prometeu autocarros.",
    "nl": "De burgemeester sprak gisteren. Ze beloofde bussen.",
    "pl": "Prezydent miasta przemówił. Obiecał autobusy.",
    "sv": "Borgmästaren talade i går. Hon lovade bussar.",
    "cs": "Primátor včera promluvil. Slíbil autobusy.",
    "tr": "Başkan dün konuştu. Otobüs sözü verdi.",
    "ru": "Мэр выступил вчера. Он обещал автобусы.",
    "ar": "تحدث رئيس البلدية أمس. ووعد بحافلات.",
    "hi": "महापौर ने कल कहा। बसें चलेंगी।",
    "zh": "市长昨天讲话。他承诺增加公交车。",
    "ja": "市長が昨日述べた。バスを増やすという。",
    "id": "Wali kota berbicara kemarin. Ia menjanjikan bus.",
    "ms": "Datuk bandar bercakap semalam. Beliau menjanjikan bas.",
    "ro": "Primarul a vorbit ieri. A promis autobuze.",
    "uk": "Мер виступив учора. Він обіцяв автобуси.",
    "hu": "A polgármester tegnap beszélt. Buszokat ígért.",
    "el": "Ο δήμαρχος μίλησε χθες. Υποσχέθηκε λεωφορεία.",
    "fi": "Pormestari puhui eilen. Hän lupasi busseja.",
    "no": "Ordføreren talte i går. Hun lovet busser.",
    "da": "Borgmesteren talte i går. Hun lovede busser.",
    "bg": "Кметът говори вчера. Той обеща автобуси.",
    "hr": "Gradonačelnik je jučer govorio. Obećao je autobuse.",
    "sk": "Primátor včera prehovoril. Sľúbil autobusy.",
    "vi": "Thị trưởng phát biểu hôm qua. Bà hứa thêm xe buýt.",
    "ca": "L'alcalde va parlar ahir. Va prometre autobusos.",
    "he": "ראש העיר דיבר אתמול. הוא הבטיח אוטובוסים.",
    "fa": "شهردار دیروز سخن گفت. او قول اتوبوس داد.",
    "ko": "시장이 어제 말했다. 버스를 늘린다고 한다.",
}
CREDITS = [
    ("fr", "Ce contenu a été adapté à partir d'une publication de L'Écho et traduit par Anne Martin."),
    ("fr", "Cet article a été initialement publié en anglais."),
    ("fr", "Avec AFP"),
    ("fr", "(Avec AFP et Reuters)"),
    ("fr", "Le Courrier avec agences"),
    ("fr", "Traduit de l’anglais par Anne Martin"),
    ("fr", "Propos recueillis par Jean-Luc Petit"),
    ("fr", "Source : AFP"),
    ("en", "(Reporting by Jane Doe in London; Editing by John Roe)"),
    ("en", "Reporting by Jane Doe and John Roe; additional reporting by Ann Poe in Lagos; editing by Al Low"),
    ("en", "With AFP"),
    ("en", "Associated Press writer Jane Doe in Lagos contributed to this report."),
    ("en", "This article was originally published in French and translated by Jane Doe."),
    ("en", "With files from The Canadian Press"),
    ("en", "© 2026 AFP"),
    ("de", "dpa/rhu"),
    ("de", "(dpa)"),
    ("de", "Mit Material von dpa und AFP"),
    ("de", "Aus dem Englischen von Anna Weber"),
    ("de", "© dpa-infocom, dpa:261124-99-1/2"),
    ("es", "Con información de EFE."),
    ("es", "Este artículo fue traducido del inglés por Ana Ruiz."),
    ("it", "(ANSA)"),
    ("it", "Traduzione di Anna Bianchi"),
    ("pt", "Com informações da Agência Brasil."),
    ("pt", "Este artigo foi originalmente publicado em inglês."),
    ("nl", "Bron: ANP"),
    ("nl", "Vertaald uit het Engels door Anna de Wit"),
    ("pl", "Źródło: PAP"),
    ("sv", "Källa: TT"),
    ("cs", "Zdroj: ČTK"),
    ("tr", "Kaynak: AA"),
    ("ru", "Источник: ТАСС"),
    ("ru", "Перевод с английского Анны Ивановой"),
    ("ar", "المصدر: وكالات"),
    ("ar", "(رويترز)"),
    ("hi", "(भाषा)"),
    ("id", "Sumber: ANTARA"),
    ("ms", "Sumber: Bernama"),
    ("ro", "Sursa: Agerpres"),
    ("uk", "Джерело: Укрінформ"),
    ("hu", "Forrás: MTI"),
    ("el", "Με πληροφορίες από Reuters"),
    ("fi", "Lähde: STT"),
    ("no", "(©NTB)"),
    ("da", "Oversat af Anne Holm"),
    ("bg", "Източник: БТА"),
    ("hr", "Izvor: Hina"),
    ("sk", "Zdroj: TASR"),
    ("vi", "Theo Reuters"),
    ("ca", "Amb informació de l'ACN"),
    ("he", "מקור: רויטרס"),
    ("fa", "منبع: ایرنا"),
    ("zh", "（来源：新华社）"),
    ("ja", "この記事はAFPの記事を翻訳したものです。"),
    ("ko", "출처: 연합뉴스"),
]
SENTENCES = [
    ("fr", "Traduit par la mairie en arabe, le plan sera distribué demain."),
    ("fr", "D'après un article du Courrier, le maire a menti à son conseil."),
    ("fr", "Avec les agences de voyage, la ville prépare l'été."),
    ("fr", "Le maire a répondu à l'AFP."),
    ("fr", "La coalition (PA) a perdu."),
    ("en", "With inflation falling, the bank acted."),
    ("en", "Reporting by the paper shows that ministers lied to the house."),
    ("en", "Sources: three people close to the deal say that it is off."),
    ("en", "He contributed to this success."),
    ("de", "Mit Material von der Baustelle baute er ein Haus."),
    ("de", "Dieser Bericht wurde im Rat lange erörtert."),
    ("es", "Con información de primera mano, el alcalde actuó."),
    ("it", "A cura dei volontari è nato un giardino."),
    ("vi", "Theo Bộ Y tế, số ca mắc đã giảm trong tuần qua."),
    ("hr", "Izvor rijeke Cetine presušio je prvi put u stoljeću."),
    ("id", "Editor senior itu mengundurkan diri pada Senin."),
    ("bg", "Източникът на шума така и не беше открит."),
    ("nl", "Deze tekst is door de raad aangenomen."),
]


@pytest.mark.parametrize(("language", "credit"), CREDITS)
def test_credit_line_is_split_from_the_text(language: str, credit: str) -> None:
    paragraphs, shown, removed = split([NEWS[language], credit], language)
    assert paragraphs == [NEWS[language]]
    assert shown == credit.strip("()（）")
    assert removed == (Removed(shown, "credit"),)


@pytest.mark.parametrize(("language", "credit"), CREDITS)
def test_credit_at_the_end_of_a_paragraph_is_split(language: str, credit: str) -> None:
    glue = "" if language in ("zh", "ja") else " "
    paragraphs, shown, _ = split(["Titre.", NEWS[language] + glue + credit], language)
    assert paragraphs == ["Titre.", NEWS[language]]
    assert shown == credit.strip("()（）")


@pytest.mark.parametrize(("language", "sentence"), SENTENCES)
def test_sentence_of_the_article_is_no_credit(language: str, sentence: str) -> None:
    assert split([NEWS[language], sentence], language) == ([NEWS[language], sentence], "", ())


def test_several_credits_are_joined_without_repetition() -> None:
    paragraphs, credit, removed = split(
        ["Avec AFP", NEWS["fr"] + " (AFP)", "Traduit par Anne Martin", "Avec AFP"], "fr"
    )
    assert paragraphs == [NEWS["fr"]]
    assert credit == "Avec AFP AFP Traduit par Anne Martin"
    assert len(removed) == 4


def test_the_agency_of_a_dateline_is_credited_and_stays_in_its_place() -> None:
    text = "PARIS (AFP) — Le maire a parlé."
    assert split([text, "Il part."], "fr") == ([text, "Il part."], "AFP", ())


def test_agency_name_inside_an_article_is_no_credit() -> None:
    paragraphs = [NEWS["fr"], "AFP", *[NEWS["fr"]] * 6]
    assert split(paragraphs, "fr").paragraphs == paragraphs


@given(
    st.lists(st.sampled_from([*NEWS.values(), *(c for _, c in CREDITS), *(s for _, s in SENTENCES), ""]), max_size=8)
)
def test_split_credit_is_idempotent(paragraphs: list[str]) -> None:
    once = split(paragraphs, "fr")
    again = split(once.paragraphs, "fr")
    assert again.paragraphs == once.paragraphs
    assert again.removed == ()
    for kept in once.paragraphs:
        assert kept == kept.strip()


@given(
    st.lists(st.text(alphabet="Avec AFP()[]（）./-–\n 。", max_size=60), max_size=6),
    st.sampled_from(["fr", "en", "", "ja"]),
)
def test_any_paragraphs_are_split_without_error(paragraphs: list[str], language: str) -> None:
    assert len(split(paragraphs, language).paragraphs) <= len(paragraphs)


@pytest.mark.parametrize("hostile", ["Fin. (AFP) ", "(", "AFP/", "Avec AFP. ", "Traduit par A. ", "- ", "。（新华社）"])
def test_credit_split_is_linear_in_length(hostile: str) -> None:
    def seconds(count: int) -> float:
        begin = time.process_time()
        split([hostile * count] * 3, "fr")
        return time.process_time() - begin

    seconds(100)
    assert min(seconds(80_000) for _ in range(2)) < 10 * min(seconds(10_000) for _ in range(2)) + 0.1
