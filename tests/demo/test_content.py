"""The demo's articles: enough of them, in different words, about events that several outlets cover."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time

import pytest

from digest.demo.content import ZONE, Outlet, Piece, outlets

DAY = date(2026, 11, 24)


def _all() -> list[tuple[Outlet, Piece]]:
    return [(outlet, piece) for outlet in outlets() for piece in outlet.pieces]


def test_outlets_publish_forty_articles_in_a_day() -> None:
    today = [(outlet, piece) for outlet, piece in _all() if not piece.yesterday]
    assert len({outlet.name for outlet in outlets()} - {"راديو مارين"}) == 6  # Radio Maren, in Arabic letters
    assert len(today) >= 40
    languages = Counter(outlet.language for outlet, _ in today)
    assert min(languages["en"], languages["fr"]) >= 15
    assert min(languages["de"], languages["ar"]) >= 3


def test_five_events_are_covered_by_three_outlets_each() -> None:
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for outlet, piece in _all():
        if piece.event and not piece.yesterday:
            told[outlet.language, piece.event].add(outlet.name)
    english = {event for (language, event), names in told.items() if language == "en" and len(names) >= 3}
    french = {event for (language, event), names in told.items() if language == "fr" and len(names) >= 3}
    assert len(english) >= 5
    assert len(french) >= 3
    assert max(len(names) for names in told.values()) >= 4


def test_outlets_do_not_copy_each_other() -> None:
    """Independent reports share facts, not sentences; the translated ones are in another language."""
    for language in ("en", "fr"):
        paragraphs = Counter(
            text for outlet, piece in _all() if outlet.language == language for text in piece.paragraphs
        )
        assert [text for text, times in paragraphs.items() if times > 1] == []


def test_day_before_fills_both_newsletters() -> None:
    before = [(outlet.language, piece) for outlet, piece in _all() if piece.yesterday]
    for language in ("en", "fr"):
        assert sum(1 for of, _ in before if of == language) >= 5
    after = {piece.event for _, piece in _all() if not piece.yesterday}
    assert {"museum", "tapestry"} <= {piece.event for _, piece in before} & after


@pytest.mark.parametrize("outlet", outlets(), ids=lambda outlet: outlet.path)
def test_articles_are_complete(outlet: Outlet) -> None:
    for piece in outlet.pieces:
        assert piece.section in outlet.sections
        assert piece.author
        assert bool(piece.alt) == bool(piece.picture)
        assert len(piece.paragraphs) >= (1 if piece.yesterday else 2)
        assert all(text == text.strip() and "\n" not in text for text in piece.paragraphs)
        assert not piece.title.endswith(".")
    assert {piece.section for piece in outlet.pieces} == set(outlet.sections)
    assert len({piece.slug for piece in outlet.pieces}) == len(outlet.pieces)


def test_articles_appear_between_midnight_and_cut_off() -> None:
    for _, piece in _all():
        assert time(0) < piece.at < time(6, 15)


def test_articles_appear_as_time_passes() -> None:
    def out(*moment: int) -> int:
        now = datetime(*moment, tzinfo=ZONE)  # type: ignore[misc,arg-type]
        return sum(len(outlet.latest(DAY, now)) for outlet in outlets())

    yesterdays = sum(1 for _, piece in _all() if piece.yesterday)
    assert out(2026, 11, 23, 0, 0) == 0
    assert out(2026, 11, 23, 6, 15) == out(2026, 11, 24, 0, 0) == yesterdays
    assert yesterdays < out(2026, 11, 24, 2, 0) < out(2026, 11, 24, 6, 15) == len(_all())
