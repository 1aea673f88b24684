"""Grouping keeps its promises on labelled samples: own ones in French and German, and public ones where present."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from unicodedata import normalize

import numpy as np
import pytest

from digest.compose.events.grouping import Document, cluster, copies
from digest.compose.events.linkage import link
from digest.compose.events.similarity import Pairs, vectors
from tests.benchmarks.stories import newsroom
from tests.compose.events.partition import SAMPLES, agreement, labelled, labels_of, mixed
from tests.paths import SHARED

SHARED_SETS = SHARED / "data" / "stories"


@pytest.mark.parametrize(("language", "least"), [("fr", (0.95, 0.90)), ("de", (0.91, 0.78))])
def test_most_stories_of_a_morning_are_found_and_no_two_are_mixed(language: str, least: tuple[float, float]) -> None:
    documents, true = labelled(SAMPLES / f"{language}.jsonl")
    found = labels_of(cluster(documents))
    bcubed, pairwise = agreement(true, found)
    assert mixed(true, found) == []
    assert bcubed >= least[0]
    assert pairwise >= least[1]


@pytest.mark.parametrize(("name", "bcubed", "pairwise"), [("neus-dev", 0.88, 0.79), ("ecb-dev", 0.91, 0.90)])
def test_titles_and_forty_words_of_public_samples_are_enough(name: str, bcubed: float, pairwise: float) -> None:
    path = SHARED_SETS / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"the folder 'shared' is not beside the checkout: no {name}.jsonl")
    documents, true = labelled(path, opening=40)
    reached = agreement(true, labels_of(cluster(documents)))
    assert reached[0] >= bcubed
    assert reached[1] >= pairwise


@pytest.mark.parametrize(("language", "mean", "least"), [("fr", 0.92, 0.8), ("de", 0.86, 0.7)])
def test_a_handful_of_articles_is_grouped_as_well_as_a_full_morning(language: str, mean: float, least: float) -> None:
    documents, true = labelled(SAMPLES / f"{language}.jsonl")
    rng = random.Random(4)
    scores = []
    for _ in range(12):
        chosen = set(rng.sample(sorted(set(true)), 6))
        picked = [i for i, story in enumerate(true) if story in chosen]
        found = labels_of(cluster([documents[i] for i in picked]))
        scores.append(agreement([true[i] for i in picked], found)[0])
    assert sum(scores) / len(scores) >= mean
    assert min(scores) >= least


def test_the_order_of_articles_does_not_matter() -> None:
    rng = random.Random(9)
    documents = [*newsroom(400)[0], *labelled(SAMPLES / "fr.jsonl")[0]]
    for n in range(60):  # cut copies: the short one is the long one's copy, and not the other way round
        words = "".join(rng.choices("abcdefghijklmnop     ", k=400)).split()
        cut = rng.randrange(len(words) - 15)
        texts = words, words[cut : cut + 12]
        for kind, text in zip(("whole", "cut"), texts, strict=True):
            title = "".join(rng.choices("abcdefghijklmnop     ", k=60))
            documents.append(Document(f"{kind} {n}", title, " ".join(text), None, "en"))
    expected = {frozenset(documents[i].id for i in group) for group in cluster(documents)}
    for seed in range(4):
        shuffled = random.Random(seed).sample(documents, len(documents))
        assert {frozenset(shuffled[i].id for i in group) for group in cluster(shuffled)} == expected


def test_each_position_comes_back_once_whatever_the_texts_are() -> None:
    odd = ["", "...", "2-1", "\u202e", "a" * 5000, "的", "💥💥", "é" * 3, "12,5 %", "\x00", "Same", "Same"]
    documents = [Document(str(i), title, text) for i, (title, text) in enumerate(zip(odd, reversed(odd), strict=True))]
    groups = cluster(documents)
    assert sorted(i for group in groups for i in group) == list(range(len(odd)))
    assert cluster([]) == []


def test_languages_are_grouped_apart_even_for_one_event_and_the_same_words() -> None:
    one = Document("fr", "Séisme Agadir magnitude 6,1", "Agadir Maroc Rabat Marrakech 6,1", None, "fr")
    two = Document("es", "Séisme Agadir magnitude 6,1", "Agadir Maroc Rabat Marrakech 6,1", None, "es")
    assert cluster([one, two]) == [[0], [1]]


def test_a_document_without_a_language_joins_those_of_the_language_it_is_written_in() -> None:
    documents, true = labelled(SAMPLES / "fr.jsonl")
    unknown = [replace(d, language="" if i % 2 else "fr-FR") for i, d in enumerate(documents)]
    assert agreement(true, labels_of(cluster(unknown)))[0] >= 0.95


QUAKES = [
    ("Quake of 6.1 kills 12 near Valdoria", "A quake of magnitude 6.1 shook the coast of Valdoria on Monday; 12 died."),
    ("Rescuers search ruins on Valdoria coast", "Teams from three towns dig after Monday's 6.1 quake in Valdoria."),
    ("Quake of 5.4 rattles Port Haven", "A quake of magnitude 5.4 shook Port Haven on Thursday; nobody was hurt."),
    ("Port Haven schools shut after tremor", "Cracks after Thursday's 5.4 quake keep Port Haven's schools closed."),
]
MATCHES = [
    ("Rovers beat Albion 3-1", "Rovers won 3-1 at Albion on Saturday with two goals by Dara Quill."),
    ("Quill double sinks Albion", "Dara Quill struck twice as Rovers left Albion with a 3-1 win on Saturday."),
    ("United and Wanderers draw 2-2", "United and Wanderers drew 2-2 on Saturday after a late goal by Ivo Marsh."),
    ("Late Marsh goal saves Wanderers", "Ivo Marsh's late goal earned Wanderers a 2-2 draw at United on Saturday."),
]


@pytest.mark.parametrize("texts", [QUAKES, MATCHES], ids=["quakes", "matches"])
def test_two_similar_events_stay_apart_and_each_is_one_story(texts: list[tuple[str, str]]) -> None:
    documents = [Document(str(i), title, text, None, "en") for i, (title, text) in enumerate(texts)]
    assert cluster(documents) == [[0, 1], [2, 3]]


def test_two_texts_that_no_third_one_backs_must_be_more_alike_than_three() -> None:
    def pairs_of(count: int, likeness: float) -> list[list[int]]:
        cosine = {(i, j): likeness for i in range(count) for j in range(i + 1, count)}
        return link(
            count, Pairs(cosine, np.zeros(count), frozenset()), vectors([{}] * count, lambda _word, _texts: 0.1)
        )

    assert pairs_of(3, 0.25) == [[0, 1, 2]]
    assert pairs_of(2, 0.25) == [[0], [1]]
    assert pairs_of(2, 0.29) == [[0, 1]]


def test_a_morning_on_which_every_article_tells_another_event_has_hardly_a_story_of_two() -> None:
    for language in ("fr", "de"):
        documents, true = labelled(SAMPLES / f"{language}.jsonl", opening=40)
        alone = [documents[true.index(story)] for story in dict.fromkeys(true)]
        assert sum(len(group) - 1 for group in cluster(alone)) <= len(alone) // 10


def test_scripts_without_spaces_and_languages_without_tables_work_too() -> None:
    chinese = [
        ("成都发生6.1级地震", "周一上午，四川成都发生6.1级地震，已造成十二人死亡，救援人员正在搜救。"),
        ("四川地震救援继续", "四川成都6.1级地震后，救援人员连夜搜救被困居民，死亡人数为十二人。"),
        ("央行下调存款准备金率", "中国人民银行宣布下调存款准备金率0.5个百分点，以支持实体经济。"),
    ]
    polish = [
        ("Powódź w Opolu: ewakuowano szpital", "Odra wylała w Opolu, ewakuowano szpital i dwie szkoły."),
        ("Opole pod wodą", "Po wylaniu Odry strażacy ewakuowali z Opola chorych ze szpitala."),
        ("Legia wygrywa w Gdańsku", "Legia pokonała Lechię 2:0 po bramkach Nowaka w sobotnim meczu."),
    ]
    hindi = [
        ("दिल्ली में भूकंप से 12 लोगों की मौत", "दिल्ली में सोमवार को आए 6.1 तीव्रता के भूकंप में 12 लोगों की मौत हो गई।"),
        ("भूकंप: दिल्ली में बचाव कार्य जारी", "दिल्ली में आए भूकंप के बाद बचाव दल मलबे में फंसे लोगों को खोज रहे हैं।"),
        ("रिज़र्व बैंक ने ब्याज दर घटाई", "भारतीय रिज़र्व बैंक ने रेपो दर 0.25 प्रतिशत घटाने का ऐलान किया।"),
    ]
    tamil = [
        ("சென்னையில் நிலநடுக்கம்: 12 பேர் பலி", "சென்னையில் திங்கட்கிழமை ஏற்பட்ட நிலநடுக்கத்தில் 12 பேர் உயிரிழந்தனர்."),
        ("நிலநடுக்கம்: சென்னையில் மீட்புப் பணி", "சென்னையில் நிலநடுக்கம் ஏற்பட்ட பகுதிகளில் மீட்புப் பணி தொடர்கிறது."),
        ("ரிசர்வ் வங்கி வட்டி குறைப்பு", "இந்திய ரிசர்வ் வங்கி வட்டி விகிதத்தை குறைத்தது."),
    ]
    for language, texts in (("zh", chinese), ("pl", polish), ("hi", hindi), ("ta", tamil)):
        documents = [Document(str(i), title, text, None, language) for i, (title, text) in enumerate(texts)]
        assert cluster(documents) == [[0, 1], [2]]


def campaign(events: int, articles: int) -> tuple[list[Document], list[str]]:
    """Many events of one election campaign: every text speaks of the candidates, the vote and the polls."""
    rng = random.Random(2)
    common = [
        "Norvale",
        "President",
        "Harlan",
        "Voss",
        "Mira",
        "Okafor",
        "election",
        "campaign",
        "poll",
        "voters",
        "debate",
    ]
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    documents, true = [], []
    for event in range(events):
        own = ["".join(rng.choices(syllables, k=3)) for _ in range(14)]
        place = "".join(rng.choices(syllables, k=3)).title()
        for n in range(articles):
            words = rng.sample(common, 8) + rng.sample(own, 9) + [place]
            rng.shuffle(words)
            title = " ".join(["Voss", "Okafor", *rng.sample(own, 2), "election"])
            documents.append(Document(f"{event}-{n}", title, " ".join(words), None, "en"))
            true.append(str(event))
    return documents, true


def test_hundreds_of_articles_on_one_big_topic_do_not_become_one_story() -> None:
    documents, true = campaign(events=80, articles=5)
    groups = cluster(documents)
    assert max(len(group) for group in groups) <= 10
    assert agreement(true, labels_of(groups))[0] >= 0.95


def test_hundreds_of_articles_on_one_event_are_one_story() -> None:
    documents, true = campaign(events=40, articles=5)
    big, _ = campaign(events=1, articles=300)
    groups = cluster([*documents, *(replace(d, id=f"big-{i}") for i, d in enumerate(big))])
    assert max(len(group) for group in groups) >= 300
    assert len(groups) >= len(set(true)) - 2


def test_copies_are_found_though_cut_and_under_another_dateline() -> None:
    agency = " ".join(json.loads(line)["text"] for line in (SAMPLES / "fr.jsonl").read_text().splitlines()[:2])
    cut = " ".join(agency.split()[:30])
    assert copies(
        [agency, f"RABAT (Agence) — {agency}", cut, "Un tout autre texte, écrit ailleurs et par d'autres."]
    ) == [
        0,
        0,
        0,
        3,
    ]


def test_decomposed_letters_are_the_same_letters() -> None:
    documents, _ = labelled(SAMPLES / "fr.jsonl")
    apart = [replace(d, title=normalize("NFD", d.title), text=normalize("NFD", d.text)) for d in documents]
    mixed_up = [one if n % 2 else other for n, (one, other) in enumerate(zip(documents, apart, strict=True))]
    assert cluster(mixed_up) == cluster(apart) == cluster(documents)


def test_articles_weeks_apart_hardly_ever_share_a_story() -> None:
    documents, _ = labelled(SAMPLES / "fr.jsonl")
    original = [
        d for d, first in zip(documents, copies([d.text for d in documents]), strict=True) if d is documents[first]
    ]
    weeks = timedelta(days=30)
    moved = [replace(d, published=d.published - weeks) if i % 2 and d.published else d for i, d in enumerate(original)]

    def bridging(batch: list[Document]) -> int:
        return sum(len({i % 2 for i in group}) > 1 for group in cluster(batch))

    assert bridging(original) >= 15
    assert bridging(moved) <= 3
