"""Lexicon: how a language negates and writes numbers, read from `data/lexicon.toml`.

Each language is a table of that file:

- `negation`: words that negate, with verbs of denying: without its 'denied' a sentence says the opposite.
- `elided`: those that join the next word by an apostrophe ('n' in French 'n'a').
- `starts`, `ends`: prefixes and suffixes of negating words (Czech 'ne-', English '-n't'); `never` are words that only
  look like them.
- `inside`: negating parts at any place, as regular expressions (Chinese, Japanese, Turkish verbs).
- `percent`: written-out forms of per cent, as regular expressions separated by `|`.
- `scales`: words after a number, with their power of ten.
- `numbers`: numbers as words, without 'one', which is an article too in most languages.
- `point`: the decimal mark is a point; a comma elsewhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from digest import resources
from digest.text.words import primary


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lexicon of one language. `negation` is None where it is unknown."""

    negation: re.Pattern[str] | None
    percent: re.Pattern[str]  # right after a number
    percent_before: re.Pattern[str]  # right before one, as in Turkish and Chinese
    scales: Mapping[str, int]
    numbers: Mapping[str, int]
    point: bool


@lru_cache(maxsize=64)
def lexicon_of(language: str) -> Lexicon:
    """Return the lexicon of a language, given as any BCP 47 tag."""
    table = _tables().get(primary(language), {})
    percent = f"|{table['percent']}" if "percent" in table else ""
    return Lexicon(
        negation=_negation(table),
        percent=re.compile(rf"\s?(?:[%٪﹪]{percent})", re.IGNORECASE),
        percent_before=re.compile(rf"(?:[%٪﹪]{percent})\s?\Z", re.IGNORECASE),
        scales=_pairs(table.get("scales", "")),
        numbers=_pairs(table.get("numbers", "")),
        point=bool(table.get("point", False)),
    )


def _negation(table: Mapping[str, Any]) -> re.Pattern[str] | None:
    found = []
    if words := table.get("negation", "").split():
        found.append(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?![\w'])")
    if elided := table.get("elided", "").split():
        found.append(rf"(?<!\w)(?:{'|'.join(map(re.escape, elided))})'")
    if starts := table.get("starts", "").split():
        never = "|".join(map(re.escape, table.get("never", "").split())) or r"\Z"
        found.append(rf"(?<!\w)(?!{never})(?:{'|'.join(map(re.escape, starts))})\w{{2,}}")
    if ends := table.get("ends", "").split():
        found.append(rf"(?<!\w)\w+(?:{'|'.join(map(re.escape, ends))})(?!\w)")
    found += table.get("inside", "").split()
    return re.compile("|".join(found), re.IGNORECASE) if found else None


def _pairs(listed: str) -> dict[str, int]:
    return {word: int(number) for word, _, number in (pair.partition("=") for pair in listed.split())}


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, Any]]:
    return tomllib.loads(resources.data("compose/llm/data/lexicon.toml"))
