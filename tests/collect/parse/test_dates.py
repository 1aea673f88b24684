"""Dates as feeds write them, in many languages; what is not understood is no date, never a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.parse.dates import parse_date

AT_1307 = datetime(2016, 6, 29, 13, 7, tzinfo=UTC)
WRITTEN = [
    "Wed, 29 Jun 2016 13:07:00 GMT", "Wed, 29 Jun 2016 13:07:00 +0000", "Wed, 29 Jun 2016 09:07:00 EDT",
    "29 Jun 16 13:07 UT", "Wed, 29 June 2016 13:07:00 Z", "Wed,29 Jun 2016 13:07:00 GMT", "29-Jun-2016 13:07:00 GMT",
    "Wednesday, 29 June 2016 15:07 CEST", "Wed, 29 Jun 2016 13:07:00 GMT (GMT)", "Wed, 29 Jun 2016 15:07:00 +02:00",
    "2016-06-29T13:07:00Z", "2016-06-29T13:07Z", "2016-06-29T15:07:00+02:00", "2016-06-29T15:07:00.123456+0200",
    "2016-06-29 13:07:00", "2016/6/29 13:07", "2016.06.29 13:07", "20160629T130700Z", "2016-06-29T13:07:00+00:00Z",
    "Wed Jun 29 13:07:00 2016", "Wed Jun 29 15:07:00 CEST 2016", "June 29, 2016 1:07 PM", "Jun 29th, 2016 at 1:07 pm",
    "June 29, 2016 08:07 AM EST", "29.06.2016 13:07", "29/06/2016 13:07", "2016年6月29日 13:07",
    "mer. 29 juin 2016 15:07:00 +0200", "29 juin 2016 à 13h07", "Mi, 29 Jun 2016 15:07:00 MESZ",
    "29. Juni 2016, 13:07 Uhr", "29 de junio de 2016 13:07", "śr., 29 cze 2016 13:07", "29 czerwca 2016 13:07",
    "29 июня 2016 13:07", "29 iunie 2016 13:07", "29. kesäkuuta 2016 13.07", "29 haziran 2016 13:07",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_dates_are_read_as_they_are_written(text: str) -> None:
    assert parse_date(text) == AT_1307


@pytest.mark.parametrize(
    "text",
    ["", "today", "-1", "0", "1467205620", "2016", "2016-06", "2016-13-01", "2016-06-31", "31 Foo 2016", "03/04/2016",
     "Mon, 01 Jan 0001 00:00:00 +0000", "1970-01-01T00:00:00Z", "1969-12-31", "9999-12-31T23:59:59Z", "2101-01-01",
     "Wed, 29 Jun 2016 13:07:00 GMT and more", "2016-06-29T99:99:99Z", "29.06.2016 13:07 29.06.2016",
     "٢٠١٦"],
)  # fmt: skip
def test_what_is_no_whole_date_or_absurd_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_the_language_decides_between_languages_that_share_a_name() -> None:
    assert parse_date("5 listopada 2016", "pl") == datetime(2016, 11, 5, tzinfo=UTC)
    assert parse_date("5 listopada 2016", "hr") == datetime(2016, 10, 5, tzinfo=UTC)
    assert parse_date("5 listopada 2016", "xx-nowhere") == datetime(2016, 11, 5, tzinfo=UTC)


def test_midnight_and_leap_seconds_at_the_end_of_a_day() -> None:
    assert parse_date("Wed, 29 Jun 2016 24:00:00 GMT") == datetime(2016, 6, 30, tzinfo=UTC)
    assert parse_date("2016-12-31T23:59:60Z") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_an_impossible_offset_is_ignored() -> None:
    assert parse_date("Wed, 29 Jun 2016 13:07:00 +9900") == AT_1307


moments = st.datetimes(datetime(1996, 1, 1), datetime(2099, 1, 1), timezones=st.timezones()).map(  # noqa: DTZ001
    lambda t: t.replace(microsecond=0)
)


@given(moments)
def test_what_the_standards_write_is_read_back_exactly(moment: datetime) -> None:
    whole_minutes = moment.astimezone(UTC)
    assert parse_date(format_datetime(whole_minutes)) == whole_minutes
    assert parse_date(whole_minutes.isoformat()) == whole_minutes


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    found = parse_date(text)
    assert found is None or 1995 <= found.year <= 2101
