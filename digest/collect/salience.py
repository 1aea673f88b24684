"""Salience: how likely a word of an article is to stand in the introduction that an editor would write for it.

A small logistic model over what any language shows: the word stands in the title, it comes back, it comes early, it is
a name. The weights were fitted, with cross validation, to a few hundred pairs of an article and its newspaper's own
standfirst (tests/benchmarks/leads.py); no word of any language is in it. That an extract should hold the words an
abstract would use is SumBasic's idea (Nenkova & Vanderwende 2005), with the cues of position and title of Edmundson
(1969).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence, Set
from functools import lru_cache
from math import exp, log, log1p
from typing import NamedTuple

from digest.text.stem import stem
from digest.text.words import Words, words

# Of the log-odds that a word is in the standfirst.
_BASE = -2.14
_RECURS = 1.32  # times the log of the number of sentences that have it
_LATE = -0.55  # times log(1 + sentences before its first)
_IN_TITLE = 1.24
_LATE_IN_TITLE = 0.78  # a word of the title loses nothing by coming late: it is what the title keeps back
_RECURS_IN_TITLE = -0.56  # a word of the title gains less by coming back
_NAME = 0.37  # has a capital inside a sentence

_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")  # scripts without blanks between words
_HIRAGANA = re.compile(r"[\u3040-\u309f]+\Z")


class Term(NamedTuple):
    """A word that carries the topic, comparable with its other forms; `name` if it has a capital inside a sentence."""

    term: str
    name: bool


def terms(text: str, table: Words) -> list[Term]:
    """The stems of a sentence without its function words; pairs of letters where no blanks part words."""
    found: list[Term] = []
    opens = True
    for word in _WORD.findall(text):
        if not word.isascii() and _RUN.match(word):
            pairs = (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            found += [Term(p, False) for p in pairs if p not in table.function and not _HIRAGANA.match(p)]
        elif term := _term(word, table.language):
            found.append(Term(term, not opens and word[0].isupper()))
        opens = False
    return found


@lru_cache(maxsize=32_768)
def _term(word: str, language: str) -> str:
    """The stem of a word that carries the topic, else ""."""
    return stem(word, language) if _carries(word, words(language)) else ""


def _carries(word: str, table: Words) -> bool:
    """Not a function word, nor a lone letter; without a list of function words, all short ones are taken for them."""
    if word.lower() in table.function or (len(word) == 1 and not word.isdigit()):
        return False
    return bool(table.function) or len(word) > 3 or word[0].isupper()


def likelihood(sentences: Sequence[Sequence[Term]], title: Set[str]) -> dict[str, float]:
    """For each term of the article its likelihood, from 0 to 1, of standing in the introduction."""
    count: Counter[str] = Counter()
    first: dict[str, int] = {}
    names: set[str] = set()
    for index, found in enumerate(sentences):
        once = {t.term for t in found}
        count.update(once)
        for term in once:
            first.setdefault(term, index)
        names.update(t.term for t in found if t.name)
    return {
        term: _likelihood(log(times), log1p(first[term]), term in title, term in names) for term, times in count.items()
    }


def _likelihood(recurs: float, late: float, in_title: bool, name: bool) -> float:
    odds = _BASE + _RECURS * recurs + _LATE * late + _NAME * name
    if in_title:
        odds += _IN_TITLE + _RECURS_IN_TITLE * recurs + _LATE_IN_TITLE * late
    return 1 / (1 + exp(-odds))
