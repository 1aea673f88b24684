"""Numbers of a text in comparable form: '3,25 %' equals '3.25 per cent'. Pure.

The number itself shows its decimal mark where it can ('1.234,5', '3,25'), else the language decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from digest.compose.llm.lexicon import Lexicon, lexicon_of

_BLANK = "[ \u00a0\u2009\u202f]"
_NUMBER = re.compile(
    rf"(?<!\w)(?P<sign>(?<![^\s(«“\"])[-−](?=\d))?"
    rf"(?P<digits>\d{{1,3}}(?:{_BLANK}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,'’]\d+)*)"
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_AFTER = re.compile(rf"{_BLANK}?([^\W\d_]+)")
_BLANKS = re.compile(_BLANK)


class Figure(NamedTuple):
    """A number, and whether it is a percentage; `written` is its form in the text."""

    value: Decimal
    percent: bool
    written: str


def figures(text: str, language: str) -> list[Figure]:
    """Return the numbers of a text in `language` (BCP 47): those in digits of any script, then those in words."""
    plain = _latin_digits(text)
    table = lexicon_of(language)
    return [*_digits(plain, table), *_words(plain, table)]


def missing(answer: str, source: str, language: str) -> str:
    """Return the first number of `answer`, as written, that `source` does not state; "" when it states all.

    A percentage must be one in the source too: five per cent are not five people.
    """
    known = figures(source, language)
    values = {figure.value for figure in known}
    percentages = {figure.value for figure in known if figure.percent}
    for figure in figures(answer, language):
        if figure.value not in (percentages if figure.percent else values):
            return figure.written
    return ""


def _digits(text: str, table: Lexicon) -> Iterator[Figure]:
    for match in _NUMBER.finditer(text):
        after = text[match.end() : match.end() + 24]
        before = text[max(0, match.start() - 16) : match.start()]
        percent = bool(table.percent.match(after) or table.percent_before.search(before))
        values = _values(match["digits"], table)
        if match["sign"]:
            values = [-values[0], *values[1:]]
        for value in values[:-1]:
            yield Figure(value, percent, match[0])
        yield Figure(values[-1] * _scale(after, table), percent, match[0])


def _words(text: str, table: Lexicon) -> Iterator[Figure]:
    """Yield numbers in words; a unit after a ten belongs to it ('twenty-two')."""
    ten: tuple[int, int, str] | None = None  # value, end, written form
    for match in _WORD.finditer(text):
        value = table.numbers.get(match[0].casefold(), 0)
        if ten is not None:
            joined = value and value < 10 and text[ten[1] : match.start()] in (" ", "-", "\u2011")
            if joined:
                value += ten[0]
            else:
                yield _worded(ten[0], ten[2], text[ten[1] :], table)
            ten = None
        if 20 <= value < 100 and value % 10 == 0:
            ten = value, match.end(), match[0]
        elif value:
            yield _worded(value, match[0], text[match.end() : match.end() + 24], table)
    if ten is not None:
        yield _worded(ten[0], ten[2], text[ten[1] :], table)


def _worded(value: int, written: str, after: str, table: Lexicon) -> Figure:
    return Figure(value * _scale(after[:24], table), bool(table.percent.match(after[:24])), written)


def _scale(after: str, table: Lexicon) -> Decimal:
    """Return the factor of the word after a number; in scripts without spaces its first letter alone decides."""
    match = _AFTER.match(after)
    if match is None:
        return Decimal(1)
    word = match[1].casefold()
    power = table.scales.get(word) or (table.scales.get(word[0], 0) if not word[0].isascii() else 0)
    return Decimal(10) ** power


def _values(digits: str, table: Lexicon) -> list[Decimal]:
    """Return the number of these digits and marks; several for a date or the like ('3.5.2026')."""
    bare = _BLANKS.sub("", digits)
    spaced = bare != digits
    bare = bare.replace("'", "").replace("’", "")
    marks = [c for c in bare if c in ".,"]
    groups = re.split("[.,]", bare)
    if not marks:
        return [Decimal(bare)]
    if spaced or (len(set(marks)) == 2 and marks.count(marks[-1]) == 1):
        return [Decimal("".join(groups[:-1]) + "." + groups[-1])]
    if len(marks) == 1:
        thousands = len(groups[1]) == 3 and len(groups[0]) < 4 and groups[0].lstrip("0") != ""
        if thousands and (marks[0] == ".") != table.point:
            return [Decimal("".join(groups))]
        return [Decimal(".".join(groups))]
    if len(set(marks)) == 1 and len(groups[-1]) == 3 and {len(g) for g in groups[1:-1]} <= {2, 3}:
        return [Decimal("".join(groups))]  # Indian grouping is by two digits
    return [Decimal(group) for group in groups]


def _latin_digits(text: str) -> str:
    """Return the text with the digits of every script as 0 to 9, and Arabic separators as '.' and ','."""
    if text.isascii():
        return text
    marks = {"٫": ".", "٬": "’"}
    return "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() and not c.isascii() else marks.get(c, c) for c in text
    ).replace("’", "'")
