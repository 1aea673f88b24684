"""Every assignment to a topic carries its reason; exclude words win; words match by stem, accents and case aside."""

from dataclasses import dataclass, replace

import pytest

from digest.compose.story import Candidate, story
from digest.compose.topic import assign, assign_story, find
from tests.compose.samples import candidate


@dataclass(frozen=True)
class Topic:
    title: str = "World"
    feeds: tuple[str, ...] = ("https://herald.example/feed",)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recurring: str = "last"


FLOOD = candidate(
    "crue", "Crue de la Loire : Tours évacue", "La Loire déborde à Tours, les élus appellent au calme.", language="fr"
)
TOPICS = {"world": Topic(), "climate": Topic("Climat", (), ("crue*", "réchauffement"))}


@pytest.mark.parametrize(
    ("pattern", "text", "language", "found"),
    [
        ("climat*", "Le dérèglement climatique", "fr", "climatique"),
        ("CLIMAT*", "un climat lourd", "fr", "climat"),
        ("*bahn", "Die Autobahn ist frei", "de", "Autobahn"),
        ("élection", "Les ÉLECTIONS approchent", "fr", "ÉLECTIONS"),
        ("elections", "Une élection serrée", "fr", "élection"),
        ("Haus", "Alte Häuser stehen leer", "de", "Häuser"),
        ("prix du pétrole", "Le prix du petrole monte", "fr", "prix du petrole"),
        ("prix du pétrole", "Le prix monte, le pétrole baisse", "fr", ""),
        ("art", "Départ des artistes", "fr", ""),
        ("l'eau", "Prix de l’eau", "fr", "l’eau"),
        ("covid-19", "Covid 19 in the city", "en", "Covid 19"),
        ("выборы", "На выборах", "ru", "выборах"),
        ("选举", "台湾选举结果", "zh", "选举"),
        ("地震*救援", "四川地震后救援队赶到", "zh", "地震*救援"),
        ("救援*地震", "四川地震后救援队赶到", "zh", ""),
        ("선거", "대통령 선거를 앞두고", "ko", "선거를"),
        ("चुनाव", "बिहार के चुनावों में", "hi", "चुनावों"),
        ("भ", "भूकंप से", "hi", ""),
        ("انتخابات", "الانتخابات الرئاسية", "ar", "الانتخابات"),
        ("انتخابات", "اِنْتِخابات رئاسية", "ar", "اِنْتِخابات"),
        ("élection", "les e\u0301lections", "fr", "e\u0301lections"),  # as a Mac writes it
        ("выборы", "вы́боры прошли", "ru", "вы́боры"),
        ("C++", "a new C++, at last", "en", "C++"),
        ("C++", "vitamin C is cheap", "en", ""),
        ("C#", "written in c#.", "en", "C#"),
        ("AT&T", "AT&T rose", "en", "AT&T"),
        ("#MeToo", "the MeToo case", "en", "MeToo"),
        ("💥", "boom 💥!", "en", "💥"),
        ("", "anything", "en", ""),
        ("  - ", "anything", "en", ""),
    ],
)
def test_words_match_their_other_forms_and_nothing_else(pattern: str, text: str, language: str, found: str) -> None:
    assert find(pattern, text, language) == found


def test_a_feed_of_the_topic_is_reason_enough() -> None:
    decided = assign(FLOOD, {"world": Topic()})
    assert (decided.topic, decided.reason) == ("world", f"feed: {FLOOD.feed_url}")


def test_a_topic_without_feeds_takes_what_has_its_words_from_every_feed() -> None:
    decided = assign(FLOOD, TOPICS)
    assert decided.topic == "climate"
    assert "'crue*' ('Crue')" in decided.reason


def test_exclude_wins_over_feed_and_include() -> None:
    topics = {"world": Topic(include=("Loire",), exclude=("élu",))}
    decided = assign(FLOOD, topics)
    assert decided.topic is None
    assert decided.reason == "world: exclude word 'élu' found in the opening ('élus')"
    assert assign(replace(FLOOD, categories=("Sport",)), {"world": Topic(exclude=("sport",))}).topic is None


def test_a_topic_with_feeds_and_include_words_wants_both() -> None:
    topics = {"world": Topic(include=("incendie",))}
    assert assign(FLOOD, topics).reason == "world: none of its include words is in the title or the opening"
    assert assign(FLOOD, {"world": Topic(include=("incendie", "crues"))}).topic == "world"


def test_its_own_feed_goes_before_words_that_another_topic_looks_for() -> None:
    stranger = Topic("Rivers", ("https://other.example/feed",), ("Loire",))
    assert assign(FLOOD, {"rivers": stranger, "world": Topic()}).topic == "world"
    assert assign(replace(FLOOD, topics=()), {"rivers": stranger, "world": Topic()}).topic == "rivers"


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"categories": ("Planète",)}, "feed category: Planète"),
        ({"categories": ("PLANETE",)}, "feed category: PLANETE"),
        ({"url": "https://herald.example/planetes/crue-de-la-loire"}, "address: /planetes/"),
    ],
)
def test_category_and_address_decide_between_topics_that_share_a_feed(facts: dict[str, object], kind: str) -> None:
    url = str(facts.pop("url", FLOOD.article.url))
    here = replace(FLOOD, article=replace(FLOOD.article, url=url), topics=("world", "planet"), **facts)  # type: ignore[arg-type]
    topics = {"world": Topic(), "planet": Topic("Planète")}
    assert assign(replace(FLOOD, topics=("world", "planet")), topics).topic == "world"
    decided = assign(here, topics)
    assert decided.topic == "planet"
    assert kind in decided.reason


def test_what_fits_no_topic_says_so_and_lists_what_was_considered() -> None:
    decided = assign(replace(FLOOD, topics=()), {"world": Topic()})
    assert (decided.topic, decided.reason) == (None, "no topic's feed, words, category or address fits")
    assert [fit.topic for fit in decided.fits] == ["world"]


def test_a_learned_score_speaks_with_its_reason_and_cannot_lift_an_exclusion() -> None:
    def learned(_: Candidate, topic: str) -> tuple[float, str]:
        return (2.0, "editors moved 14 like it") if topic == "planet" else (0.0, "no opinion")

    topics = {"world": Topic(), "planet": Topic("Planète", ("x",))}
    shared = replace(FLOOD, topics=("world", "planet"))
    decided = assign(shared, topics, score=learned)
    assert decided.topic == "planet"
    assert "learned: editors moved 14 like it" in decided.reason
    barred = {**topics, "planet": Topic("Planète", ("x",), exclude=("Tours",))}
    assert assign(shared, barred, score=learned).topic == "world"


def test_a_story_goes_where_its_articles_vote_and_never_where_its_lead_is_refused() -> None:
    second = candidate("tours", "Tours sous les eaux", "La Loire a envahi le centre de Tours.", "Post", language="fr")
    other = replace(second, topics=("planet",))
    topics = {"world": Topic(), "planet": Topic("Planète", ("x",))}
    alone = replace(FLOOD, topics=("world", "planet"))
    assert assign_story(story([alone]), topics).topic == "world"
    told = story([alone, other])
    decided = assign_story(told, topics)
    assert decided.topic == "planet"
    assert "others: 1 of 1 other articles" in decided.reason
    barred = {"world": Topic(), "planet": Topic("Planète", ("x",), exclude=(told.best.article.title.split()[0],))}
    assert assign_story(told, barred).topic == "world"
