"""ROUGE of leads against the standfirst of the newspaper, and cross-validated fitting of the weights.

python -m tests.benchmarks.leads FILE.jsonl [--fit]

Each line of the file holds `title`, `text`, `reference` and `language`. `--fit` fits the weights of `salience.py` by
logistic regression (is this word in the reference?) and those of `lead.py` by ridge regression (ROUGE of a set of
sentences, less the mean of its article), prints both, and scores each fifth of the articles with weights fitted to the
other four. ROUGE is F1 of words, pairs of words and the longest common subsequence (Lin 2004), times 100.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from math import log, log1p
from pathlib import Path
from typing import Any

from digest.collect import lead, lead_candidates, salience
from digest.collect.lead_candidates import LeadCandidate
from digest.text.sentence import sentences
from digest.text.words import words

_WORD = re.compile(r"\w+")
Row = dict[str, Any]


def rouge(reference: str, candidate: str) -> tuple[float, float, float]:
    r, c = _WORD.findall(reference.lower()), _WORD.findall(candidate.lower())
    pairs_r, pairs_c = Counter(itertools.pairwise(r)), Counter(itertools.pairwise(c))
    return (
        f1((Counter(r) & Counter(c)).total(), len(r), len(c)),
        f1((pairs_r & pairs_c).total(), len(r) - 1, len(c) - 1),
        f1(common(r, c), len(r), len(c)),
    )


def f1(hits: int, wanted: int, got: int) -> float:
    return 200 * hits / (wanted + got) if hits else 0.0


def common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        previous = 0
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], (previous + 1 if x == y else max(row[j], row[j - 1]))
    return row[-1]


def show(name: str, rows: Sequence[Row], leads: Sequence[str]) -> None:
    means = [
        statistics.mean(x)
        for x in zip(*(rouge(r["reference"], c) for r, c in zip(rows, leads, strict=True)), strict=True)
    ]
    length = statistics.mean(len(c.split()) for c in leads)
    print(f"{name:22} ROUGE {means[0]:.1f}/{means[1]:.1f}/{means[2]:.1f}, {length:.0f} words")


def chosen(row: Row) -> str:
    return " ".join(s.text for s in lead.choose(row["text"], row["title"], row["language"]).sentences)


def first_two(row: Row) -> str:
    return " ".join(row["text"][a:b] for a, b in sentences(row["text"], row["language"])[:2])


def facts(row: Row) -> dict[str, tuple[float, ...]]:
    """Return the features of every term, in the order of the weights of `salience.likelihood` after the base."""
    table = words(row["language"])
    title = {t.term for t in salience.terms(row["title"], table)}
    count: Counter[str] = Counter()
    first: dict[str, int] = {}
    names: set[str] = set()
    for index, (a, b) in enumerate(sentences(row["text"][:6000], row["language"])):
        found = salience.terms(row["text"][a:b], table)
        count.update({t.term for t in found})
        names.update(t.term for t in found if t.name)
        for t in found:
            first.setdefault(t.term, index)
    return {
        t: (log(n), log1p(first[t]), t in title, (t in title) * log(n), (t in title) * log1p(first[t]), t in names)
        for t, n in count.items()
    }


def fit_salience(rows: Sequence[Row]) -> list[float]:
    """Weights in the order of `facts`, the base first."""
    from sklearn.linear_model import LogisticRegression

    x: list[tuple[float, ...]] = []
    y: list[bool] = []
    for row in rows:
        wanted = {t.term for t in salience.terms(row["reference"], words(row["language"]))}
        for term, values in facts(row).items():
            x.append(values)
            y.append(term in wanted)
    model = LogisticRegression(max_iter=1000).fit(x, y)
    return [float(model.intercept_[0]), *map(float, model.coef_[0])]


def use_salience(weights: Sequence[float]) -> None:
    names = ("_BASE", "_RECURS", "_LATE", "_IN_TITLE", "_RECURS_IN_TITLE", "_LATE_IN_TITLE", "_NAME")
    for name, value in zip(names, weights, strict=True):
        setattr(salience, name, value)


def choices(row: Row, most: int = 2) -> tuple[lead_candidates.Opening, list[tuple[LeadCandidate, ...]]]:
    """Return the sets of sentences that `choose` compares."""
    read = lead_candidates.find_candidates(row["text"], row["title"], words(row["language"]))
    return read, lead.candidate_sets([c for c in read.candidates if not c.rejection], most)


def fit_lead(rows: Sequence[Row], penalty: float = 30.0) -> list[float]:
    """Weights in the order of `lead.features`, the first being 1."""
    import numpy as np

    x, y = [], []
    for row in rows:
        read, sets = choices(row)
        if sets:
            measured = np.array([lead.features(s, read, 280) for s in sets])
            scores = np.array([sum(rouge(row["reference"], text_of(row, s))) for s in sets])
            x.append(measured - measured.mean(0))
            y.append(scores - scores.mean())
    matrix, wanted = np.vstack(x), np.concatenate(y)
    scale = matrix.std(0) + 1e-9
    matrix /= scale
    weights = np.linalg.solve(matrix.T @ matrix + penalty * np.eye(matrix.shape[1]), matrix.T @ wanted) / scale
    return [float(w) for w in weights / weights[0]]


def text_of(row: Row, chosen_: Sequence[LeadCandidate]) -> str:
    return " ".join(row["text"][c.start : c.end] for c in chosen_)


def fit(rows: Sequence[Row]) -> None:
    use_salience(weights := fit_salience(rows))
    print("salience", [round(w, 2) for w in weights], "lead", [round(w, 3) for w in fit_lead(rows)])
    order = random.Random(1).sample(range(len(rows)), len(rows))
    leads = [""] * len(rows)
    for fold in range(5):
        held = order[fold::5]
        others = [rows[i] for i in order if i not in set(held)]
        use_salience(fit_salience(others))
        lead.WEIGHTS = tuple(fit_lead(others))
        for i in held:
            leads[i] = chosen(rows[i])
    show("fitted to the others", rows, leads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.file.open(encoding="utf-8")]
    for row in rows:  # the set has no blank between paragraphs
        row["text"] = re.sub(r'([^\W\d_]|["»”)\]%])([.!?…])(?=["«“]?[A-ZÀ-Ý])', r"\1\2\n\n", row["text"])
    show("first two sentences", rows, [first_two(row) for row in rows])
    begin = time.process_time()
    leads = [chosen(row) for row in rows]
    cost = 1000 * (time.process_time() - begin) / len(rows)
    show("chosen", rows, leads)
    print(f"{cost:.2f} ms of processor time an article")
    if options.fit:
        fit(rows)


if __name__ == "__main__":
    main()
