"""Sentence splitting: right boundaries and microseconds per 1,000 characters, beside sentencex in the same run.

python -m tests.benchmarks.sentences [--treebanks FOLDER] [--wrong LANGUAGE]

Without treebanks (JSON lines, each a paragraph as a list of sentences, `<language>-<name>.jsonl`) only our own samples
are counted. `--wrong` lists the boundaries of one language that we set or miss wrongly.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from digest.text.sentence import sentences
from tests.text.samples import SAMPLES

Split = Callable[[str, str], list[tuple[int, int]]]
UNSPACED = ("zh", "ja")


def theirs(text: str, language: str) -> list[tuple[int, int]]:
    """Sentence boundaries as sentencex finds them."""
    from sentencex import get_sentence_boundaries

    return [(b["start_index"], b["end_index"]) for b in get_sentence_boundaries(language, text)]


def inner_ends(parts: Sequence[str]) -> set[int]:
    """Where sentences end inside a paragraph, counted in characters that are not blank."""
    count, found = 0, []
    for part in parts:
        count += len("".join(part.split()))
        found.append(count)
    return set(found[:-1])


def compare(paragraphs: Sequence[Sequence[str]], language: str, split: Split) -> tuple[float, float, list[str]]:
    """Boundary F1, microseconds per 1,000 characters of the best of three runs, and what was wrong."""
    texts = [("" if language in UNSPACED else " ").join(gold) for gold in paragraphs]
    hits = ours = golds = 0
    wrong: list[str] = []
    for gold, text in zip(paragraphs, texts, strict=True):
        wanted = inner_ends(gold)
        got = inner_ends([text[a:b] for a, b in split(text, language)])
        hits, ours, golds = hits + len(wanted & got), ours + len(got), golds + len(wanted)
        wrong += [f"{'set' if end in got else 'missed'}: {around(text, end)}" for end in sorted(wanted ^ got)]
    seconds = min(timed(texts, language, split) for _ in range(3))
    return 2 * hits / max(1, ours + golds), 1e9 * seconds / max(1, sum(map(len, texts))), wrong


def around(text: str, end: int) -> str:
    """The text on both sides of the boundary after `end` characters that are not blank."""
    at = [i for i, c in enumerate(text) if not c.isspace()][end - 1] + 1
    return f"{text[max(0, at - 40) : at]} | {text[at : at + 40].strip()}"


def timed(texts: Sequence[str], language: str, split: Split) -> float:
    begin = time.process_time()
    for text in texts:
        split(text, language)
    return time.process_time() - begin


def treebanks(folder: Path) -> dict[str, list[list[str]]]:
    return {f.stem: [json.loads(line) for line in f.open(encoding="utf-8")] for f in sorted(folder.glob("*.jsonl"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--treebanks", type=Path)
    parser.add_argument("--wrong", default="")
    options = parser.parse_args()
    sets = {f"{language} (own samples)": paragraphs for language, paragraphs in SAMPLES.items()}
    sets |= treebanks(options.treebanks) if options.treebanks else {}
    means: list[tuple[float, float]] = []
    for name, paragraphs in sets.items():
        language = name[:2]
        ours, cost, wrong = compare(paragraphs, language, sentences)
        other, other_cost, _ = compare(paragraphs, language, theirs)
        print(f"{name:28} F1 {ours:.4f} {cost:4.0f} µs; sentencex {other:.4f} {other_cost:4.0f} µs")
        if language == options.wrong:
            print(*(f"    {line}" for line in wrong), sep="\n")
        means.append((ours, other))
    ours, other = (sum(column) / len(means) for column in zip(*means, strict=True))
    print(f"{'mean':28} F1 {ours:.4f}; sentencex {other:.4f}")


if __name__ == "__main__":
    main()
