"""Dates of feeds: RFC 822 and RFC 3339 first, then the forms of content systems in any language. Pure.

Feed libraries guess, and a wrong date is worse than none: a text that fits no pattern as a whole gives None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

_CLOCK: Final = (
    r"(?:[T\s,]+(?:at|um|à|a las|alle|om|kl\.?|o|в)?\s*"
    r"(?P<h>\d{1,2})[:.h](?P<mi>\d\d)(?:[:.](?P<s>\d\d)(?:[.,]\d{1,9})?)?)?\s*(?P<half>[ap]\.?m\.?)?"
)
_ZONE: Final = r"\s*\(?(?P<zone>Z|(?:GMT|UTC|UT)?\s*[+-]\d{1,2}:?\d{2}|[+-]\d{2}|[A-Za-z]{1,5})?Z?\)?"
_WEEKDAY: Final = r"(?:[^\W\d]{2,14}\.?(?:,\s*|\s+)(?:den\s+)?)?"
_MONTH: Final = r"(?P<month>[^\W\d_]{3,12})\.?"
_PATTERNS: Final = tuple(
    re.compile(rf"\s*{pattern}(?:\s*\([^()]*\))?\s*\Z", re.IGNORECASE)
    for pattern in (
        rf"(?P<y>\d{{4}})(?P<sep>[-/.])(?P<mo>\d{{1,2}})(?P=sep)(?P<d>\d{{1,2}}){_CLOCK}{_ZONE}",
        r"(?P<y>\d{4})(?P<mo>\d\d)(?P<d>\d\d)T?(?P<h>\d\d)?:?(?P<mi>\d\d)?:?(?P<s>\d\d)?" + _ZONE,
        rf"{_WEEKDAY}(?P<d>\d{{1,2}})\.?(?:er|º|st|nd|rd|th)?[\s-]+(?:de\s+)?{_MONTH}[\s,-]+(?:de\s+)?(?P<y>\d{{4}}|\d\d)"
        rf"{_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}}){_CLOCK}{_ZONE}",
        rf"[^\W\d]{{2,4}}\s+{_MONTH}\s+(?P<d>\d{{1,2}})\s+(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:\s+(?P<zone>[A-Z]{{1,5}}))?"
        r"\s+(?P<y>\d{4})",
        rf"{_WEEKDAY}(?P<d>\d{{1,2}})\.(?P<mo>\d{{1,2}})\.(?P<y>\d{{4}}){_CLOCK}{_ZONE}",
        rf"(?P<d>1[3-9]|2\d|3[01])[/-](?P<mo>\d{{1,2}})[/-](?P<y>\d{{4}}){_CLOCK}{_ZONE}",
        rf"(?P<y>\d{{4}})\s*年\s*(?P<mo>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*日{_CLOCK}{_ZONE}",
    )
)
_ZONES: Final = {
    name: hours
    for hours, names in (
        (0.0, "Z UT UTC GMT WET"),
        (1.0, "CET MEZ MET BST WEST WAT"),
        (2.0, "CEST MESZ MEST EET SAST CAT"),
        (3.0, "EEST MSK EAT TRT"),
        (5.0, "PKT"),
        (5.5, "IST"),
        (7.0, "WIB"),
        (8.0, "HKT SGT AWST"),
        (9.0, "JST KST"),
        (9.5, "ACST"),
        (10.0, "AEST"),
        (10.5, "ACDT"),
        (11.0, "AEDT"),
        (12.0, "NZST"),
        (13.0, "NZDT"),
        (-3.0, "BRT ART ADT"),
        (-3.5, "NST"),
        (-4.0, "AST EDT"),
        (-5.0, "EST CDT"),
        (-6.0, "CST MDT"),
        (-7.0, "MST PDT"),
        (-8.0, "PST AKDT"),
        (-9.0, "AKST"),
        (-10.0, "HST"),
    )
    for name in names.split()
}
_ENGLISH: Final = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_LANGUAGES: Final = tuple("en fr de es it pt nl sv da nb fi pl cs ru uk tr ro hu ca el".split())
_EARLIEST: Final = 1995  # the first feed format is of 1997; an older date is a default of some software
_LATEST: Final = 2100
_LONGEST: Final = 100


def parse_date(text: str, language: str = "") -> datetime | None:
    """The time in UTC, or None when the text is no whole date or an absurd one. Without a zone it is taken as UTC.

    `language` decides between languages in which one month's name is another's (`listopad`).
    """
    text = text.strip()[:_LONGEST]
    for pattern in _PATTERNS:
        if match := pattern.match(text):
            found = match.groupdict()
            month = int(found["mo"]) if found.get("mo") else month_number(found["month"], language)
            offset = _offset(found["zone"] or "")
            if month and offset is not None and (date := _date(found, month, offset)):
                return date
    return None


def month_number(name: str, language: str = "") -> int | None:
    """Return 1 to 12 for the name of a month, whole or short, in this language or one of twenty others."""
    name = name.casefold().rstrip(".")
    if name in _ENGLISH:  # the form of the standards, which nearly all feeds use: no locale data needed
        return _ENGLISH.index(name) + 1
    for code in dict.fromkeys((language[:2].lower(), *_LANGUAGES)):
        if number := _months(code).get(name):
            return number
    return None


@lru_cache(maxsize=64)
def _months(language: str) -> dict[str, int]:
    from babel import Locale, UnknownLocaleError

    try:
        months = Locale(language).months
    except (UnknownLocaleError, ValueError):
        return {}
    names: dict[str, int] = {}
    for form in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in months[form][width].items():
                names.setdefault(name.casefold().rstrip("."), number)
                if len(name) > 3:  # feeds also write CLDR's 'sept', 'févr', 'Juni' with three letters
                    names.setdefault(name.casefold()[:3], number)
    return names


def _offset(zone: str) -> timedelta | None:
    zone = zone.upper()
    if match := re.fullmatch(r"(?:GMT|UTC|UT)?\s*([+-])(\d{1,2}):?(\d{2})?", zone):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timedelta(minutes=-minutes if match[1] == "-" else minutes) if minutes <= 15 * 60 else timedelta()
    return timedelta(hours=_ZONES.get(zone, 0.0))


def _date(found: dict[str, str | None], month: int, offset: timedelta) -> datetime | None:
    written = found["y"] or ""
    year = int(written) + (0 if len(written) > 2 else 2000 if written < "70" else 1900)
    hour = int(found.get("h") or 0)
    half = (found.get("half") or "").lower()
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    extra = timedelta(days=1) if hour == 24 else timedelta()
    second = min(int(found.get("s") or 0), 59)  # read a leap second as the second before
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        there = datetime(year, month, int(found["d"] or 0), hour % 24, int(found.get("mi") or 0), second, tzinfo=UTC)
    except ValueError:
        return None
    return (there.replace(tzinfo=timezone(offset)) + extra).astimezone(UTC)
