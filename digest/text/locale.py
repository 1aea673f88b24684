"""A reader's language: translated words, plurals, dates, times and the direction of writing.

`text.catalogue` finds the words. Pure.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from gettext import NullTranslations
from typing import Any, Final

import babel
from babel import dates, numbers, units

#: Languages whose letters join: spacing them out breaks words. (Hebrew's do not.)
_JOINED: Final = frozenset(
    [
        "ar",
        "arc",
        "as",
        "bn",
        "ckb",
        "dv",
        "fa",
        "gu",
        "hi",
        "kn",
        "ks",
        "ml",
        "mr",
        "ne",
        "or",
        "pa",
        "ps",
        "sa",
        "sd",
        "si",
        "ta",
        "te",
        "ug",
        "ur",
    ]
)
_COMMAS: Final = {**dict.fromkeys(("ar", "ckb", "fa", "ps", "sd", "ug", "ur"), "، "), "ja": "、", "zh": "、"}
_RIGHT_TO_LEFT: Final = frozenset(["ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "ug", "ur", "yi"])


@dataclass(frozen=True, slots=True)
class Locale:
    """One language as mails and pages use it. `tag` is BCP 47 ('pt-BR'); `translated` says whether it has words."""

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
        """True when letters must not be spaced out (Arabic, Devanagari)."""
        return self.tag.split("-")[0].lower() in _JOINED

    @property
    def comma(self) -> str:
        """What stands between names in a row, with its space: ', ', '، ', '、'."""
        return _COMMAS.get(self.tag.split("-")[0].lower(), ", ")

    def gettext(self, message: str, **values: Any) -> str:
        """The message in this language, with `%(name)s` filled in."""
        text = self.words.gettext(message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, n: int, **values: Any) -> str:
        """The form for `n`; `%(n)s` is the number as this language writes it."""
        return self.words.ngettext(singular, plural, n) % {"n": self.number(n), **values}

    def number(self, n: int) -> str:
        """A whole number with this language's grouping."""
        return numbers.format_decimal(n, locale=self.cldr)

    def percent(self, share: float) -> str:
        """A share of 1 in whole per cent: '60%', '60 %'."""
        return numbers.format_percent(share, locale=self.cldr)

    def span(self, seconds: float) -> str:
        """A length of time in its greatest unit, written out: '20 minutes', '9 heures', '3 Tage'."""
        minutes = round(seconds / 60)
        hours = round(seconds / 3600)
        if minutes < 100:
            return units.format_unit(minutes, "duration-minute", locale=self.cldr)
        if hours < 48:
            return units.format_unit(hours, "duration-hour", locale=self.cldr)
        return units.format_unit(round(seconds / 86_400), "duration-day", locale=self.cldr)

    def full_date(self, day: date) -> str:
        """A date written out, as a line of its own: 'Monday, November 23, 2026', 'Lundi 23 novembre 2026'."""
        text = dates.format_date(day, "full", locale=self.cldr)
        return text[:1].upper() + text[1:]

    def day_and_time(self, moment: datetime) -> str:
        """Weekday, day and time, as they are in `moment`'s own zone: 'Mon, Nov 23, 7:00 AM'."""
        day = dates.format_skeleton("MMMEd", moment.date(), locale=self.cldr)
        return f"{day}{self.comma}{self.time(moment)}"

    def short_date(self, day: date) -> str:
        """Day and month, short: '23 Nov'."""
        return dates.format_skeleton("MMMd", day, locale=self.cldr)

    def time(self, moment: datetime) -> str:
        """Hours and minutes, as they are in `moment`'s own zone."""
        text = dates.format_time(moment.timetz().replace(tzinfo=None), "short", locale=self.cldr)
        return text.replace("\u202f", "\u00a0")  # few fonts have the narrow one


def direction(language: str) -> str:
    """'rtl' for languages written from right to left, else 'ltr'; by the tag's script where it has one."""
    primary, *rest = language.replace("_", "-").lower().split("-")
    if {"arab", "hebr", "syrc", "thaa"} & set(rest):
        return "rtl"
    return "rtl" if primary in _RIGHT_TO_LEFT and "latn" not in rest else "ltr"


def written(text: str, otherwise: str = "ltr") -> str:
    """'rtl' or 'ltr' by the first letter that has a direction, as browsers judge `dir="auto"`; `otherwise` without."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in kinds if kind in ("L", "R", "AL")), otherwise)


def letters_join(text: str) -> bool:
    """True when the text has letters that spacing would tear apart: Arabic and its relatives, the scripts of India."""
    return any("\u0600" <= character <= "\u0dff" for character in text)
