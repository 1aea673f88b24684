"""Credit: who a text comes from when it is not (only) the paper's own: agency, translator, the piece it was adapted from.

Such lines are shown beside an article and never summarised. They stand at its ends: a line of agency names ('dpa/AFP'),
a bracket after the last word ('(Reporting by ...; editing by ...)'), or a sentence of known wording, which the tables
in `data/credit.toml` hold for each language.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from digest.collect import dateline
from digest.collect.article import Removed
from digest.text.sentence import sentences
from digest.text.words import primary

_REASON = "credit"
_ENDS = 4  # paragraphs from the end in which a sentence of credit may close an article
_LONGEST = 400  # characters of one credit sentence
_BRACKET = re.compile(r"\s*[(（\[【]\s*([^()（）\[\]【】\n]{2,300})[)）\]】]\s*[.。]?\s*\Z")
_TRAILING = re.compile(r"(?<=[.!?…»”\"。])\s*(?:[-–—/*]{1,2}\s*|\s)([^\s.!?…»”\"。][^.!?…»”\"。\n]{1,60})\.?\s*\Z")
_WORD = re.compile(r"[^\s/,;:+&|·()\[\]–—-]+")
_JOINING = frozenset(
    "with and from by via avec et de du la le mit und von der con y e da com o os as met en van z i oraz s a och med og ja ve ile "
    "с и по با و مع ו 및 © ® copyright source sources quelle quellen fuente fuentes fonte fonti bron källa kilde zdroj źródło источник "
    "agencies agency agences agence agenturen agentur agencias agencia agenzie agenzia agências agência agentschappen agencje "
    "agentury wires wire staff afp/agencias ajanslar وكالات المصدر المصادر agencí media".split()
)


class Split(NamedTuple):
    """The paragraphs without their credit lines, the credit as one line to show ("" when none), and what was removed."""

    paragraphs: list[str]
    credit: str
    removed: tuple[Removed, ...]


def split(paragraphs: Sequence[str], language: str) -> Split:
    """Take the credit out of an article's paragraphs. An agency of the dateline is named too, but stays in its place.

    Doing it again finds nothing more. Paragraphs that consist of credit alone vanish.
    """
    wording = _wording(primary(language))
    kept: list[str] = []
    found: list[str] = []
    total = len(paragraphs)
    for index, paragraph in enumerate(paragraphs):
        near_end = index >= total - _ENDS
        text = paragraph
        if _is_credit(text, wording) or (is_agencies(text) and (near_end or index == 0)):
            found.append(_plain(text))
            continue
        if near_end or index == 0:
            text, parts = _strip(text, language, wording, last=near_end)
            found.extend(parts)
        if text:
            kept.append(text)
    removed = tuple(Removed(part, _REASON) for part in found)
    if not found and kept and (place := dateline.find(kept[0])) and place.agency:
        found.append(place.agency)
    return Split(kept, " ".join(dict.fromkeys(found)), removed)


def _strip(text: str, language: str, wording: re.Pattern[str], *, last: bool) -> tuple[str, list[str]]:
    """Cut credit sentences, brackets and agency names from the end of a paragraph, until none is left."""
    parts: list[str] = []
    while text:
        shorter, part = _strip_once(text, language, wording)
        if not part:
            break
        text = shorter
        parts.insert(0, _plain(part))
    return text, parts if last or parts else []


def _strip_once(text: str, language: str, wording: re.Pattern[str]) -> tuple[str, str]:
    if (bracket := _BRACKET.search(text[-320:])) and (is_agencies(bracket[1]) or wording.match(bracket[1])):
        return text[: len(text) - len(bracket[0])].rstrip(), bracket[1]
    if (tail := _TRAILING.search(text[-80:])) and is_agencies(tail[1]):
        return text[: len(text) - len(tail[0])].rstrip(), tail[1]
    start, end = sentences(text[-_LONGEST:], language)[-1]
    shift = max(0, len(text) - _LONGEST)
    if (start or not shift) and _is_credit(text[shift + start : shift + end], wording):
        return text[: shift + start].rstrip(), text[shift + start : shift + end]
    return text, ""


def _is_credit(text: str, wording: re.Pattern[str]) -> bool:
    """One sentence of known wording, in brackets or not."""
    return len(text) <= _LONGEST and bool(wording.match(text.strip(" ([*_—–-")))


def is_agencies(text: str) -> bool:
    """Whether a short line names agencies and nothing else but joining words and editors' initials ('dpa/rhu')."""
    words = _WORD.findall(text.strip(" .*_"))
    if not 0 < len(words) <= 12 or len(text) > 90:
        return False
    known = [w for w in words if dateline.is_agency(w)]
    joining = sum(w.lower().strip(".") in _JOINING for w in words)
    signs = sum(bool(re.fullmatch(r"[a-zäöü]{2,4}", w)) and "/" in text for w in words if w.lower() not in _JOINING)
    named = bool(known) or any(w.lower() in _PLURAL for w in words)
    others = [w for w in words if not dateline.is_agency(w) and w.lower().strip(".") not in _JOINING]
    return named and len(others) - (signs if known else 0) <= 0 and len(known) + joining > 0


_PLURAL = frozenset(
    "agencies agences agenturen agencias agenzie agências agentschappen agencje agentury ajanslar وكالات".split()
)


def _plain(text: str) -> str:
    text = text.strip(" *_")
    return text[1:-1].strip() if text[:1] in "([（【" and text[-1:] in ")]）】" else text.strip("—–- ")


@lru_cache(maxsize=32)
def _wording(language: str) -> re.Pattern[str]:
    """One pattern of all wordings of the language and of English, whose credits stand under texts in any language."""
    tables = _tables()
    lines = [line for code in dict.fromkeys((language, "en")) for line in tables.get(code, [])]
    return re.compile("(?:" + "|".join(f"(?:{line})" for line in lines) + ")", re.IGNORECASE)


@cache
def _tables() -> dict[str, list[str]]:
    source = files("digest.collect") / "data" / "credit.toml"
    return {code: table["lines"] for code, table in tomllib.loads(source.read_text(encoding="utf-8")).items()}
