"""Slot: when an edition is due, in the local time of its newsletter. The clock is always an argument.

Three rules apply at clock changes:

- a local time that does not exist (spring) means the first valid instant after the gap;
- a local time that occurs twice (autumn) means its first occurrence;
- a local day that does not exist (Pacific/Apia, 30 December 2011) has no slot.

When a gap puts two slots of one day on the same instant, only the later-written one is used, so that nobody gets two
digests in one minute.

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Limit of the search for slots in both directions, for calendars without any.
HORIZON = timedelta(days=800)


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause from `start` to `end`, both days included; `end` None means until further notice."""

    start: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Return whether `day` is in the pause."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of one newsletter.

    `weekdays` are numbers (Monday 0). `month_days`, when given, replace them by days of the month; negative ones count
    from its end (-1 is the last), and a day that a month lacks means its last day. `off` tells whether a date is a
    holiday. On a holiday the slot is skipped with its stories (`on_holiday="skip"`), or its stories go into the next
    edition ("merge").
    """

    timezone: str
    times: tuple[time, ...] = (time(7, 0),)
    weekdays: Collection[int] = frozenset(range(7))
    month_days: tuple[int, ...] = ()
    cut_off: timedelta = timedelta(minutes=45)
    max_late: timedelta = timedelta(hours=3)
    off: Callable[[date], bool] = field(default=lambda day: False, compare=False)
    on_holiday: Literal["skip", "merge"] = "skip"
    pauses: tuple[Pause, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """Return `timezone` as a ZoneInfo."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot: `local` is naive wall time, the other times aware UTC. `closed` is the reason why nothing is sent."""

    local: datetime
    send_at: datetime
    cut_off: datetime
    closed: Literal["", "holiday", "pause"] = ""

    @property
    def key(self) -> str:
        """The unique key within the newsletter: local ISO time to the minute."""
        return self.local.strftime("%Y-%m-%dT%H:%M")


def instant(local: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the UTC instant of a naive local time by the rules above; None when its whole day does not exist."""
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == local:
        return early
    # In a gap: fold=1 reads the time with the offset after it, which lands before the change; fold=0 after it.
    low, high = local.replace(tzinfo=zone, fold=1).astimezone(UTC), early
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    first_valid = high.replace(microsecond=0)
    last_before = (first_valid - timedelta(seconds=1)).astimezone(zone)
    if last_before.date() < local.date() < first_valid.astimezone(zone).date():
        return None
    return first_valid


def is_due_day(calendar: Calendar, day: date) -> bool:
    """Return whether the calendar names this day, apart from holidays and pauses."""
    if not calendar.month_days:
        return day.weekday() in calendar.weekdays
    last = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    due_days = {min(n, last) if n > 0 else max(1, last + 1 + n) for n in calendar.month_days}
    return day.day in due_days


def slots_of_day(calendar: Calendar, day: date) -> list[Slot]:
    """Return the slots of one local day in order of their instants, with closed ones."""
    if not is_due_day(calendar, day):
        return []
    closed: Literal["", "holiday", "pause"] = ""
    if any(pause.covers(day) for pause in calendar.pauses):
        closed = "pause"
    elif calendar.off(day):
        closed = "holiday"
    by_instant: dict[datetime, Slot] = {}
    for at in sorted(set(calendar.times)):
        local = datetime.combine(day, at.replace(second=0, microsecond=0, tzinfo=None))
        if (send_at := instant(local, calendar.zone)) is not None:
            by_instant[send_at] = Slot(local, send_at, send_at - calendar.cut_off, closed)
    return [by_instant[send_at] for send_at in sorted(by_instant)]


def slots(calendar: Calendar, after: datetime, *, forward: bool = True) -> Iterator[Slot]:
    """Yield slots with `send_at` later than `after`, soonest first; or, backward, not later than it, latest first."""
    step = timedelta(days=1 if forward else -1)
    # One local day more on each side: the local date of an instant can differ from UTC's by one.
    day = after.astimezone(calendar.zone).date() - step
    for _ in range(HORIZON.days):
        day_slots = slots_of_day(calendar, day)
        for slot in day_slots if forward else reversed(day_slots):
            if (slot.send_at > after) == forward:
                yield slot
        day += step


def next_slots(calendar: Calendar, now: datetime, count: int) -> list[Slot]:
    """Return the next `count` slots, with closed ones, so that a listing can show them."""
    return list(islice(slots(calendar, now), count))


def slot_at(calendar: Calendar, local: datetime) -> Slot:
    """Return the slot of a local time outside the calendar too, for an extra edition."""
    send_at = instant(local, calendar.zone)
    if send_at is None:
        day_after = datetime.combine(local.date() + timedelta(days=1), time(0))
        send_at = day_after.replace(tzinfo=calendar.zone).astimezone(UTC)
    return Slot(local, send_at, send_at - calendar.cut_off)


@dataclass(frozen=True, slots=True)
class Due:
    """The slots to handle now: at most one to compose, and those that are missed for good, oldest first."""

    slot: Slot | None
    missed: tuple[Slot, ...] = ()


def due(calendar: Calendar, now: datetime, handled: Collection[str], since: datetime) -> Due:
    """Return the slot whose content should be frozen by `now`: its cut-off has passed and it is not too late to send.

    The soonest slot that is yet to be sent comes first. After downtime it is the newest slot, unless a newer one was
    sent; older unhandled slots since `since` (aware UTC: when this newsletter was first seen, or last handled) are
    missed. `handled` are the keys that a process has taken.
    """
    waiting: list[Slot] = []
    ahead: list[Slot] = []
    late: Slot | None = None
    followed = False
    for slot in slots(calendar, now + calendar.cut_off, forward=False):
        if slot.send_at <= since:
            break
        if slot.key in handled:
            followed = followed or (slot.send_at <= now and not slot.closed)
            continue
        waiting.append(slot)
        if slot.closed or now > slot.send_at + calendar.max_late:
            continue
        if slot.send_at > now:
            ahead.append(slot)
        elif late is None and not followed:
            late = slot
    current = ahead[-1] if ahead else late
    return Due(current, tuple(slot for slot in reversed(waiting) if slot is not current and slot not in ahead))


def window_start(calendar: Calendar, slot: Slot, carried: Collection[str], limit: timedelta) -> datetime:
    """Return the start of an edition's window: the cut-off of the last slot before it that used its own stories.

    `carried` are the keys of earlier slots whose stories go into the next edition: skipped for too few stories or for
    lateness, cancelled, missed. A closed slot carries when the calendar merges holidays. At most `limit` back.
    """
    earliest = slot.cut_off - limit
    for previous in slots(calendar, slot.send_at - timedelta(microseconds=1), forward=False):
        if previous.cut_off <= earliest:
            break
        merged = previous.closed == "holiday" and calendar.on_holiday == "merge"
        waits = merged if previous.closed else previous.key in carried
        if not waits:
            return previous.cut_off
    return earliest
