"""Cadence: how often a feed brings something, learned from its own history, and when its silence is too long. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

_WINDOW: Final = timedelta(days=60)  # older dates tell nothing about today
_LEAST_GAPS: Final = 4
_SEVERAL_DAYS: Final = 3 * 86_400.0
_HALF_LIFE: Final = 7 * 86_400.0  # of a remembered longest gap: it spans the weekend
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between two entries as a rule (`usual`), and the longest silence that is still normal (`longest`)."""

    usual: float
    longest: float


@dataclass(frozen=True, slots=True)
class Silence:
    """A feed that should have spoken: seconds since its last new entry, and its usual seconds between two."""

    seconds: float
    usual: float


def cadence(times: Iterable[datetime], now: datetime) -> Cadence | None:
    """The rhythm of these times of publication; None when there are too few to tell.

    The median gap is the usual one. The longest normal one is the second longest where the times span days, so that a
    single outage or holiday does not excuse the next, and the longest within shorter spans.
    """
    past = sorted({t.replace(second=0, microsecond=0) for t in times if t <= now})
    past = [t for t in past if past[-1] - t <= _WINDOW]
    gaps = sorted((b - a).total_seconds() for a, b in pairwise(past))
    if len(gaps) < _LEAST_GAPS:
        return None
    return Cadence(max(median(gaps), _MINUTE), gaps[-2] if sum(gaps) >= _SEVERAL_DAYS else gaps[-1])


def blend(old: Cadence | None, new: Cadence | None, elapsed: float) -> Cadence | None:
    """What was learned before together with what is seen now; `elapsed` seconds passed in between.

    A feed's window may hold less than a day: its longest gap is remembered, and fades with a half-life of a week.
    """
    if old is None or new is None:
        return new or old
    longest = max(new.longest, old.longest * 0.5 ** (elapsed / _HALF_LIFE))
    return Cadence(0.7 * old.usual + 0.3 * new.usual, longest)


def silence(known: Cadence | None, last_new: datetime | None, now: datetime) -> Silence | None:
    """A value when the feed has been silent beyond three usual gaps, its longest normal one and an hour; else None."""
    if known is None or last_new is None:
        return None
    seconds = (now - last_new).total_seconds()
    limit = max(3 * known.usual, 1.2 * known.longest, 3600.0)
    return Silence(seconds, known.usual) if seconds > limit else None
