"""A reader's language: translated words, plurals, dates, times and the direction of writing.

Words come from gettext catalogues, `locale/LANGUAGE/LC_MESSAGES/*.po` in the template folders (`digest.po` for readers'
mails, `editors.po` for editors', `pages.po` for the web). They are read as they are, at run time: nothing to compile,
so a wheel, a checkout and a user's own folder work alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import babel
from babel import dates, numbers, units

from digest import resources

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


@lru_cache(maxsize=64)
def locale(language: str, folders: tuple[Path, ...] = ()) -> Locale:
    """The locale of a language tag. The catalogues of `folders` (template folders) win, message by message.

    A language without a catalogue has English words, and still its own dates and direction.
    """
    tag = language.replace("_", "-") or "en"
    words: NullTranslations | None = None
    for folder in (*folders, resources.templates()):
        for name in dict.fromkeys((tag.replace("-", "_"), tag.split("-")[0])):
            for path in sorted((folder / "locale" / name / "LC_MESSAGES").glob("*.po")):
                found = _catalogue(path)
                if words is None:
                    words = found
                else:
                    words.add_fallback(found)
    translated = words is not None or tag.split("-")[0] == "en"
    return Locale(tag, _cldr(tag), words or NullTranslations(), translated)


def _catalogue(path: Path) -> NullTranslations:
    """A .po file as translations: compiled in memory. Messages marked 'fuzzy' are not used."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po
    from babel.support import Translations

    with path.open("rb") as file:
        catalogue = read_po(file)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled, domain="digest")


def _cldr(tag: str) -> babel.Locale:
    for candidate in (tag, tag.split("-", maxsplit=1)[0], "en"):
        try:
            return babel.Locale.parse(candidate, sep="-")
        except (ValueError, babel.UnknownLocaleError):
            continue
    raise AssertionError("Babel knows English")


def available(folders: Sequence[Path] = ()) -> list[str]:
    """Languages with words of their own, English first."""
    found = {"en"}
    for folder in (*folders, resources.templates()):
        found |= {path.parent.parent.name for path in (folder / "locale").glob("*/LC_MESSAGES/digest.po")}
    return sorted(found, key=lambda name: (name != "en", name))
