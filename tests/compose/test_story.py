"""One event is one story, led by its best article, its copies known as copies."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.collect.article import Article
from digest.collect.lead import Lead, LeadSentence
from digest.compose.story import Candidate, document, group, lead_quality, led_by, moment, story
from tests.compose.samples import candidate

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEAD = "A freight train left the rails near Karsholm on Monday evening and blocked the coast line in both directions."
TRAIN = candidate("train", "Freight train derails near Karsholm", LEAD, "Herald")
ALSO_LEAD = (
    "The coast line at Karsholm stays closed until Friday, said the railway, after a freight train derailed there."
)
ALSO = candidate("line", "Coast line closed", ALSO_LEAD, "Post")
BANK = candidate(
    "bank", "Central bank leaves rates alone", "The bank in Norvale kept its main rate at two percent.", "Post"
)


def lead_of(text: str, rung: str = "page") -> Lead:
    return Lead((LeadSentence(text, 0, len(text)),), rung)  # type: ignore[arg-type]


def with_article(basis: Candidate, **facts: object) -> Candidate:
    article = replace(basis.article, **facts)  # type: ignore[arg-type]
    return replace(basis, article=article)


def test_every_candidate_is_in_exactly_one_story() -> None:
    stories = group([TRAIN, BANK, ALSO])
    assert sorted(c.key for s in stories for c in s.candidates) == sorted(c.key for c in (TRAIN, BANK, ALSO))
    assert {frozenset(c.key for c in s.candidates) for s in stories} == {
        frozenset({TRAIN.key, ALSO.key}),
        frozenset({BANK.key}),
    }
    assert group([]) == []


def test_a_story_names_every_outlet_once() -> None:
    again = replace(ALSO, key="https://post.example/again")
    assert story([TRAIN, ALSO, again]).outlets in [("Herald", "Post"), ("Post", "Herald")]


def test_the_key_stays_while_the_best_article_stays() -> None:
    alone = story([TRAIN])
    title_only = with_article(replace(ALSO, key="https://post.example/x"), lead=Lead(), text="")
    assert story([title_only, TRAIN]).key == alone.key
    assert story([BANK]).key != alone.key


def test_the_best_lead_goes_first() -> None:
    from_feed = with_article(TRAIN, lead=lead_of(LEAD, "feed-summary"))
    assert story([from_feed, ALSO]).best.key == ALSO.key
    assert story([with_article(TRAIN, lead=Lead()), ALSO]).best.key == ALSO.key
    assert story([with_article(TRAIN, problem="consent wall"), ALSO]).best.key == ALSO.key


def test_an_original_goes_before_an_agency_text_and_a_heavier_source_before_a_lighter() -> None:
    agency = with_article(TRAIN, credit="Agence Nord")
    assert story([agency, ALSO]).best.key == ALSO.key
    assert story([TRAIN, replace(ALSO, weight=2.0)]).best.key == ALSO.key
    assert story([replace(TRAIN, weight=2.0), ALSO]).best.key == TRAIN.key


def test_a_report_of_the_event_leads_before_a_piece_beside_it() -> None:
    third = candidate(
        "third", "Derailed freight train blocks coast line near Karsholm", f"{ALSO_LEAD} Nobody was hurt.", "Radio"
    )
    beside = candidate(
        "beside",
        "What the ferrymen remember",
        "When the line to Karsholm is blocked, old Jens takes people across the bay for a coffee.",
        "Quay",
    )
    told = story([replace(beside, first_seen=NOON - timedelta(days=1)), ALSO, third, TRAIN])
    assert told.best.outlet in ("Radio", "Herald")
    assert told.candidates[-1].key == beside.key
    assert story([replace(beside, weight=4.0), ALSO, third, TRAIN]).best.key == beside.key  # its feed counts for more


def test_neither_dateline_nor_lead_is_read_twice() -> None:
    lead = "The dyke broke in the night, and 6,400 people were brought to safety."
    text = f"WICK SANDS (Radio Maren) – {lead}\n\nThe water rose by four metres."
    begin = text.index(lead)
    read = Lead((LeadSentence(lead, begin, begin + len(lead)),), "page")
    assert document(with_article(TRAIN, text=text, lead=read)).text == f"{lead}\n\nThe water rose by four metres."
    later = "The water rose by four metres."
    at = text.index(later)
    read = Lead((LeadSentence(lead, begin, begin + len(lead)), LeadSentence(later, at, at + len(later))), "page")
    assert document(with_article(TRAIN, text=text, lead=read)).text.startswith(f"{lead} {later}")


def test_outlets_are_told_apart_by_name_where_one_host_serves_them_all() -> None:
    flood = {
        "Thousands flee as the sea breaks in": "The sea broke through the dyke at Wick Sands, and 6,400 people left.",
        "Two missing after night of storm": "Two men are missing after the dyke at Wick Sands broke by their van.",
        "A town left in school buses": "They went in school buses before the dyke at Wick Sands broke for good.",
        "No trains to the coast": "Trains stand still after the dyke at Wick Sands gave way; 84,000 homes are dark.",
    }
    rest = {
        "New head for the library": "The town library gets a new head, who wants longer evenings.",
        "Youth side wins cup": "The under-15 side won the district cup in a shoot-out.",
        "Choir turns 100": "The choir of St Olaf sings its hundredth winter concert.",
    }
    told = [
        candidate(f"{n}", title, lead, f"Outlet {n % 4}")
        for n, (title, lead) in enumerate([*flood.items(), *rest.items()])
    ]
    here = [with_article(c, url=f"https://pages.example/{c.outlet[-1]}/{c.key[-1]}") for c in told]
    assert {frozenset(c.article.title for c in s.candidates) for s in group([*here, BANK])} == {
        frozenset(flood),
        *(frozenset({title}) for title in (*rest, BANK.article.title)),
    }


def test_the_newsletters_language_goes_before_another() -> None:
    french = with_article(replace(ALSO, weight=9.0), language="fr")
    assert story([TRAIN, french], language="en").best.key == TRAIN.key
    assert story([TRAIN, french], language="fr").best.key == french.key
    assert story([with_article(TRAIN, language="en-GB"), french], language="en-US").best.key == TRAIN.key


def test_nearly_identical_copies_collapse_behind_the_first() -> None:
    first = replace(TRAIN, key="https://a.example/1", outlet="A", first_seen=NOON - timedelta(hours=3))
    copies = [
        replace(TRAIN, key=f"https://{o}.example/1", outlet=o, first_seen=NOON - timedelta(hours=h))
        for h, o in ((2, "B"), (1, "C"))
    ]
    told = group([*copies, ALSO, first])
    assert len(told) == 1
    assert told[0].copies == {c.key for c in copies}
    assert told[0].outlets[-2:] == ("B", "C") or told[0].outlets[-2:] == ("C", "B")


def test_another_article_can_take_the_lead_and_the_story_stays_the_same() -> None:
    whole = story([TRAIN, ALSO])
    other = whole.others[0]
    turned = led_by(whole, other.key)
    assert (turned.key, turned.best, set(turned.candidates)) == (whole.key, other, set(whole.candidates))
    assert led_by(whole, "") == whole


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (NOON - timedelta(hours=5), NOON - timedelta(hours=5)),
        (None, NOON),
        (NOON + timedelta(days=900), NOON),
    ],
    ids=["as the feed says", "undated: first seen", "future: first seen"],
)
def test_when_an_article_counts_as_published(published: datetime | None, expected: datetime) -> None:
    assert moment(replace(TRAIN, published=published, first_seen=NOON)) == expected


def test_lead_quality_falls_with_the_rung_the_length_and_the_health_of_the_page() -> None:
    healthy = TRAIN.article

    def quality(**facts: object) -> float:
        return lead_quality(replace(healthy, **facts))  # type: ignore[arg-type]

    best = lead_quality(healthy)
    assert best == 1.0
    assert best > quality(lead=lead_of(LEAD, "structured-data")) > quality(lead=lead_of(LEAD, "feed-summary")) > 0
    assert best > quality(lead=lead_of("Too short.")) > 0
    assert best > quality(problem="paywall") > 0
    assert lead_quality(Article("s", "u", "t")) == 0
