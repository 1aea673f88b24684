"""Figures, scores, months, weekdays and time count against a merge; agreement and silence do not."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.compose.events.contradiction import DAY, FIGURES, MONTHS, TIME, WEEKDAYS, Facts, contradiction, facts
from digest.compose.events.terms import tokens


def read(text: str, language: str = "en", published: datetime | None = None) -> Facts:
    return facts(text, tokens(text), language, published)


@pytest.mark.parametrize(
    ("one", "other", "language", "against"),
    [
        ("12 dead in the fire", "Fire leaves 3 dead", "en", FIGURES),
        ("12 morts à Agadir", "Bilan : 17 morts", "fr", FIGURES),
        ("12 dead, magnitude 6.1", "17 dead in quake of 6.1", "en", 0),  # one figure agrees: a growing toll
        ("12 dead in the fire", "40 houses burnt", "en", 0),  # other things are counted
        ("12 dead in the fire", "a fire rages", "en", 0),
        ("Rovers win 3-1", "Albion lose 1–3", "en", 0),
        ("Rovers win 3-1", "Rovers draw 2-2", "en", FIGURES),
        ("Werder siegt 2:1", "Nullnummer, 0:0", "de", FIGURES),
        ("Rovers win 2-1", "Albion draw 1-1", "en", FIGURES),  # though each has a 1
        ("magnitude 6.1 off Valdoria", "a quake of 7.2 at Port Haven", "en", FIGURES),
        ("l'inflation à 1,4 %", "2,6 % d'inflation", "fr", FIGURES),
        ("magnitude 6.1 off Valdoria", "quake of 2026 in Valdoria", "en", 0),  # the year is no measure
        ("opens at 14:30", "closes at 18:45", "en", 0),  # times of day are no scores
        ("jobs report for July", "jobs report for September", "en", MONTHS),
        ("you may vote", "polls in September", "en", 0),  # the verb is no month
        ("grève jeudi", "grève samedi", "fr", WEEKDAYS),
        ("grève jeudi et vendredi", "grève vendredi", "fr", 0),
        ("von Montag bis Mittwoch", "am Samstag im Oktober", "de", WEEKDAYS),
    ],
)
def test_contradictions_count_and_nothing_else(one: str, other: str, language: str, against: float) -> None:
    assert contradiction(read(one, language), read(other, language)) == pytest.approx(against)
    assert contradiction(read(other, language), read(one, language)) == pytest.approx(against)


def test_time_counts_from_the_second_day_on_up_to_a_limit() -> None:
    now = datetime(2026, 11, 24, tzinfo=UTC)

    def after(**gap: float) -> float:
        return contradiction(read("a", published=now), read("b", published=now - timedelta(**gap)))

    assert after(hours=23) == 0
    assert after(days=3) == pytest.approx(2 * DAY)
    assert after(days=400) == pytest.approx(TIME)
    assert contradiction(read("a", published=now), read("b")) == 0


def test_a_language_that_nobody_knows_has_no_calendar_and_no_error() -> None:
    assert read("12 tok in July", "qq").months == 0
