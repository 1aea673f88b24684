"""Stories that subscribers had do not come back, unless there are new facts."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.compose.edition import EditionStory
from digest.compose.ledger import Told, judge, judge_all, remember
from digest.compose.story import Candidate, group, story
from tests.compose.events.partition import SAMPLES, labelled
from tests.compose.samples import candidate

YESTERDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
TODAY = YESTERDAY + timedelta(days=1)

FIRE = candidate(
    "fire",
    "Hotel fire in Brannoch kills 12",
    "A fire in a hotel in Brannoch killed 12 people on Sunday night, the fire brigade said.",
    first_seen=YESTERDAY - timedelta(hours=3),
)
ANGLE = candidate(
    "guests",
    "Guests fled down burning stairs",
    "Guests of the Brannoch hotel where 12 people were killed by a fire told how they fled on Sunday night.",
    "Post",
    first_seen=TODAY - timedelta(hours=4),
)
TOLL = candidate(
    "toll",
    "Brannoch hotel fire: death toll rises to 17 people",
    "The fire in a hotel in Brannoch on Sunday night killed 17 people, the fire brigade now says.",
    "Tribune",
    first_seen=TODAY - timedelta(hours=2),
)
OTHER = candidate(
    "storm",
    "Storm cuts power on the west coast",
    "A storm with gusts of 130 kilometres an hour cut power to 40,000 homes on the west coast.",
    first_seen=TODAY - timedelta(hours=2),
)


def printed(candidates: tuple[Candidate, ...], edition: str = "morning-1", at: datetime = YESTERDAY) -> Told:
    """Return the ledger's record after `candidates` were printed as one story."""
    whole = story(candidates)
    article = whole.best.article
    return remember(
        EditionStory(
            key=whole.key,
            url=article.url,
            title=article.title,
            lead=article.lead.text,
            language=article.language,
            outlet=whole.best.outlet,
            article_keys=tuple(c.key for c in candidates),
        ),
        edition,
        at,
    )


def test_a_story_nobody_was_told_is_new() -> None:
    assert judge(story([OTHER]), []).kind == "new"
    assert judge(story([OTHER]), [printed((FIRE,))]).kind == "new"


def test_the_same_article_is_a_repeat_under_any_topic_or_newsletter() -> None:
    verdict = judge(story([FIRE]), [printed((FIRE,), "evening-7")])
    assert (verdict.kind, verdict.reason) == (
        "repeat",
        "told in evening-7 as 'Hotel fire in Brannoch kills 12': no newer article",
    )


def test_another_outlets_article_on_a_told_event_is_a_repeat() -> None:
    verdict = judge(story([ANGLE]), [printed((FIRE,))])
    assert verdict.kind == "repeat"
    assert verdict.told is not None
    assert verdict.told.title == FIRE.article.title


def test_an_article_from_before_the_telling_brings_no_news() -> None:
    late_found = replace(TOLL, first_seen=YESTERDAY - timedelta(minutes=1))
    assert judge(story([late_found]), [printed((FIRE,))]).kind == "repeat"


def test_a_changed_toll_is_an_update_that_names_the_change_and_who_has_it() -> None:
    verdict = judge(story([FIRE, ANGLE, TOLL]), [printed((FIRE,))])
    assert (verdict.kind, verdict.leads) == ("update", TOLL.key)
    assert "12 → 17" in verdict.reason


def test_an_update_once_told_is_a_repeat_the_next_day() -> None:
    told = [printed((FIRE,)), printed((TOLL,), "morning-2", TODAY)]
    tomorrow = replace(TOLL, key="https://x.example/again", first_seen=TODAY + timedelta(hours=9))
    verdict = judge(story([tomorrow]), told)
    assert verdict.kind == "repeat"
    assert verdict.told == told[1]


def test_of_two_similar_events_only_the_told_one_is_a_repeat() -> None:
    second = candidate(
        "mill",
        "Fire at Lower Tarn mill kills 3",
        "A fire in a paper mill in Lower Tarn killed 3 workers on Monday morning, the owner said.",
        first_seen=TODAY - timedelta(hours=1),
    )
    verdicts = judge_all([story([ANGLE]), story([second])], [printed((FIRE,))])
    assert [v.kind for v in verdicts.values()] == ["repeat", "new"]


@pytest.mark.parametrize(
    ("language", "yesterday", "today"),
    [
        (
            "fr",
            ("Horoscope du lundi 23 novembre", "Bélier : une belle énergie vous porte, osez parler à votre chef."),
            ("Horoscope du mardi 24 novembre", "Bélier : la fatigue se fait sentir, reposez-vous ce soir."),
        ),
        (
            "de",
            ("Das Wetter heute", "Regen im Norden, Sonne im Süden, Höchstwerte 8 bis 13 Grad."),
            ("Das Wetter heute", "Nebel am Rhein, sonst heiter, Höchstwerte 5 bis 11 Grad."),
        ),
        (
            "en",
            ("Markets wrap", "Shares in London rose 0.5 percent on Monday, led by banks, as the pound fell."),
            ("Markets wrap", "Shares in London fell 1.2 percent on Tuesday as miners slid and oil gained."),
        ),
        (
            "en",
            ("Crossword no. 1,204", "Wren asks for a river in three letters and other small torments."),
            ("Crossword no. 1,205", "Tern has hidden six birds in the grid, and a herring among them."),
        ),
    ],
)
def test_the_next_part_of_a_column_is_neither_a_repeat_nor_an_update(
    language: str, yesterday: tuple[str, str], today: tuple[str, str]
) -> None:
    before = candidate("a", *yesterday, language=language, first_seen=YESTERDAY - timedelta(hours=2))
    now = candidate("b", *today, language=language, first_seen=TODAY - timedelta(hours=2))
    assert judge(story([now]), [printed((before,))]).kind == "new"
    assert [one.others for one in group([before, now])] == [(), ()]


def test_a_column_that_is_sent_again_word_for_word_is_a_repeat() -> None:
    again = replace(FIRE, key="https://herald.example/again", first_seen=TODAY - timedelta(hours=2))
    assert judge(story([again]), [printed((FIRE,))]).kind == "repeat"


def test_a_toll_that_rises_under_the_same_heading_stays_an_update() -> None:
    before = candidate("a", "Brannoch fire: 12 dead", FIRE.article.lead.text, first_seen=YESTERDAY - timedelta(hours=3))
    now = candidate("b", "Brannoch fire: 17 dead", TOLL.article.lead.text, first_seen=TODAY - timedelta(hours=2))
    verdict = judge(story([now]), [printed((before,))])
    assert (verdict.kind, verdict.leads) == ("update", now.key)


def morning(language: str) -> dict[str, list[Candidate]]:
    """The candidates of a labelled sample by true story."""
    stories: dict[str, list[Candidate]] = {}
    for document, true in zip(*labelled(SAMPLES / f"{language}.jsonl"), strict=True):
        article = candidate(document.id, document.title, document.text, language=language, first_seen=TODAY)
        stories.setdefault(true, []).append(article)
    return stories


def test_no_story_is_held_back_for_another_event_of_yesterday() -> None:
    known = unknown = lost = held_back = 0
    for language in ("fr", "de"):
        stories = morning(language)
        told_before = set(random.Random(6).sample(sorted(stories), len(stories) // 2))
        told, today = [], {}
        for true, candidates in stories.items():
            if true in told_before:
                told.append(printed((candidates[0],), at=TODAY - timedelta(hours=20)))
                candidates = candidates[1:]
            if candidates:
                today[true] = story(candidates)
        verdicts = judge_all(list(today.values()), told)
        for true, one in today.items():
            kind = verdicts[one.key].kind
            known, unknown = known + (true in told_before), unknown + (true not in told_before)
            held_back += true not in told_before and kind == "repeat"
            lost += true not in told_before and kind != "new"
    assert known >= 20
    assert held_back == 0
    assert lost <= 0.05 * unknown


def test_what_is_remembered_holds_the_printed_words_and_every_article() -> None:
    told = printed((FIRE, ANGLE))
    assert set(told.article_keys) == {FIRE.key, ANGLE.key}
    assert {"brannoch", "12", "hotel"} <= set(told.fingerprint)
    assert told.fingerprint == tuple(sorted(told.fingerprint))


@pytest.mark.parametrize(
    ("language", "first", "second", "kind"),
    [
        (
            "en",
            (
                "Larsen and Okoro clash in first debate",
                "Ida Larsen and Sam Okoro clashed over taxes in a debate.",
            ),
            ("Second debate turns to hospitals", "Ida Larsen and Sam Okoro met again and argued over hospitals."),
            "update",
        ),
        (
            "fr",
            ("Larsen et Okoro s’affrontent au premier débat", "Ida Larsen et Sam Okoro se sont opposés sur l’impôt."),
            ("Le deuxième débat tourne autour de l’hôpital", "Ida Larsen et Sam Okoro ont débattu de l’hôpital."),
            "update",
        ),
        (
            "de",
            ("Larsen und Okoro streiten in der ersten Debatte", "Ida Larsen und Sam Okoro stritten über die Steuern."),
            ("Zweite Debatte dreht sich um Kliniken", "Ida Larsen und Sam Okoro stritten nun über die Kliniken."),
            "update",
        ),
        (
            "en",
            (
                "Larsen and Okoro clash in second debate",
                "Ida Larsen and Sam Okoro clashed in the second debate.",
            ),
            ("What stays of the first debate", "Ida Larsen and Sam Okoro clashed in the first debate, too."),
            "repeat",
        ),
    ],
)
def test_the_next_in_a_row_is_news_and_the_one_before_is_not(
    language: str, first: tuple[str, str], second: tuple[str, str], kind: str
) -> None:
    told = candidate("a", *first, language=language, first_seen=YESTERDAY - timedelta(hours=2))
    now = candidate("b", *second, language=language, first_seen=TODAY - timedelta(hours=2))
    whole = story([now, told])  # of one story, whatever grouping makes of two so short texts
    verdict = judge(whole, [printed((told,))])
    assert (verdict.kind, verdict.leads) == (kind, now.key if kind == "update" else ""), verdict.reason
