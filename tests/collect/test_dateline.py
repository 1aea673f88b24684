"""The lead begins after the dateline; similar beginnings of a sentence are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.dateline import find

# text, the first sentence's beginning, the agency
DATELINES = [
    ("PARIS (AFP) — Le maire a dit.", "Le maire", "AFP"),
    ("Paris (AFP) Le maire a dit.", "Le maire", "AFP"),
    ("(AFP) - Le maire a dit.", "Le maire", "AFP"),
    ("LE CAIRE — Le maire a dit.", "Le maire", ""),
    ("BREST (Le Télégramme) – Le maire a dit.", "Le maire", ""),
    ("Lyon, le 3 mai 2026 - Le maire a dit.", "Le maire", ""),
    ("Genève (ATS) Le conseil a voté.", "Le conseil", "ATS"),
    ("WASHINGTON, Nov 23 (Reuters) - The mayor spoke.", "The mayor", "Reuters"),
    ("KYIV, Ukraine (AP) — The mayor spoke.", "The mayor", "AP"),
    ("LINDMAR (Radio Maren) – The mayor spoke.", "The mayor", ""),
    ("ORLANDO, Fla. — The mayor spoke.", "The mayor", ""),
    ("LONDON (Reuters Breakingviews) - The mayor spoke.", "The mayor", "Reuters"),
    ("BEIJING, Nov. 23 (Xinhua) -- The mayor spoke.", "The mayor", "Xinhua"),
    ("Berlin (dpa) – Die Stadt plant.", "Die Stadt", "dpa"),
    ("Berlin/Köln (dpa/lnw) - Die Stadt plant.", "Die Stadt", "dpa"),
    ("Madrid, 23 nov (EFE).- El alcalde habló.", "El alcalde", "EFE"),
    ("La Paz (EFE) - El alcalde habló.", "El alcalde", "EFE"),
    ("Roma, 23 nov. (askanews) - Il sindaco ha parlato.", "Il sindaco", "askanews"),
    ("LISBOA (Lusa) – O autarca falou.", "O autarca", "Lusa"),
    ("Rio de Janeiro, 23 de novembro de 2026 – O prefeito falou.", "O prefeito", ""),
    ("AMSTERDAM (ANP) - De burgemeester sprak.", "De burgemeester", "ANP"),
    ("WARSZAWA (PAP). Prezydent miasta przemówił.", "Prezydent", "PAP"),
    ("Praha (ČTK) - Primátor promluvil.", "Primátor", "ČTK"),
    ("ANKARA (AA) - Belediye başkanı konuştu.", "Belediye", "AA"),
    ("МОСКВА, 23 ноября. /ТАСС/. Мэр выступил.", "Мэр", "ТАСС"),
    ("МОСКВА, 23 ноя — РИА Новости. Мэр выступил.", "Мэр", "РИА Новости"),
    ("القاهرة (أ ف ب) - قال رئيس البلدية.", "قال", "أ ف ب"),
    ("رأس النخل (راديو مارين) – قال رئيس البلدية.", "قال", ""),
    ("دبي 23 نوفمبر (رويترز) - قال رئيس البلدية.", "قال", "رويترز"),
    ("नई दिल्ली, 23 नवंबर (भाषा) महापौर ने कहा।", "महापौर", "भाषा"),
    ("新华社北京11月23日电（记者王一）市长讲话。", "市长", "新华社"),
    ("【ワシントン共同】市長が述べた。", "市長", "共同"),
    ("[東京　２３日　ロイター] - 市長が述べた。", "市長", "ロイター"),
    ("(서울=연합뉴스) 홍길동 기자 = 시장이 말했다.", "시장이", "연합뉴스"),
    ("Taipei, Nov. 17 (CNA) The mayor spoke.", "The mayor", "CNA"),
    ("ISLAMABAD: The mayor spoke.", "The mayor", ""),
    ("LYON, France, March 12, 2026 /PRNewswire/ -- The company spoke.", "The company", "PRNewswire"),
    ("NEW DELHI: The mayor spoke.", "The mayor", ""),
    ("Nairobi, Kenya — The mayor spoke.", "The mayor", ""),
    ("Jakarta (KABAR) - Wali kota berbicara.", "Wali kota", ""),
    ("KABAR.com, Jakarta - Wali kota berbicara.", "Wali kota", ""),
    ("NEW YORK--(BUSINESS WIRE)--The company spoke.", "The company", "BUSINESS WIRE"),
    ("NEW YORK--The company spoke.", "The company", ""),
    ("(ANSA) - ROMA, 23 NOV - Il sindaco ha parlato.", "Il sindaco", "ANSA"),
    ("Москва. 23 ноября. GOROD.RU - Мэр выступил.", "Мэр", ""),
    ("КАБУЛ, 23 ноя - РИА Новости, Иван Иванов. Мэр выступил.", "Мэр", "РИА Новости"),
    ("राजपुर: महापौर ने राजपुर की सड़कों पर बात की।", "महापौर", ""),
    ("南江网北京8月19日电 市长讲话。", "市长", ""),
    ("南江网10月4日讯（记者王一） 市长讲话。", "市长", ""),
    ("南江日报讯 市长讲话。", "市长", ""),
    ("KUALA LUMPUR, 12 Mac (Bernama) -- Datuk bandar bercakap.", "Datuk", "Bernama"),
    ("București, 12 mar /Agerpres/ - Primarul a vorbit.", "Primarul", "Agerpres"),
    ("Київ, 12 березня (Укрінформ) – Мер виступив.", "Мер", "Укрінформ"),
    ("Budapest, 2024. március 12., kedd (MTI) – A polgármester beszélt.", "A polgármester", "MTI"),
    ("Αθήνα, 12 Μαρτίου (ΑΠΕ-ΜΠΕ) – Ο δήμαρχος μίλησε.", "Ο δήμαρχος", "ΑΠΕ-ΜΠΕ"),
    ("Helsinki (STT) – Pormestari puhui.", "Pormestari", "STT"),
    ("KØBENHAVN (Ritzau) - Borgmesteren talte.", "Borgmesteren", "Ritzau"),
    ("Oslo (NTB): Ordføreren talte.", "Ordføreren", "NTB"),
    ("София, 12 март /БТА/. Кметът говори.", "Кметът", "БТА"),
    ("ZAGREB, 12. ožujka 2024. (Hina) - Gradonačelnik je govorio.", "Gradonačelnik", "Hina"),
    ("Bratislava 12. marca (TASR) - Primátor prehovoril.", "Primátor", "TASR"),
    ("Hà Nội (TTXVN) - Thị trưởng phát biểu.", "Thị trưởng", "TTXVN"),
    ("(Sông Xanh) - Thị trưởng phát biểu.", "Thị trưởng", ""),
    ("BARCELONA 12 Març (EUROPA PRESS) - L'alcalde ha parlat.", "L'alcalde", "EUROPA PRESS"),
    ("תל אביב (רויטרס) - ראש העיר דיבר.", "ראש העיר", "רויטרס"),
    ("تهران (ایرنا) - شهردار سخن گفت.", "شهردار", "ایرنا"),
    ("南江之家9月30日消息 市长讲话。", "市长", ""),
]
SENTENCES = [
    "Paris – Nice est une course.",
    "Le ministre (AFP) — il l'a dit — part.",
    "NASA (National Aeronautics and Space Administration) – the American agency – said no.",
    "La CNN – première chaîne du pays – ferme.",
    "UEFA - the governing body - said no.",
    "The mayor - a tall man - spoke.",
    "Marie Curie (1867) – physicienne et chimiste – naquit à Varsovie.",
    "Covid-19 - La France rouvre.",
    "Lyon : le maire a parlé.",
    "Anna Lind (SPD): Das war ein Fehler.",
    "(a) - the first of three",
    "The mayor--a tall man--spoke.",
    "Zagreb – Split traje pet sati vlakom.",
    "Note: the mayor spoke.",
    "ANNA: Why did you come?\n\nBERT: Because I had to.",
    "据南江社9月26日消息，市长讲话。",
    "公司从事通讯，市长说。",
    "他今日电贺市长。",
    "一方、【注意】これは続く。",
    "【独自】市長が述べた。",
    "قال الوزير أمس في مؤتمر صحفي مشترك مع وكالة (رويترز) إن الأمر انتهى.",
    "PARIS (AFP) — ",
    "",
]


@pytest.mark.parametrize(("text", "begins", "agency"), DATELINES)
def test_a_dateline_ends_where_the_first_sentence_begins(text: str, begins: str, agency: str) -> None:
    found = find(text)
    assert found is not None
    assert text[found.end :].startswith(begins)
    assert found.agency == agency


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_is_no_dateline(text: str) -> None:
    assert find(text) is None


def test_dateline_is_found_at_the_start_of_a_paragraph() -> None:
    text = "Un titre\n\nPARIS (AFP) — Le maire."
    found = find(text, 10)
    assert found is not None
    assert text[found.end :] == "Le maire."


@given(st.text(alphabet="PARIS paris(AFP)-–—. ,23:/[]【】\n", max_size=150), st.integers(0, 20))
def test_the_end_lies_within_the_paragraph_and_leaves_something(text: str, start: int) -> None:
    found = find(text, start)
    if found:
        assert start < found.end < len(text)
        assert "\n" not in text[start : found.end].strip()
