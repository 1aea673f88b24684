"""How well found groups agree with the true ones, and the labelled samples of this project."""

import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import datetime
from pathlib import Path

from digest.compose.events.grouping import Document
from tests.paths import DATA

SAMPLES = DATA / "stories"


def labelled(path: Path, opening: int = 0) -> tuple[list[Document], list[str]]:
    """The documents of a labelled JSON-lines file and their true stories; `opening` > 0 keeps so many words."""
    documents, labels = [], []
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        words = row["text"].split()
        published = datetime.fromisoformat(row["published"]) if row.get("published") and not opening else None
        text = " ".join(words[: opening or len(words)])
        documents.append(Document(row["id"], row["title"], text, published, row["language"], row.get("url") or ""))
        labels.append(row["story"])
    return documents, labels


def labels_of(groups: Sequence[Sequence[int]]) -> list[int]:
    """The group of each position."""
    found = {position: number for number, group in enumerate(groups) for position in group}
    return [found[position] for position in range(len(found))]


def agreement(true: Sequence[Hashable], found: Sequence[Hashable]) -> tuple[float, float]:
    """B-cubed F1 (Bagga & Baldwin 1998) and pairwise F1 of two labellings of the same things."""
    both = Counter(zip(true, found, strict=True))
    trues, founds = Counter(true), Counter(found)
    precision = sum(n * n / founds[f] for (_, f), n in both.items()) / len(true)
    recall = sum(n * n / trues[t] for (t, _), n in both.items()) / len(true)
    hits, of_true, of_found = (sum(n * (n - 1) // 2 for n in c.values()) for c in (both, trues, founds))
    pairwise = 2 * hits / max(1, of_true + of_found)
    return 2 * precision * recall / (precision + recall), pairwise


def mixed(true: Sequence[str], found: Sequence[int]) -> list[set[str]]:
    """The true stories of each group that holds more than one."""
    inside: defaultdict[int, set[str]] = defaultdict(set)
    for story, group in zip(true, found, strict=True):
        inside[group].add(story)
    return [stories for stories in inside.values() if len(stories) > 1]
