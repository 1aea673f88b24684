"""Quality and speed of reading pages, compared with trafilatura: `python -m tests.benchmarks.read`.

Measured on the labelled pages of ../shared/data/pages: each has segments that belong to the article and segments that
do not. A wanted segment found is a hit, an unwanted one found is a false alarm (the counting of trafilatura's own
evaluation). Times are CPU times of this process; both readers take turns page by page, with imports and models
loaded.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import trafilatura

from digest.collect.extract import preload  # noqa: F401 - loads what reading needs
from digest.collect.extract.reading import Item, read_item
from tests.paths import SHARED

PAGES = SHARED / "data" / "pages"
ROUNDS = 3


@dataclass
class Tally:
    """Hits, false alarms and misses of one reader, its empty answers, and its seconds."""

    hits: int = 0
    alarms: int = 0
    misses: int = 0
    empty: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, text: str, wanted: list[str], unwanted: list[str]) -> None:
        """Count the segments of one page."""
        flat = " ".join(text.split())
        matches = sum(" ".join(segment.split()) in flat for segment in wanted)
        self.hits += matches
        self.misses += len(wanted) - matches
        self.alarms += sum(" ".join(segment.split()) in flat for segment in unwanted)
        self.empty += not flat

    def line(self, name: str) -> str:
        """Return one line of figures."""
        precision, recall = self.hits / (self.hits + self.alarms), self.hits / (self.hits + self.misses)
        f1 = 2 * precision * recall / (precision + recall)
        mean = 1000 * sum(self.seconds) / len(self.seconds)
        return f"{name:12} F1 {f1:.3f}  P {precision:.3f}  R {recall:.3f}  empty {self.empty}  {mean:.1f} ms a page"


def ours(body: bytes) -> str:
    """Return the text of an article that was read with its facts, language, credit and lead."""
    return read_item(Item("page", body)).text


def alone(body: bytes) -> str:
    """Return the text that trafilatura extracts, with the options of its own evaluation."""
    return trafilatura.extract(body, favor_precision=True, include_comments=False) or ""


def timed(reader: Callable[[bytes], str], body: bytes, tally: Tally) -> str:
    """Return the text, and add its CPU time to the tally."""
    start = time.process_time()
    text = reader(body)
    tally.seconds.append(time.process_time() - start)
    return text


def main() -> int:
    """Print a line for each reader and the ratio of their times."""
    if not PAGES.is_dir():
        print(f"nothing to measure: {PAGES} is not there")
        return 3
    truth = json.loads((PAGES / "truth.json").read_text("utf-8"))
    bodies = {name: gzip.decompress((PAGES / name).read_bytes()) for name in truth}
    digest, base = Tally(), Tally()
    for turn in range(ROUNDS):
        for name, segments in truth.items():
            texts = timed(ours, bodies[name], digest), timed(alone, bodies[name], base)
            if turn == 0:
                for tally, text in zip((digest, base), texts, strict=True):
                    tally.add(text, segments["with"], segments["without"])
    print(digest.line("digest"))
    print(base.line("trafilatura"))
    print(f"time: {sum(digest.seconds) / sum(base.seconds):.2f} times trafilatura's own")
    return 0


if __name__ == "__main__":
    sys.exit(main())
