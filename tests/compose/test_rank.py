"""Every score is the sum of parts one can read, every story is in or out with its reason, and a quiet day is short."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.collect.lead import Lead
from digest.compose.rank import WEIGHTS, Limits, Ranked, Ranking, rank, stale
from digest.compose.story import Candidate, Story, story
from tests.compose.samples import candidate

CUT_OFF = datetime(2026, 11, 24, 6, tzinfo=UTC)
ANY = Limits(per_topic=0, per_outlet=0, floor=0.0)
SUBJECTS = [
    "harbour",
    "glacier",
    "orchestra",
    "vaccine",
    "tunnel",
    "satellite",
    "orchard",
    "parliament",
    "chess",
    "reef",
]


def article(number: int, outlet: str = "", hours: float = 2, **facts: object) -> Candidate:
    subject = SUBJECTS[number]
    seen = CUT_OFF - timedelta(hours=hours)
    lead = f"The {subject} of town {number} has been the talk of {subject}s since it opened its {subject} doors."
    return candidate(
        f"n{number}-{outlet}", f"The {subject}", lead, outlet or f"Outlet{number}", first_seen=seen, **facts
    )


def only(ranking: Ranking) -> Ranked:
    (ranked,) = ranking.ranked
    return ranked


def part(found: Ranked, name: str) -> float:
    return next(p.value for p in found.parts if p.name == name)


def fates(ranking: Ranking) -> dict[str, str]:
    return {r.story.best.article.title: r.reason for r in ranking.ranked}


def test_a_score_is_the_sum_of_its_parts_and_each_says_what_it_was_made_of() -> None:
    found = only(rank({"world": [story([article(0)])]}, CUT_OFF))
    assert {p.name for p in found.parts} == set(WEIGHTS)
    assert found.score == pytest.approx(sum(p.value * WEIGHTS[p.name] for p in found.parts))
    assert all(0 <= p.value <= 1 and p.why for p in found.parts)
    assert sum(WEIGHTS.values()) == pytest.approx(1)


def test_more_outlets_newer_heavier_higher_and_better_led_scores_more() -> None:
    def parts(*candidates: Candidate) -> Ranked:
        return only(rank({"world": [story(candidates)]}, CUT_OFF, ANY))

    plain = parts(article(0, "A"))
    assert part(parts(article(0, "A"), article(0, "B")), "coverage") > part(plain, "coverage") == 0
    assert part(parts(article(0, "A", hours=20)), "freshness") < part(plain, "freshness")
    assert part(parts(article(0, "A", hours=12)), "freshness") == pytest.approx(0.5)
    assert part(parts(article(0, "A", weight=3.0)), "source") > part(plain, "source")
    assert part(parts(article(0, "A", position=20)), "position") < part(plain, "position") == 1
    poor = article(0, "A")
    assert part(parts(replace(poor, article=replace(poor.article, lead=Lead()))), "lead") == 0 < part(plain, "lead")


def test_a_copy_counts_half_as_coverage() -> None:
    own = [article(0, "A"), replace(article(1, "B"), key="b")]
    original = story(own)
    copied = replace(original, copies=frozenset({original.others[0].key}))
    found = [only(rank({"world": [s]}, CUT_OFF, ANY)) for s in (original, copied)]
    assert part(found[0], "coverage") > part(found[1], "coverage") > 0
    assert next(p.why for p in found[1].parts if p.name == "coverage") == "1 outlet and 1 with a copy"


def test_the_same_words_or_outlet_again_are_worth_less() -> None:
    first, twin = story([article(0, "A", weight=2.0)]), story([replace(article(0, "A"), key="https://a.example/twin")])
    other = story([article(1, "B")])
    ranking = rank({"world": [first, twin, other]}, CUT_OFF, ANY)
    assert ranking.chosen("world") == (first, other, twin)
    assert part(next(r for r in ranking.ranked if r.story == twin), "diversity") < 0.1


def test_caps_hold_for_topic_outlet_and_edition_and_say_so() -> None:
    stories = [story([article(n, "A" if n < 4 else "", hours=n + 1)]) for n in range(8)]
    by_topic = {"world": stories[:6], "culture": stories[6:]}
    limits = Limits(per_topic=3, topics={"culture": 1}, per_outlet=2, per_edition=3, floor=0.0)
    ranking = rank(by_topic, CUT_OFF, limits)
    chosen = [s for topic in by_topic for s in ranking.chosen(topic)]
    assert len(chosen) == 3
    assert sum(s.best.outlet == "A" for s in chosen) == 2
    assert len(ranking.ranked) == 8
    reasons = " | ".join(fates(ranking).values())
    assert "A already leads 2 stories" in reasons
    assert "the edition is full: 3 better stories" in reasons
    only_culture = rank({"culture": stories[6:]}, CUT_OFF, limits)
    assert "topic 'culture' is full: 1 better story" in " | ".join(fates(only_culture).values())


def test_places_follow_the_score_and_the_reading_order_of_topics() -> None:
    stories = [story([article(n, hours=n)]) for n in range(6)]
    ranking = rank({"b": stories[3:], "a": stories[:3]}, CUT_OFF)
    assert [r.topic for r in ranking.ranked] == ["b"] * 3 + ["a"] * 3
    assert [r.place for r in ranking.ranked] == [1, 2, 3, 1, 2, 3]
    assert ranking.chosen("a") == tuple(stories[:3])


def test_a_quiet_day_is_a_short_digest() -> None:
    good = story([article(0)])
    poor = replace(article(1, hours=40, position=40, weight=0.3))
    filler = story([replace(poor, article=replace(poor.article, lead=Lead()))])
    ranking = rank({"world": [good, filler]}, CUT_OFF)
    assert ranking.chosen("world") == (good,)
    assert "is under the floor of 0.25" in fates(ranking)[filler.best.article.title]


def test_what_the_ledger_refuses_is_out_with_its_reason_and_its_score() -> None:
    told = story([article(0)])
    found = only(rank({"world": [told]}, CUT_OFF, refused={told.key: "told yesterday"}))
    assert (found.decision, found.reason, found.place) == ("out", "told yesterday", None)
    assert found.score > 0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"first_seen": CUT_OFF - timedelta(hours=1)}, ""),
        ({"first_seen": CUT_OFF + timedelta(minutes=1)}, "first seen 1 min after the cut-off"),
        ({"first_seen": CUT_OFF - timedelta(hours=60)}, "60 h old at the cut-off, the limit is 48 h"),
        (
            {"first_seen": CUT_OFF - timedelta(hours=1), "published": CUT_OFF - timedelta(days=30)},
            "720 h old at the cut-off, the limit is 48 h",
        ),
        ({"first_seen": CUT_OFF - timedelta(hours=1), "published": CUT_OFF + timedelta(days=30)}, ""),
    ],
    ids=["fresh", "late", "seen long ago", "old but only now seen", "future-dated counts as first seen"],
)
def test_freshness_goes_by_what_is_known_at_the_cut_off(facts: dict[str, datetime], expected: str) -> None:
    basis = article(0)
    assert stale(replace(basis, **facts), CUT_OFF, timedelta(days=2)) == expected  # type: ignore[arg-type]


def test_a_story_is_too_old_only_when_all_its_articles_are() -> None:
    old, fresh = article(0, "A", hours=60), article(0, "B", hours=1)
    assert only(rank({"w": [story([old])]}, CUT_OFF)).decision == "out"
    assert only(rank({"w": [story([old, fresh])]}, CUT_OFF)).decision == "in"


def test_the_order_of_the_input_does_not_matter() -> None:
    stories: list[Story] = [story([article(n, "AB"[n % 2])]) for n in range(8)]
    one = rank({"world": stories}, CUT_OFF)
    other = rank({"world": stories[::-1]}, CUT_OFF)
    assert one == other
