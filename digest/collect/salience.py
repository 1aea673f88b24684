"""Salience: how likely a word of an article is to stand in the introduction that an editor would write for it.

A small logistic model over what any language shows: the word stands in the title, it comes back, it comes early, it is
a name or a number. The weights were fitted to a few hundred pairs of article and the newspaper's own standfirst (cross
validated, see tests/benchmarks/leads.py); no word of any language is in it. That an extract should hold the words an
abstract would use is SumBasic's idea (Nenkova & Vanderwende 2005), with the position and title cues of Edmundson (1969).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import exp, log, log1p

from digest.text.stem import stem
from digest.text.words import Words

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


def terms(text: str, table: Words) -> list[str]:
    """The words that carry the topic, comparable: stems, without function words; pairs of letters where no blank parts words."""
    return [term for term, _, _ in _terms(text, table)]


def _terms(text: str, table: Words) -> list[tuple[str, str, bool]]:
    """Each term with the word it came from and whether it opens the text."""
    found: list[tuple[str, str, bool]] = []
    for index, match in enumerate(_WORD.finditer(text)):
        word = match[0]
        if _RUN.match(word):
            pairs = (word[i : i + 2] for i in range(max(1, len(word) - 1)))
            found += [(p, p, False) for p in pairs if p not in table.function and not _HIRAGANA.match(p)]
        elif word.lower() not in table.function and (len(word) > 1 or word.isdigit()):
            if len(word) > 3 or table.function or word[0].isupper():
                found.append((stem(word, table.language), word, index == 0))
    return found


def likelihood(sentences: Sequence[str], title: str, table: Words) -> dict[str, float]:
    """For each term of the article its likelihood, from 0 to 1, of standing in the introduction."""
    in_title = set(terms(title, table))
    count: Counter[str] = Counter()
    first: dict[str, int] = {}
    names: set[str] = set()
    for index, sentence in enumerate(sentences):
        found = _terms(sentence, table)
        count.update({term for term, _, _ in found})
        for term, word, opens in found:
            first.setdefault(term, index)
            if word[0].isupper() and not opens:
                names.add(term)
    return {
        term: _likelihood(log(times), log1p(first[term]), term in in_title, term in names)
        for term, times in count.items()
    }


def _likelihood(recurs: float, late: float, in_title: bool, name: bool) -> float:
    odds = _BASE + _RECURS * recurs + _LATE * late + _NAME * name
    if in_title:
        odds += _IN_TITLE + _RECURS_IN_TITLE * recurs + _LATE_IN_TITLE * late
    return 1 / (1 + exp(-odds))
