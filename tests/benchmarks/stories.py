"""Grouping thousands of articles: CPU seconds and peak memory by batch size, against scikit-learn in the same run.

python -m tests.benchmarks.stories [--sizes 1000,2500,5000,10000] [--against 5000]

The newsroom is made up: words of a Zipf law over a large vocabulary, topics with words of their own, and events with
names and words of their own inside them, told by one to sixty outlets. Each measurement runs in a fresh process.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import random
import resource
import time
from collections.abc import Sequence

from digest.compose.events.grouping import Document, cluster
from tests.compose.events.partition import agreement, labels_of

Measured = tuple[float, float, float, int]  # CPU seconds, peak MB above the start, B-cubed F1, groups


def newsroom(count: int, seed: int = 1) -> tuple[list[Document], list[str]]:
    """`count` articles in order of chance, and the event each tells."""
    rng = random.Random(seed)
    syllables = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
    vocabulary = ["".join(rng.choices(syllables, k=rng.choice((2, 3, 3, 4)))) for _ in range(40_000)]
    weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(vocabulary))))
    documents: list[Document] = []
    events: list[str] = []
    while len(documents) < count:
        topic = rng.choices(vocabulary[200:], k=40)  # a busy subject: several events share its words
        for _ in range(rng.randint(2, 12)):
            own = [rng.choice(vocabulary).title() for _ in range(5)] + rng.choices(vocabulary[500:], k=30)
            told = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(own))))  # names before the rest
            event = f"e{len(documents)}"
            for _ in range(min(60, math.ceil(rng.paretovariate(1.1)))):
                words = rng.choices(own, cum_weights=told, k=18) + rng.choices(topic, k=8)
                words += rng.choices(vocabulary, cum_weights=weights, k=22)
                rng.shuffle(words)
                url = f"https://outlet{rng.randrange(80)}.example/{len(documents)}"
                documents.append(
                    Document(str(len(documents)), " ".join(words[:8]), " ".join(words[8:]), None, "en", url)
                )
                events.append(event)
    order = rng.sample(range(count), count)
    return [documents[i] for i in order], [events[i] for i in order]


def ours(documents: Sequence[Document]) -> list[int]:
    """The groups as this project finds them."""
    return labels_of(cluster(documents))


def theirs(documents: Sequence[Document]) -> list[int]:
    """TF-IDF and agglomerative clustering with average linkage as scikit-learn has them, at its best threshold here."""
    from sklearn.cluster import AgglomerativeClustering
    from sklearn.feature_extraction.text import TfidfVectorizer

    matrix = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(f"{d.title} {d.text}" for d in documents)
    distance = 1 - (matrix @ matrix.T).toarray()
    model = AgglomerativeClustering(None, metric="precomputed", linkage="average", distance_threshold=0.8)
    return [int(label) for label in model.fit_predict(distance)]


def measure(method: str, count: int) -> Measured:
    """One run in this process, which should be fresh."""
    documents, events = newsroom(count)
    {"ours": ours, "scikit-learn": theirs}[method](documents[:50])  # imports and tables are not the batch's cost
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    labels = {"ours": ours, "scikit-learn": theirs}[method](documents)
    seconds = time.process_time() - began
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return seconds, peak, agreement(events, labels)[0], len(set(labels))


def apart(method: str, count: int) -> Measured:
    """`measure` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (method, count))


def main() -> None:
    """Measure and print the curve and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,2500,5000,10000")
    parser.add_argument("--against", type=int, default=5000, help="largest batch that scikit-learn gets; 0 for none")
    arguments = parser.parse_args()
    print(f"{'articles':>9} {'method':>13} {'CPU s':>8} {'ms each':>8} {'MB':>7} {'B-cubed':>8} {'groups':>7}")
    for count in map(int, arguments.sizes.split(",")):
        mine = apart("ours", count)
        rows = {"ours": mine}
        if count <= arguments.against:
            rows["scikit-learn"] = apart("scikit-learn", count)
        for method, (seconds, megabytes, quality, groups) in rows.items():
            each = 1000 * seconds / count
            print(f"{count:>9} {method:>13} {seconds:>8.2f} {each:>8.2f} {megabytes:>7.0f} {quality:>8.3f} {groups:>7}")
        if "scikit-learn" in rows:
            other = rows["scikit-learn"]
            print(f"{'':>9} {'ratio':>13} {other[0] / mine[0]:>7.1f}x {'':>8} {other[1] / max(1.0, mine[1]):>6.1f}x")


if __name__ == "__main__":
    main()
