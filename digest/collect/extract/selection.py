"""The lines of a page that are its article: a library's choice, judged and completed by what the page shows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from digest.collect.extract.lines import Outline, Run
from digest.collect.extract.phrases import key
from digest.collect.extract.prose import is_prose as prose_text

_HEADINGS = frozenset(("h1", "h2"))
_SUBHEADINGS = frozenset(("h2", "h3", "h4"))
_NO_PROSE = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "pre", "option", "title"))
_BELIEVED = 0.2  # a label that covers more than this share of the article is a mistake of the page's author
_BEFORE_COMMENTS = 400  # characters of prose; what follows as much and is called comments is comments, however long
_SECTION = 0.35  # a choice with less than this share of the page's prose may be a section of the article
_ABOVE = 60  # lines above the first paragraph among which it is looked for when the title is not shown
_INTRODUCTION = range(40, 900)  # characters of a standfirst


def is_prose(run: Run) -> bool:
    """Whether a line of a page reads like a paragraph."""
    return run.tag not in _NO_PROSE and prose_text(run.text, run.linked / len(run.text))


@dataclass(frozen=True, slots=True)
class Judge:
    """Which labels of an outline are believed: those that do not cover a large part of what is prose or was chosen."""

    outline: Outline
    doubted: frozenset[str]  # reasons

    def reason(self, run: Run) -> str | None:
        """Why the markup says that a line is not the article; a weak label speaks for short lines only."""
        for index in run.labels:
            label = self.outline.labels[index]
            if label.reason not in self.doubted and label.strong:
                return label.reason
        return None

    def hint(self, run: Run) -> str | None:
        """The reason of the innermost label, strong or weak."""
        for index in reversed(run.labels):
            if (label := self.outline.labels[index]).reason not in self.doubted:
                return label.reason
        return None


def judge(outline: Outline, lines: Iterable[Run]) -> Judge:
    """Weigh the strong labels against lines that are known or supposed to be mostly article."""
    covered: Counter[str] = Counter()
    total, said = 1, 0
    for run in lines:
        reasons = {outline.labels[i].reason for i in run.labels if outline.labels[i].strong}
        if "comments" in reasons and said >= _BEFORE_COMMENTS:
            continue
        total += len(run.text)
        said += len(run.text) if is_prose(run) and not reasons else 0
        covered.update(dict.fromkeys(reasons, len(run.text)))
    return Judge(outline, frozenset(reason for reason, size in covered.items() if size > _BELIEVED * total))


def prose(outline: Outline) -> list[int]:
    """Every paragraph of the page that no label calls something else: what may be article at all."""
    lines = [i for i, run in enumerate(outline.runs) if is_prose(run)]
    trusted = judge(outline, [outline.runs[i] for i in lines])
    return [i for i in lines if trusted.reason(outline.runs[i]) is None]


def size(outline: Outline, lines: Iterable[int]) -> int:
    """Characters of prose in some lines."""
    return sum(len(outline.runs[i].text) for i in lines if is_prose(outline.runs[i]))


def widen(outline: Outline, chosen: Sequence[int], whole: Sequence[int]) -> list[int]:
    """The article when only a section of it was chosen: all sections, from the first paragraph to the last.

    Page builders wrap every few paragraphs in a section of their own, and a choice by containers takes one of them.
    It did so if it leaves out most of the page's prose, and either more of it stands *before* what was chosen (what
    stands after may be comments), or as much stands in elements of the same shape beside it. An empty choice takes
    all prose there is.
    """
    runs = outline.runs
    have = size(outline, chosen)
    most = sum(len(runs[i].text) for i in whole)
    if not whole or have >= _SECTION * most:
        return list(chosen)
    if chosen and not have and most > sum(len(runs[i].text) for i in chosen):
        return _span(outline, whole[0], whole[-1], whole)  # nothing but short lines: a box beside a short article
    start = chosen[0] if chosen else len(runs)
    if sum(len(runs[i].text) for i in whole if i < start) >= max(have, 1):
        return _span(outline, whole[0], whole[-1], whole)
    alike = _alike(outline, chosen, whole)
    if sum(len(runs[i].text) for i in alike) >= max(have, 1):
        return _span(outline, min(*alike, *chosen), max(*alike, *chosen), whole)
    return list(chosen)


def _span(outline: Outline, first: int, last: int, prose_lines: Sequence[int]) -> list[int]:
    trusted = judge(outline, [outline.runs[i] for i in prose_lines])
    return [i for i in range(first, last + 1) if trusted.reason(outline.runs[i]) is None]


def _alike(outline: Outline, chosen: Collection[int], whole: Sequence[int]) -> list[int]:
    """Paragraphs that stand in the same kind of element, as deep, below a common container, and were not chosen."""
    runs = outline.runs
    shapes = Counter[tuple[str, int]]()
    for i in chosen:
        if is_prose(runs[i]):
            shapes[runs[i].tag, runs[i].depth] += len(runs[i].text)
    if not shapes:
        return []
    shape = max(shapes, key=lambda s: shapes[s])
    around = {number for i in chosen for number in runs[i].path[:-2]}
    have = set(chosen)
    return [
        i
        for i in whole
        if i not in have and (runs[i].tag, runs[i].depth) == shape and not around.isdisjoint(runs[i].path[:-2])
    ]


def headings(outline: Outline, chosen: Sequence[int]) -> list[int]:
    """Headings that were not chosen though the paragraph right below each was, and it stands inside the article."""
    have = set(chosen)
    runs = outline.runs
    return [
        i - 1
        for i in chosen[1:]
        if i - 1 not in have
        and runs[i - 1].tag in _SUBHEADINGS
        and not (runs[i - 1].labels or runs[i - 1].linked)
        and is_prose(runs[i])
    ]


def between(outline: Outline, chosen: Sequence[int], whole: Sequence[int]) -> list[int]:
    """Paragraphs that were not chosen though they stand between others that were, in the very same element."""
    runs, have = outline.runs, set(chosen)
    if not chosen:
        return []
    parents = Counter(runs[i].path[-2] for i in chosen if len(runs[i].path) > 1 and is_prose(runs[i]))
    homes = {number for number, count in parents.items() if count > 1}
    return [
        i
        for i in whole
        if chosen[0] < i < chosen[-1]
        and i not in have
        and not homes.isdisjoint(runs[i].path[-2:])
        and not runs[i].text.startswith("http")
    ]


def heading(outline: Outline, chosen: Sequence[int], titles: Collection[str]) -> int:
    """The line that shows the title above the first paragraph chosen, or -1."""
    runs = outline.runs
    first = next((i for i in chosen if is_prose(runs[i])), 0)
    return next((i for i in range(first - 1, -1, -1) if runs[i].tag in _HEADINGS and key(runs[i].text) in titles), -1)


def standfirst(outline: Outline, chosen: Sequence[int], titles: Collection[str], description: str) -> int | None:
    """The line that introduces the article and stands apart before it: by its name, or as the page's description.

    Looked for between the title, where that is shown, and the first paragraph that was chosen.
    """
    runs = outline.runs
    first = next((i for i in chosen if is_prose(runs[i])), None)
    if first is None:
        return None
    wanted = key(description.rstrip(".… "))
    start = heading(outline, chosen, titles)
    trusted = judge(outline, [runs[i] for i in chosen])
    fallback = None
    for index in range(start if start >= 0 else max(0, first - _ABOVE), first + 1):
        run = runs[index]
        if len(run.text) not in _INTRODUCTION or run.linked > 0.5 * len(run.text) or key(run.text) in titles:
            continue
        if trusted.reason(run) == "caption":  # a description is often that of the picture
            continue
        words = key(run.text)
        if wanted and len(wanted) >= 40 and (words.startswith(wanted[:200]) or wanted.startswith(words)):
            return index
        if run.standfirst and start >= 0 and fallback is None:
            fallback = index
    return fallback
