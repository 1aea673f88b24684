"""Credit: who a text comes from when it is not only the paper's own: agency, translator, the piece it was adapted from.

Such lines are shown beside an article and never summarised. They stand at its ends: a line of agency names ('dpa/AFP'),
a bracket after the last word ('(Reporting by ...; editing by ...)'), or a sentence of known wording, for which
`data/credit.toml` has a table for each language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from digest.collect import agency, dateline
from digest.collect.article import Removed
from digest.text.sentence import sentences
from digest.text.words import Words, words, written_like

_REASON = "credit"
_ENDS = 4  # paragraphs from the end in which a credit may close an article
_TAIL_LENGTH = 4_000  # characters of a paragraph that are looked at; more credits than fit in there are no credits
_LONGEST = 400  # characters of one credit sentence
_BRACKET = re.compile(r"(?<=[.!?…»”\"。！？।؟])\s*[(（\[【]\s*([^()（）\[\]【】\n]{2,300})[)）\]】]\s*[.。]?\s*\Z")
_TAIL = re.compile(r"(?<=[.!?…»”\"。])\s*(?:[-–—/*]{1,2}\s*|\s)([^\s.!?…»”\"。][^.!?…»”\"。\n]{1,60})\.?\s*\Z")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_AROUND = " *_—–-·•"


class Split(NamedTuple):
    """Paragraphs without their credit lines, the credit as one line to show ("" when none), and what was removed."""

    paragraphs: list[str]
    credit: str
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class _Wording:
    """How credits begin: `lines` whatever follows, `by` when only names follow."""

    lines: re.Pattern[str]
    by: re.Pattern[str]
    table: Words


def split(paragraphs: Sequence[str], language: str) -> Split:
    """Take the credit out of an article's paragraphs. An agency of the dateline is named too, but stays in its place.

    Doing it again finds nothing more. Paragraphs that consist of credit alone vanish.
    """
    wording = _wording(written_like(language))
    kept: list[str] = []  # both from the end to the beginning
    found: list[str] = []
    for paragraph in reversed(paragraphs):
        text, parts = _strip(paragraph.strip(), wording, wholly=len(kept) >= _ENDS)
        found += reversed(parts)
        kept += [text] if text else []
    while kept:
        first, parts = _strip(kept.pop(), wording)
        found += reversed(parts)
        if first:
            kept.append(first)
            break
    kept.reverse()
    found.reverse()
    removed = tuple(Removed(part, _REASON) for part in found)
    if not found and kept and (place := dateline.find(kept[0])) and place.agency:
        found.append(place.agency)
    return Split(kept, " ".join(dict.fromkeys(found)), removed)


def _strip(text: str, wording: _Wording, *, wholly: bool = False) -> tuple[str, list[str]]:
    """Cut credit sentences, brackets and agency names from the end of a paragraph, until none is left.

    `wholly`: only a paragraph that is of known wording as a whole, as inside an article a mere name says little.
    """
    if wholly:
        return ("", [_plain(text)]) if _is_credit(text, wording) else (text, [])
    parts: list[str] = []
    cut = max(0, len(text) - _TAIL_LENGTH)
    tail = text[cut:]
    while tail:
        shorter = _strip_once(tail, wording)
        if shorter == tail:
            break
        parts.insert(0, _plain(tail[len(shorter) :]))
        tail = shorter
    return (text[:cut] + tail).rstrip(), parts


def _strip_once(text: str, wording: _Wording) -> str:
    if _is_credit(text, wording) or agency.is_line(text):
        return ""
    bracket = _BRACKET.search(text, max(0, len(text) - 320))
    if bracket and (agency.is_line(bracket[1]) or _is_credit(bracket[1], wording)):
        return text[: bracket.start()].rstrip()
    tail = _TAIL.search(text, max(0, len(text) - 80))
    if tail and agency.is_line(tail[1]):
        return text[: tail.start()].rstrip()
    shift = max(0, len(text) - _LONGEST)
    start, end = sentences(text[shift:], wording.table.language)[-1]
    whole = start > 0 or shift == 0  # else its beginning was cut off
    return text[: shift + start].rstrip() if whole and _is_credit(text[shift + start : shift + end], wording) else text


def _is_credit(text: str, wording: _Wording) -> bool:
    """Whether one sentence, in brackets or not, is of known wording."""
    if len(text) > _LONGEST:
        return False
    bare = text.strip(_AROUND + "([（【")
    if wording.lines.match(bare):
        return True
    by = wording.by.match(bare)
    return bool(by and _names_only(bare[by.end() :], wording.table))


def _names_only(text: str, table: Words) -> bool:
    """Whether nothing but names and small words follow, as in 'Jane Doe in London; editing by John Roe'."""
    found = _WORD.findall(text)
    names = [w for w in found if not w[0].islower()]
    rest = [w for w in found if w[0].islower() and w.rstrip(".") not in table.function and not agency.is_name(w)]
    others = [w for w in rest if w.rstrip(".") not in _crafts()]
    return len(text) <= 160 and bool(names or agency.find(text)) and len(others) <= len(names) // 4


def _plain(text: str) -> str:
    """A credit as it is shown: without the brackets and dashes around it."""
    bare = text.strip(_AROUND)
    closed = re.fullmatch(r"[(（\[【]\s*(.*?)\s*[)）\]】][.。]?", bare, re.DOTALL)
    return closed[1] if closed else bare


@lru_cache(maxsize=32)
def _wording(language: str) -> _Wording:
    """The wording of a language, and of English, whose credits stand under texts in any language."""
    tables = [_tables()[code] for code in dict.fromkeys((language, "en")) if code in _tables()]
    lines, by = ([part for t in tables for part in t.get(kind, [])] for kind in ("lines", "by"))
    return _Wording(_any(lines), _any(by), words(language))


def _any(parts: Sequence[str]) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(f"(?:{part})" for part in parts) + ")", re.IGNORECASE)


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    source = files("digest.collect.extract") / "data" / "credit.toml"
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(source.read_text(encoding="utf-8"))
    return tables


@cache
def _crafts() -> frozenset[str]:
    """What people named in a credit did: 'reporting', 'traduit'."""
    return frozenset(word for table in _tables().values() for word in table.get("crafts", []))
