"""Public holidays by country; the adapter of the library `holidays`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache

from digest.errors import SettingsError


def off_days(place: str, dates: Collection[date] = ()) -> Callable[[date], bool]:
    """Return a function that tells whether a date is in `dates` or a public holiday of `place`.

    `place` is an ISO 3166 country, optionally with a subdivision ("DE-BY"), or "" for none. Raises SettingsError for an
    unknown place.
    """
    own = frozenset(dates)
    if not place:
        return own.__contains__
    import holidays

    country, _, part = place.partition("-")
    try:
        holidays.country_holidays(country, subdiv=part or None, years=2026)
    except (NotImplementedError, KeyError) as error:
        raise SettingsError(
            f"holidays = {place!r}: not a country (or part of one) whose holidays are known",
            remedy="write an ISO 3166 code as in 'FR' or 'DE-BY', or list days in skip_dates",
        ) from error

    @lru_cache(maxsize=64)
    def of_year(year: int) -> frozenset[date]:
        return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))

    return lambda day: day in own or day in of_year(day.year)
