"""Split the credit from a text: agency, translator, or the source that the text was adapted from.

The credit is shown beside an article and never summarised. It stands at the start or end of the text: a line of agency
names ('dpa/AFP'), brackets after the last word ('(Reporting by ...; editing by ...)'), or a sentence of known wording.
`data/credit.toml` lists the wording of each language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from digest import resources
from digest.collect import agency, dateline
from digest.collect.article import Removed
from digest.text.sentence import sentences
from digest.text.words import Words, words, written_like

_REASON = "credit"
_ENDS = 4  # last paragraphs that are searched for a credit
_TAIL_LENGTH = 4_000  # last characters of a paragraph that are searched
_LONGEST = 400  # characters of one credit sentence
_BRACKET = re.compile(r"(?<=[.!?…»”\"。！？।؟])\s*[(（\[【]\s*([^()（）\[\]【】\n]{2,300})[)）\]】]\s*[.。]?\s*\Z")
_TAIL = re.compile(r"(?<=[.!?…»”\"。])\s*(?:[-–—/*]{1,2}\s*|\s)([^\s.!?…»”\"。][^.!?…»”\"。\n]{1,60})\.?\s*\Z")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_AROUND = " *_—–-·•"


class Split(NamedTuple):
    """Paragraphs without credit lines, the credit as one line to show ("" if there is none), and the removed pieces."""

    paragraphs: list[str]
    credit: str
    removed: tuple[Removed, ...]


@dataclass(frozen=True, slots=True)
class _Wording:
    """How credits begin: `lines` before anything, `by` before names only."""

    lines: re.Pattern[str]
    by: re.Pattern[str]
    table: Words


def split(paragraphs: Sequence[str], language: str) -> Split:
    """Split the credit from the paragraphs of an article; idempotent.

    Paragraphs that consist of a credit are dropped. Without another credit, the agency of the dateline is returned, and
    the dateline stays in the text.
    """
    wording = _wording(written_like(language))
    kept: list[str] = []  # last paragraph first, like `credit_parts`
    credit_parts: list[str] = []
    for paragraph in reversed(paragraphs):
        text, parts = _strip(paragraph.strip(), wording, wholly=len(kept) >= _ENDS)
        credit_parts += reversed(parts)
        kept += [text] if text else []
    while kept:
        first, parts = _strip(kept.pop(), wording)
        credit_parts += reversed(parts)
        if first:
            kept.append(first)
            break
    kept.reverse()
    credit_parts.reverse()
    removed = tuple(Removed(part, _REASON) for part in credit_parts)
    if not credit_parts and kept and (place := dateline.find(kept[0])) and place.agency:
        credit_parts.append(place.agency)
    return Split(kept, " ".join(dict.fromkeys(credit_parts)), removed)


def _strip(text: str, wording: _Wording, *, wholly: bool = False) -> tuple[str, list[str]]:
    """Remove credit sentences, brackets and agency names from the end of a paragraph until none is left.

    `wholly` accepts only a paragraph whose whole text is a known wording: inside an article a name is weak evidence.
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
    whole = start > 0 or shift == 0  # otherwise its beginning was cut off
    return text[: shift + start].rstrip() if whole and _is_credit(text[shift + start : shift + end], wording) else text


def _is_credit(text: str, wording: _Wording) -> bool:
    """Return whether one sentence, in brackets or not, has a known wording."""
    if len(text) > _LONGEST:
        return False
    bare = text.strip(_AROUND + "([（【")
    if wording.lines.match(bare):
        return True
    by = wording.by.match(bare)
    return bool(by and _names_only(bare[by.end() :], wording.table))


def _names_only(text: str, table: Words) -> bool:
    """Return whether a text consists of names and function words: 'Jane Doe in London; editing by John Roe'."""
    tokens = _WORD.findall(text)
    names = [w for w in tokens if not w[0].islower()]
    rest = [w for w in tokens if w[0].islower() and w.rstrip(".") not in table.function and not agency.is_name(w)]
    others = [w for w in rest if w.rstrip(".") not in _crafts()]
    return len(text) <= 160 and bool(names or agency.find(text)) and len(others) <= len(names) // 4


def _plain(text: str) -> str:
    """Return a credit as it is shown, without surrounding brackets and dashes."""
    bare = text.strip(_AROUND)
    closed = re.fullmatch(r"[(（\[【]\s*(.*?)\s*[)）\]】][.。]?", bare, re.DOTALL)
    return closed[1] if closed else bare


@lru_cache(maxsize=32)
def _wording(language: str) -> _Wording:
    """Return the wording of a language and of English, whose credits occur under texts in any language."""
    tables = [_tables()[code] for code in dict.fromkeys((language, "en")) if code in _tables()]
    lines, by = ([part for t in tables for part in t.get(kind, [])] for kind in ("lines", "by"))
    return _Wording(_any(lines), _any(by), words(language))


def _any(parts: Sequence[str]) -> re.Pattern[str]:
    return re.compile("(?:" + "|".join(f"(?:{part})" for part in parts) + ")", re.IGNORECASE)


@cache
def _tables() -> dict[str, dict[str, list[str]]]:
    tables: dict[str, dict[str, list[str]]] = tomllib.loads(resources.data("collect/extract/data/credit.toml"))
    return tables


@cache
def _crafts() -> frozenset[str]:
    """Return the words for the work of people named in a credit: 'reporting', 'traduit'."""
    return frozenset(word for table in _tables().values() for word in table.get("crafts", []))
