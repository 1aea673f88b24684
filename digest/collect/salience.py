"""Salience: the probability that a word of an article occurs in an introduction that an editor would write. Pure.

A small logistic model over features of any language: the word occurs in the title, recurs, occurs early, is a name. The
weights were fitted, with cross validation, to a few hundred pairs of an article and the standfirst of its newspaper
(tests/benchmarks/leads.py). Selecting the sentences with the words of an abstract is SumBasic (Nenkova & Vanderwende
2005); position and title are cues of Edmundson (1969).
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

# Coefficients of the log-odds that a word is in the standfirst.
_BASE = -2.14
_RECURS = 1.32  # times the log of the number of sentences that contain it
_LATE = -0.55  # times log(1 + sentences before its first)
_IN_TITLE = 1.24
_LATE_IN_TITLE = 0.78  # offsets _LATE for a word of the title
_RECURS_IN_TITLE = -0.56  # a word of the title gains less by recurring
_NAME = 0.37  # is capitalised inside a sentence

_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(r"[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]+")  # scripts without blanks between words
_HIRAGANA = re.compile(r"[\u3040-\u309f]+\Z")


class Term(NamedTuple):
    """The stem of a content word; `name` if it is capitalised inside a sentence."""

    term: str
    name: bool


def terms(text: str, table: Words) -> list[Term]:
    """Return the stems of a text without its function words; in unspaced scripts, pairs of characters."""
    stems: list[Term] = []
    opens = True
    for word in _WORD.findall(text):
        if not word.isascii() and _RUN.match(word):
            pairs = (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            stems += [Term(p, False) for p in pairs if p not in table.function and not _HIRAGANA.match(p)]
        elif term := _term(word, table.language):
            stems.append(Term(term, not opens and word[0].isupper()))
        opens = False
    return stems


@lru_cache(maxsize=32_768)
def _term(word: str, language: str) -> str:
    """Return the stem of a content word, else ""."""
    return stem(word, language) if _is_content_word(word, words(language)) else ""


def _is_content_word(word: str, table: Words) -> bool:
    """Return whether a word is neither a function word nor a single letter; without a list, whether it is long."""
    if word.lower() in table.function or (len(word) == 1 and not word.isdigit()):
        return False
    return bool(table.function) or len(word) > 3 or word[0].isupper()


def likelihood(sentences: Sequence[Sequence[Term]], title: Set[str]) -> dict[str, float]:
    """Return for each term of the article its probability, from 0 to 1, of occurring in the introduction."""
    count: Counter[str] = Counter()
    first: dict[str, int] = {}
    names: set[str] = set()
    for index, sentence in enumerate(sentences):
        once = {t.term for t in sentence}
        count.update(once)
        for term in once:
            first.setdefault(term, index)
        names.update(t.term for t in sentence if t.name)
    return {
        term: _likelihood(log(times), log1p(first[term]), term in title, term in names) for term, times in count.items()
    }


def _likelihood(recurs: float, late: float, in_title: bool, name: bool) -> float:
    odds = _BASE + _RECURS * recurs + _LATE * late + _NAME * name
    if in_title:
        odds += _IN_TITLE + _RECURS_IN_TITLE * recurs + _LATE_IN_TITLE * late
    return 1 / (1 + exp(-odds))
