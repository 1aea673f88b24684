"""Locale: translated words, plurals, dates, times and the writing direction of a language.

`text.catalogue` loads the words. Pure.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from typing import Any, Final

import babel
from babel import dates, numbers, units
from babel.core import get_global

#: Scripts (ISO 15924) written from right to left.
_RIGHT_TO_LEFT: Final = frozenset(
    ("Adlm", "Arab", "Armi", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa")
)
#: Scripts whose letters join, so that letter spacing would break words. Hebrew letters do not join.
_JOINING: Final = frozenset(
    "Adlm Arab Armi Beng Deva Gujr Guru Knda Mlym Mong Nkoo Orya Sinh Syrc Taml Telu Thaa".split()
)
_COMMAS: Final = {"Arab": "، ", **dict.fromkeys(("Hans", "Hant", "Hani", "Jpan"), "、")}


@dataclass(frozen=True, slots=True)
class Locale:
    """One language for mails and pages. `tag` is BCP 47 ('pt-BR'); `translated` is False without a catalogue."""

    tag: str
    cldr: babel.Locale
    words: NullTranslations
    translated: bool

    @property
    def direction(self) -> str:
        """'ltr' or 'rtl', for the `dir` attribute."""
        return direction(self.tag)

    @property
    def joined(self) -> bool:
        """True for scripts that must not be letter-spaced (Arabic, Devanagari)."""
        return script(self.tag) in _JOINING

    @property
    def comma(self) -> str:
        """The separator of names in a list, with its space: ', ', '، ', '、'."""
        return _COMMAS.get(script(self.tag), ", ")

    def gettext(self, message: str, **values: Any) -> str:
        """Return the message in this language, with `%(name)s` filled in."""
        text = self.words.gettext(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, n: int, **values: Any) -> str:
        """Return the plural form for `n`; `%(n)s` is the number in this language's format."""
        return self.words.ngettext(singular, plural, n) % {"n": self.number(n), **values}

    def number(self, n: int) -> str:
        """Return a whole number with this language's grouping."""
        return numbers.format_decimal(n, locale=self.cldr)

    def percent(self, share: float) -> str:
        """Return a fraction of 1 in whole per cent: '60%', '60 %'."""
        return numbers.format_percent(share, locale=self.cldr)

    def span(self, seconds: float) -> str:
        """Return a duration in its largest unit: '20 minutes', '9 heures', '3 Tage'."""
        minutes = round(seconds / 60)
        hours = round(seconds / 3600)
        if minutes < 100:
            return units.format_unit(minutes, "duration-minute", locale=self.cldr)
        if hours < 48:
            return units.format_unit(hours, "duration-hour", locale=self.cldr)
        return units.format_unit(round(seconds / 86_400), "duration-day", locale=self.cldr)

    def full_date(self, day: date) -> str:
        """Return a full date with a capital first letter: 'Monday, November 23, 2026', 'Lundi 23 novembre 2026'."""
        text = dates.format_date(day, "full", locale=self.cldr)
        return text[:1].upper() + text[1:]

    def day_and_time(self, moment: datetime) -> str:
        """Return weekday, day and time in `moment`'s own zone: 'Mon, Nov 23, 7:00 AM'."""
        day = dates.format_skeleton("MMMEd", moment.date(), locale=self.cldr)
        return f"{day}{self.comma}{self.time(moment)}"

    def short_date(self, day: date) -> str:
        """Return day and month, short: '23 Nov'."""
        return dates.format_skeleton("MMMd", day, locale=self.cldr)

    def time(self, moment: datetime) -> str:
        """Return hours and minutes in `moment`'s own zone."""
        text = dates.format_time(moment.timetz().replace(tzinfo=None), "short", locale=self.cldr)
        return text.replace("\u202f", "\u00a0")  # few fonts have the narrow one


def direction(language: str) -> str:
    """Return 'rtl' for languages written from right to left, else 'ltr'."""
    return "rtl" if script(language) in _RIGHT_TO_LEFT else "ltr"


@lru_cache(maxsize=256)
def script(language: str) -> str:
    """Return the script (ISO 15924) of a language tag: the tag's own, else CLDR's likely one; "" when unknown."""
    primary, *subtags = language.replace("_", "-").split("-")
    if own := next((subtag for subtag in subtags if len(subtag) == 4 and subtag.isalpha()), ""):
        return own.capitalize()
    territory = next((subtag.upper() for subtag in subtags if len(subtag) == 2), "")
    known = get_global("language_aliases").get(primary.lower(), primary.lower())
    likely = get_global("likely_subtags")
    full = likely.get(f"{known}_{territory}") or likely.get(known) or ""
    return next((subtag for subtag in full.split("_") if len(subtag) == 4), "")


def text_direction(text: str, otherwise: str = "ltr") -> str:
    """Return 'rtl' or 'ltr' by the first letter with a direction, as `dir="auto"` does; `otherwise` without one."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in ("L", "R", "AL")), otherwise)


def has_joining_letters(text: str) -> bool:
    """Return whether the text has letters of joining scripts: Arabic and related ones, the scripts of India."""
    return any("\u0600" <= character <= "\u0dff" for character in text)
