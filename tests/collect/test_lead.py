"""A lead is whole sentences of the opening, with exact offsets, that stand alone beneath the title."""

from __future__ import annotations

import time
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.collect.lead import Lead, LeadSentence, Rung, choose
from digest.text.sentence import sentences
from tests.text.samples import SAMPLES

TITLE = "Le conseil municipal vote la gratuité des bus"
FIRST = "Le conseil municipal a voté mardi soir la gratuité des bus pour tous les habitants de la ville."
SECOND = "La mesure, promise par la maire pendant sa campagne, entrera en vigueur au mois de septembre."
THIRD = "Elle coûtera quatre millions d'euros par an à la commune, selon les services financiers."
FOURTH = "Les commerçants du centre espèrent attirer de nouveaux clients grâce aux lignes prolongées."
BODY = f"{FIRST} {SECOND}\n\n{THIRD} {FOURTH}"


def texts(lead: Lead) -> list[str]:
    return [s.text for s in lead.sentences]


def test_lead_sentences_are_whole_and_in_order() -> None:
    lead = choose(BODY, TITLE, "fr")
    assert 1 <= len(lead.sentences) <= 2
    assert all(BODY[s.start : s.end] == s.text for s in lead.sentences)
    assert [s.start for s in lead.sentences] == sorted(s.start for s in lead.sentences)
    assert texts(lead)[0] == FIRST
    assert lead.rung == "page"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (f"PARIS (AFP) — {BODY}", FIRST),
        (f"LYON, le 3 mai 2026 - {BODY}", FIRST),
        (f"Par Anne Martin\n\n{BODY}", FIRST),
        (f"{TITLE}\n\n{BODY}", FIRST),
        (f"{TITLE}.\n\n{BODY}", FIRST),
        (f"Dans cet article, nous verrons ce que le conseil municipal a décidé pour les bus.\n\n{BODY}", FIRST),
        (f"Les bus seront-ils bientôt gratuits dans la ville ?\n\n{BODY}", FIRST),
        (f"« Les bus seront gratuits pour tous les habitants. »\n\n{BODY}", FIRST),
        (f'"Les bus seront gratuits pour tous les habitants de la ville."\n\n{BODY}', FIRST),
        (f"Voici ce qui change pour les habitants et les bus :\n\n- les horaires\n- les prix\n\n{BODY}", FIRST),
        (f"Photo : un bus de la ville devant la mairie, mardi\n\n{BODY}", FIRST),
        (f"Suivez notre direct sur https://example.org/bus et réagissez au vote.\n\n{BODY}", FIRST),
    ],
    ids=[
        *"dateline date byline title title-stop about-page question quotation straight-quotes list".split(),
        "caption",
        "link",
    ],
)
def test_unfit_sentences_are_skipped(text: str, begins: str) -> None:
    lead = choose(text, TITLE, "fr")
    assert texts(lead)[0] == begins
    assert all(text[s.start : s.end] == s.text for s in lead.sentences)


# language, title, a sentence that points back (by the words before the bar), one that stands alone
POINTING = [
    (
        "en",
        "Council votes for free buses",
        "He said | that free buses would come to the whole city in the month of May.",
        "The council voted on Tuesday for free buses in the whole city.",
    ),
    (
        "en",
        "Council votes for free buses",
        "However, | free buses cost the council four million a year.",
        "The council voted on Tuesday for free buses in the whole city.",
    ),
    (
        "de",
        "Stadtrat beschließt kostenlose Busse",
        "Er kündigte | kostenlose Busse für die ganze Stadt an.",
        "Der Stadtrat hat am Dienstag kostenlose Busse für alle beschlossen.",
    ),
    (
        "es",
        "El pleno aprueba los autobuses gratis",
        "Sin embargo, | los autobuses gratis cuestan cuatro millones al año.",
        "El pleno aprobó el martes los autobuses gratis para todos.",
    ),
    ("fr", TITLE, "En revanche, | les bus gratuits coûteront cher à la ville et à son conseil municipal.", FIRST),
    ("fr", TITLE, "Cette annonce | surprise du conseil municipal sur les bus divise la ville.", FIRST),
    (
        "ru",
        "Совет города ввёл бесплатные автобусы",
        "Он пообещал | бесплатные автобусы для всех жителей города.",
        "Совет города во вторник ввёл бесплатные автобусы для всех.",
    ),
    (
        "ja",
        "市議会、バス無料化を決定",
        "しかし、 | バスの無料化には年間四億円の費用がかかる見通しだ。",
        "市議会は火曜日、すべての住民を対象にバスの無料化を決定した。",
    ),
    (
        "zh",
        "市议会决定公交免费",
        "但是， | 公交免费每年将花费四百万元的财政资金。",
        "市议会周二投票决定对全体居民实行公交免费。",
    ),
    (
        "ko",
        "시의회, 버스 무료화 결정",
        "그는 | 모든 시민에게 버스를 무료로 제공하겠다고 약속했다.",
        "시의회는 화요일 모든 시민을 위한 버스 무료화를 결정했다.",
    ),
    (
        "ar",
        "مجلس المدينة يقر مجانية الحافلات",
        "لكن | مجانية الحافلات ستكلف المدينة أربعة ملايين سنويا.",
        "صوت مجلس المدينة الثلاثاء على مجانية الحافلات لجميع السكان.",
    ),
]


@pytest.mark.parametrize(("language", "title", "pointing", "alone"), POINTING)
def test_no_lead_begins_by_pointing_back(language: str, title: str, pointing: str, alone: str) -> None:
    glue = "" if language in ("ja", "zh") else " "
    text = f"{pointing.replace(' | ', glue)}{glue}{alone}"
    assert texts(choose(text, title, language))[0] == alone


def test_pronoun_comes_with_its_sentence() -> None:
    for sentences_ in (1, 2, 3):
        chosen = texts(
            choose(BODY, "La gratuité des bus coûtera quatre millions d'euros par an", "fr", sentences=sentences_)
        )
        assert THIRD not in chosen or chosen[chosen.index(THIRD) - 1 : chosen.index(THIRD)] == [SECOND]


def test_demonstrative_may_open_a_lead_if_the_title_names_its_noun() -> None:
    text = "Cette gratuité des bus, votée mardi soir par le conseil municipal, coûtera quatre millions d'euros."
    assert texts(choose(f"{text}\n\n{FOURTH}", TITLE, "fr"))[0] == text


def test_quotation_over_several_sentences_is_never_split() -> None:
    text = (
        "« La gratuité des bus est une chance pour le conseil municipal. Elle aidera toutes les familles », "
        f"a déclaré la maire mardi soir.\n\n{FIRST} {SECOND}"
    )
    for count in (1, 2, 3):
        lead = choose(text, TITLE, "fr", sentences=count).text
        assert lead.count("«") == lead.count("»")


def test_a_quotation_by_a_pronoun_needs_the_sentence_that_names_the_speaker() -> None:
    text = f'"Les bus gratuits du conseil municipal sont une chance pour la ville", a-t-elle dit mardi. {FIRST}'
    assert texts(choose(text, TITLE, "fr"))[0] == FIRST


def test_the_standfirst_is_preferred_to_better_sentences_of_the_body() -> None:
    standfirst = "C'est une première dans la région. Les usagers attendent de voir si les horaires suivront."
    text = f"{standfirst}\n\n{BODY}"
    lead = choose(text, TITLE, "fr", standfirst=standfirst)
    assert lead.sentences
    assert all(s.end <= len(standfirst) for s in lead.sentences)


def test_a_standfirst_may_lack_its_last_stop() -> None:
    standfirst = (
        "Dès le mois de septembre, les habitants de la ville et leurs enfants ne paieront plus leurs trajets en bus"
    )
    assert texts(choose(f"{standfirst}\n\n{BODY}", TITLE, "fr", standfirst=standfirst)) == [standfirst]


def test_short_standfirst_without_full_stop_is_no_lead() -> None:
    standfirst = "Trois d'entre eux sont encore à l'hôpital de la ville"
    assert FIRST in texts(choose(f"{standfirst}\n\n{BODY}", TITLE, "fr", standfirst=standfirst))


@pytest.mark.parametrize(
    "standfirst", ["Interview.", "Les bus seront-ils gratuits dans toute la ville ?", "Absent du texte."]
)
def test_empty_standfirst_is_ignored(standfirst: str) -> None:
    text = BODY if standfirst.startswith("Absent") else f"{standfirst}\n\n{BODY}"
    assert FIRST in texts(choose(text, TITLE, "fr", standfirst=standfirst))


@pytest.mark.parametrize(
    ("count", "characters", "least", "most"), [(1, 100, 1, 1), (1, 280, 1, 1), (2, 200, 1, 2), (3, 420, 2, 3)]
)
def test_target_length_is_met_with_whole_sentences(count: int, characters: int, least: int, most: int) -> None:
    lead = choose(BODY, TITLE, "fr", sentences=count, characters=characters)
    assert least <= len(lead.sentences) <= most
    assert len(lead.text) <= characters * 1.3


def test_better_sentence_than_the_first_two_is_chosen() -> None:
    weather = "Il pleuvait mardi soir sur la vieille place pavée, et les parapluies se pressaient sous les arcades."
    assert weather not in texts(choose(f"{weather} {FIRST} {SECOND}", TITLE, "fr"))


def test_truncated_feed_summary_is_no_sentence() -> None:
    cut = f"{FIRST} La mesure, promise par la maire pendant sa campagne, entrera en vigueur au…"
    assert texts(choose(cut, TITLE, "fr", rung="feed-summary")) == [FIRST]
    assert (
        choose("La mesure, promise par la maire pendant sa campagne, entrera…", TITLE, "fr", rung="feed-summary")
        == Lead()
    )


def test_a_summary_without_a_stop_is_a_sentence() -> None:
    text = "La mesure entrera en vigueur au mois de septembre"
    assert choose(text, TITLE, "fr", rung="feed-summary") == Lead((LeadSentence(text, 0, len(text)),), "feed-summary")


@pytest.mark.parametrize("text", ["", " \n\n ", "Gratuit", "Faut-il payer le bus ?", "- un\n- deux", "« Oui. »"])
def test_a_text_without_a_usable_sentence_gives_no_lead(text: str) -> None:
    assert choose(text, TITLE, "fr") == Lead((), "title")


@pytest.mark.parametrize("language", sorted(SAMPLES))
def test_every_language_gets_a_lead_of_its_own_sentences(language: str) -> None:
    glue = "" if language in ("zh", "ja") else " "
    text = "\n\n".join(glue.join(paragraph) for paragraph in SAMPLES[language])
    lead = choose(text, "", language)
    assert lead.sentences
    spans = sentences(text, language)
    assert all((s.start, s.end) in spans for s in lead.sentences)


def test_thai_needs_no_stops() -> None:
    text = "สภาเทศบาลลงมติเมื่อวันอังคารให้ประชาชนทุกคนขึ้นรถเมล์ฟรีตั้งแต่เดือนกันยายนเป็นต้นไป"
    assert texts(choose(text, "รถเมล์ฟรี", "th")) == [text]


PARTS = st.sampled_from(
    [
        FIRST,
        SECOND,
        THIRD,
        FOURTH,
        TITLE,
        "« Oui ! »",
        '"Non"',
        "Il dort.",
        "…",
        "PARIS (AFP) —",
        "市長が述べた。",
        "\n\n",
        " ",
        "?",
    ]
)


@given(
    st.lists(PARTS, max_size=14).map(" ".join) | st.text(max_size=200),
    st.integers(-1, 5),
    st.sampled_from([1, 80, 280, 10_000]),
    st.sampled_from(get_args(Rung)),
)
@settings(max_examples=150, deadline=None)
def test_offsets_are_exact_for_any_text(text: str, count: int, characters: int, rung: Rung) -> None:
    lead = choose(text, TITLE, "fr", sentences=count, characters=characters, rung=rung, standfirst=text[:40])
    assert len(lead.sentences) <= 3
    last = -1
    for s in lead.sentences:
        assert text[s.start : s.end] == s.text == s.text.strip() != ""
        assert last < s.start
        last = s.end


def test_a_very_long_article_costs_no_more_than_its_opening() -> None:
    short, long = BODY * 20, BODY * 4_000

    def seconds(text: str) -> float:
        begin = time.process_time()
        choose(text, TITLE, "fr")
        return time.process_time() - begin

    seconds(short)
    assert min(seconds(long) for _ in range(3)) < 3 * min(seconds(short) for _ in range(3)) + 0.01


@pytest.mark.parametrize(
    ("note", "language"),
    [
        ("Editor’s note: A version of this text was sent by mail last week. You can ask for it every Monday.", "en"),
        ("Note de la rédaction : ce texte a été revu. Vous pouvez le recevoir chaque lundi sur simple demande.", "fr"),
        ("Anmerkung der Redaktion: Dieser Text wurde geändert. Sie können ihn jeden Montag bekommen.", "de"),
        ("【编者按】近日我们采访了多位专家和居民。他们都说了很多有意思的话。", "zh"),
    ],
)
def test_note_about_the_page_is_skipped_to_its_end(note: str, language: str) -> None:
    news = {
        "en": "The council decided on Monday to open the new library in May.",
        "fr": "Le conseil a décidé lundi d'ouvrir la nouvelle bibliothèque au mois de mai.",
        "de": "Der Rat beschloss am Montag, die neue Bibliothek im Mai zu öffnen.",
        "zh": "市议会周一决定，新图书馆将于五月向全体市民免费开放。",
    }[language]
    assert texts(choose(f"{note}\n\n{news}", "", language)) == [news]


def test_a_bracket_that_its_sentence_does_not_close_is_no_lead() -> None:
    news = "市议会周一决定，新图书馆将于五月向全体市民免费开放。"
    assert texts(choose(f"（原标题：“新图书馆五月开放啦，大家都来看一看吧！”市长宣布）\n\n{news}", "", "zh")) == [news]


def test_list_items_without_full_stop_are_never_joined() -> None:
    items = (
        "Fixed a fault that kept the old entries of the long list in memory for ever\n"
        "Made the search of titles and of names twice as fast as it was before the change"
    )
    assert texts(choose(items, "Release notes", "en"))[0] in items.split("\n")


def test_a_row_of_a_table_is_no_lead() -> None:
    row = "Opening hours of the library: | Monday to Friday from nine to five | Saturday from ten to two"
    assert texts(choose(f"{row}\n\n{BODY}", TITLE, "fr"))[0] == FIRST


def test_an_answer_of_an_interview_needs_its_question() -> None:
    first = "Ten years after the flood, the mayor of Sarn looks back on the night that changed her town."
    talk = "Where were you that night?\n\nI heard the bells of the church first and thought of a wedding in town."
    more = "Was help slow to come?\n\nThe neighbours of the town came with tractors before anyone had called them."
    assert texts(choose(f"{first}\n\n{talk}\n\n{more}", "The mayor remembers the flood", "en")) == [first]
