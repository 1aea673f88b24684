"""Cadence: how often a feed publishes, learned from its own history, and when its silence is too long. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

_WINDOW: Final = timedelta(days=60)  # older dates are no evidence for today
_LEAST_GAPS: Final = 4
_SEVERAL_DAYS: Final = 3 * 86_400.0
_HALF_LIFE: Final = 7 * 86_400.0  # seconds; half-life of the longest gap, long enough for a weekend
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Cadence:
    """The usual seconds between two entries, and the longest silence that is still normal."""

    usual: float
    longest: float


@dataclass(frozen=True, slots=True)
class Silence:
    """An overdue feed: seconds since its last new entry, and its usual seconds between two."""

    seconds: float
    usual: float


def cadence(times: Iterable[datetime], now: datetime) -> Cadence | None:
    """Return the cadence of these times of publication; None for too few.

    The usual gap is the median. The longest normal gap is the second longest where the times span days, so that one
    outage or holiday does not excuse the next; within shorter spans it is the longest.
    """
    past = sorted({t.replace(second=0, microsecond=0) for t in times if t <= now})
    past = [t for t in past if past[-1] - t <= _WINDOW]
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(past))
    if len(gaps) < _LEAST_GAPS:
        return None
    return Cadence(max(median(gaps), _MINUTE), gaps[-2] if sum(gaps) >= _SEVERAL_DAYS else gaps[-1])


def blend(old: Cadence | None, new: Cadence | None, elapsed: float) -> Cadence | None:
    """Combine the learned cadence with the present one, `elapsed` seconds later.

    A feed may hold less than a day: its longest gap is remembered, and decays with a half-life of a week.
    """
    if old is None or new is None:
        return new or old
    longest = max(new.longest, old.longest * 0.5 ** (elapsed / _HALF_LIFE))
    return Cadence(0.7 * old.usual + 0.3 * new.usual, longest)


def silence(known: Cadence | None, last_new: datetime | None, now: datetime) -> Silence | None:
    """Return the silence beyond three usual gaps, the longest normal one and an hour; else None."""
    if known is None or last_new is None:
        return None
    seconds = (now - last_new).total_seconds()
    limit = max(3 * known.usual, 1.2 * known.longest, 3600.0)
    return Silence(seconds, known.usual) if seconds > limit else None
