"""The calendar: no slot is ever lost or doubled, whatever clocks and laws do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.compose.slot import (
    Calendar,
    Pause,
    Slot,
    due,
    instant,
    next_slots,
    slot_at,
    slots,
    slots_of_day,
    window_start,
)

ZONES = ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]
PARIS = Calendar("Europe/Paris")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def keys(found: list[Slot]) -> list[str]:
    return [slot.key for slot in found]


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00"),  # does not exist: 03:00 summer time
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30"),  # twice: the first
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),  # a gap of half an hour
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Asia/Kathmandu", "2026-06-01T07:00", "2026-06-01T01:15"),  # +05:45
        ("Pacific/Apia", "2011-12-29T07:00", "2011-12-29T17:00"),
        ("Pacific/Apia", "2011-12-31T07:00", "2011-12-30T17:00"),  # the other side of the date line
    ],
)
def test_a_local_time_has_one_instant_whatever_the_clock_change(zone: str, local: str, expected: str) -> None:
    assert instant(datetime.fromisoformat(local), ZoneInfo(zone)) == utc(expected)


def test_a_day_that_never_was_has_no_slot() -> None:
    assert slots_of_day(Calendar("Pacific/Apia"), date(2011, 12, 30)) == []


def test_two_times_that_meet_in_a_gap_are_one_slot() -> None:
    calendar = Calendar("Europe/Paris", times=(time(2, 15), time(2, 45), time(7)))
    assert keys(slots_of_day(calendar, date(2026, 3, 29))) == ["2026-03-29T02:45", "2026-03-29T07:00"]


def test_weekdays_months_ends_and_leap_days() -> None:
    work = Calendar("Europe/Paris", weekdays={0, 1, 2, 3, 4})
    assert keys(next_slots(work, utc("2026-11-27T07:00"), 2)) == ["2026-11-30T07:00", "2026-12-01T07:00"]
    monthly = Calendar("Europe/Paris", month_days=(31,))
    assert keys(next_slots(monthly, utc("2028-01-31T12:00"), 3)) == [
        "2028-02-29T07:00",
        "2028-03-31T07:00",
        "2028-04-30T07:00",
    ]
    last = Calendar("Europe/Paris", month_days=(-1,))
    assert keys(next_slots(last, utc("2027-02-01T00:00"), 1)) == ["2027-02-28T07:00"]


def test_holidays_and_pauses_close_a_slot_but_keep_it_in_the_listing() -> None:
    calendar = Calendar(
        "Europe/Paris", off=lambda day: day == date(2026, 12, 25), pauses=(Pause(date(2026, 12, 27), None),)
    )
    found = next_slots(calendar, utc("2026-12-24T12:00"), 4)
    assert [slot.closed for slot in found] == ["holiday", "", "pause", "pause"]


def test_the_cut_off_of_a_slot_makes_it_due_and_lateness_ends_it() -> None:
    since = utc("2026-11-24T00:00")
    assert due(PARIS, utc("2026-11-24T05:14"), (), since).slot is None
    ready = due(PARIS, utc("2026-11-24T05:15"), (), since)  # 06:15 in Paris, 45 minutes before seven
    assert ready.slot is not None
    assert ready.slot.key == "2026-11-24T07:00"
    assert due(PARIS, utc("2026-11-24T05:15"), {"2026-11-24T07:00"}, since).slot is None
    assert due(PARIS, utc("2026-11-24T09:00"), (), since).slot is not None
    late = due(PARIS, utc("2026-11-24T09:01"), (), since)
    assert late.slot is None
    assert keys(list(late.missed)) == ["2026-11-24T07:00"]


def test_after_downtime_the_newest_slot_is_caught_up_and_older_ones_are_missed() -> None:
    found = due(PARIS, utc("2026-11-24T07:30"), {"2026-11-20T07:00"}, utc("2026-11-20T00:00"))
    assert found.slot is not None
    assert found.slot.key == "2026-11-24T07:00"
    assert keys(list(found.missed)) == ["2026-11-21T07:00", "2026-11-22T07:00", "2026-11-23T07:00"]


def test_a_clock_that_jumps_back_makes_nothing_due_again() -> None:
    handled = {"2026-11-24T07:00"}
    for now in ("2026-11-24T08:00", "2026-11-24T05:20", "2026-11-24T05:30"):
        assert due(PARIS, utc(now), handled, utc("2026-11-23T12:00")).slot is None


def test_stories_of_a_slot_that_was_not_sent_wait_for_the_next() -> None:
    [slot] = slots_of_day(PARIS, date(2026, 11, 24))
    week = timedelta(days=7)
    assert window_start(PARIS, slot, (), week) == utc("2026-11-23T05:15")
    assert window_start(PARIS, slot, {"2026-11-23T07:00"}, week) == utc("2026-11-22T05:15")
    everything = {f"2026-11-{day:02}T07:00" for day in range(1, 24)}
    assert window_start(PARIS, slot, everything, week) == slot.cut_off - week


def test_a_holiday_is_skipped_or_merged_as_the_newsletter_says() -> None:
    off = date(2026, 11, 23).__eq__
    [slot] = slots_of_day(PARIS, date(2026, 11, 24))
    for rule, expected in (("skip", "2026-11-23T05:15"), ("merge", "2026-11-22T05:15")):
        calendar = Calendar("Europe/Paris", off=off, on_holiday=rule)  # type: ignore[arg-type]
        assert window_start(calendar, slot, (), timedelta(days=7)) == utc(expected)


def test_an_extra_slot_can_be_asked_for_at_any_local_time() -> None:
    assert slot_at(PARIS, datetime.fromisoformat("2026-11-24T15:20")).send_at == utc("2026-11-24T14:20")
    assert slot_at(Calendar("Pacific/Apia"), datetime.fromisoformat("2011-12-30T07:00")).send_at == utc(
        "2011-12-30T10:00"
    )


@given(
    zone=st.sampled_from(ZONES),
    times=st.lists(st.times(), min_size=1, max_size=3, unique_by=lambda t: (t.hour, t.minute)),
    start_year=st.integers(2005, 2035),
)
@settings(max_examples=12, deadline=None)
def test_over_ten_years_no_slot_is_lost_or_doubled(zone: str, times: list[time], start_year: int) -> None:
    calendar = Calendar(zone, times=tuple(times))
    start = datetime(start_year, 1, 1, tzinfo=UTC)
    days = 3652 if start_year % 5 == 0 else 400
    expected: list[Slot] = []
    first = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    for n in range(days + 5):  # slack: Apia crossed the date line
        expected += slots_of_day(calendar, first + timedelta(days=n))
    end = start + timedelta(days=days)
    expected = [slot for slot in expected if start < slot.send_at <= end]
    stepped: list[Slot] = []
    at = start
    while True:  # as a scheduler does: always only the next one
        batch = list(takewhile(lambda slot: slot.send_at <= end, (s for s in next_slots(calendar, at, 50))))
        stepped += batch
        if len(batch) < 50:
            break
        at = batch[-1].send_at
    assert stepped == expected
    assert all(a.send_at < b.send_at for a, b in pairwise(stepped))
    assert len({slot.key for slot in stepped}) == len(stepped)
    zone_info = ZoneInfo(zone)
    for slot in stepped:
        shown = slot.send_at.astimezone(zone_info).replace(tzinfo=None)
        assert shown == slot.local or timedelta() < shown - slot.local <= timedelta(hours=1)
    per_day = len({(t.hour, t.minute) for t in times})
    missing = days * per_day - len(stepped)
    assert missing <= per_day * 2 + 2 * (
        days // 365 + 1
    )  # edges of the range; times that met in a gap; Apia's lost day


def test_backwards_is_the_mirror_of_forwards() -> None:
    calendar = Calendar("America/New_York", times=(time(7), time(18)))
    start, end = utc("2026-01-01T00:00"), utc("2026-12-31T00:00")
    forward = list(takewhile(lambda s: s.send_at <= end, slots(calendar, start)))
    backward = list(takewhile(lambda s: s.send_at > start, slots(calendar, end, forward=False)))
    assert forward == backward[::-1]


def test_slots_close_together_are_each_composed_after_a_restart_and_none_is_called_missed() -> None:
    twice = Calendar("Europe/Paris", (time(7), time(7, 30)))
    since = utc("2026-11-23T12:00")
    now = utc("2026-11-24T05:50")  # both cut-offs have passed, neither was sent
    first = due(twice, now, (), since)
    assert first.slot is not None
    assert (first.slot.key, first.missed) == ("2026-11-24T07:00", ())
    second = due(twice, now, {"2026-11-24T07:00"}, since)
    assert second.slot is not None
    assert (second.slot.key, second.missed) == ("2026-11-24T07:30", ())


def test_a_cut_off_days_ahead_loses_no_slot() -> None:
    slow = Calendar("Europe/Paris", cut_off=timedelta(days=2))
    handled: set[str] = set()
    for _ in range(2):
        found = due(slow, utc("2026-11-24T05:00"), handled, utc("2026-11-23T12:00"))
        assert found.slot is not None
        assert found.missed == ()
        handled.add(found.slot.key)
    assert handled == {"2026-11-24T07:00", "2026-11-25T07:00"}


def test_an_older_slot_is_not_sent_after_a_newer_one() -> None:
    twice = Calendar("Europe/Paris", (time(7), time(7, 30)))
    found = due(twice, utc("2026-11-24T08:00"), {"2026-11-24T07:30"}, utc("2026-11-23T12:00"))
    assert found.slot is None
    assert keys(list(found.missed)) == ["2026-11-24T07:00"]
    made_ahead = due(twice, utc("2026-11-24T05:20"), {"2026-11-24T07:30"}, utc("2026-11-23T12:00"))
    assert made_ahead.slot is not None, "what an editor made ahead of time stands in nobody's way"
    assert made_ahead.slot.key == "2026-11-24T07:00"
