"""Select the lines of the article: complete and check a library's selection with the markup of the page. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from digest.collect.extract.lines import PageLines, TextLine
from digest.collect.extract.phrases import key
from digest.collect.extract.prose import is_prose as prose_text

_HEADINGS = frozenset(("h1", "h2"))
_SUBHEADINGS = frozenset(("h2", "h3", "h4"))
_NO_PROSE = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "pre", "option", "title"))
_BELIEVED = 0.2  # a label on more than this share of the article is wrong
_BEFORE_COMMENTS = 400  # characters of prose after which a label of comments is always right
_SECTION = 0.35  # a selection with less than this share of the page's prose may be one section
_NEAR = 5  # containers of a line in which sections of one article may stand
_BOXES = frozenset(("related", "newsletter", "share", "advertisement", "consent"))  # reasons that wrappers have too
_WRAPPED = 8  # maximum lines of such a wrapper; `judge` weighs a larger one
_COMMON_WORDS = 2  # minimum words of the title in an opening paragraph
_ABOVE = 60  # lines above the first paragraph that are searched when the title is not shown
_INTRODUCTION = range(40, 900)  # characters of a standfirst


def is_prose(line: TextLine) -> bool:
    """Return whether a line of a page reads like a paragraph."""
    return line.tag not in _NO_PROSE and prose_text(line.text, line.linked / len(line.text))


@dataclass(frozen=True, slots=True)
class Judge:
    """The trusted labels of a page: those that do not cover a large part of its prose or of the selection."""

    page: PageLines
    doubted: frozenset[str]  # reasons that are not trusted

    def reason(self, line: TextLine) -> str | None:
        """Return the reason from the markup why a line is not part of the article, from strong labels only."""
        for index in line.labels:
            label = self.page.labels[index]
            if label.reason not in self.doubted and label.strong:
                return label.reason
        return None

    def hint(self, line: TextLine) -> str | None:
        """Return the reason of the innermost label, strong or weak."""
        for index in reversed(line.labels):
            if (label := self.page.labels[index]).reason not in self.doubted:
                return label.reason
        return None


def judge(page: PageLines, lines: Iterable[TextLine]) -> Judge:
    """Return the judge of a page, given lines that are mostly article."""
    covered: Counter[str] = Counter()
    total, unlabelled = 1, 0
    for line in lines:
        reasons = {page.labels[i].reason for i in line.labels if page.labels[i].strong}
        if "comments" in reasons and unlabelled >= _BEFORE_COMMENTS:
            continue
        total += len(line.text)
        unlabelled += len(line.text) if is_prose(line) and not reasons else 0
        covered.update(dict.fromkeys(reasons, len(line.text)))
    return Judge(page, frozenset(reason for reason, size in covered.items() if size > _BELIEVED * total))


def unlabel_opening(page: PageLines, titles: Collection[str]) -> list[int]:
    """Return the first paragraphs below the title that are labelled but about it, after removing their labels.

    A class such as 'newsletter-above' may be that of the text's own wrapper. A box between title and text has links or
    another subject.
    """
    lines = page.lines
    head = next((i for i, line in enumerate(lines) if line.tag in _HEADINGS and key(line.text) in titles), -1)
    below = (i for i in range(head + 1, len(lines)) if is_prose(lines[i])) if head >= 0 else ()
    subject = {word for word in key(lines[head].text).split() if len(word) > 3} if head >= 0 else set()
    opening = [i for i in islice(below, 2) if not lines[i].linked and _is_mislabelled(page, lines[i])]
    opening = [i for i in opening if len(subject & set(key(lines[i].text).split())) >= _COMMON_WORDS]
    if not opening:
        return []
    wrong = {label for i in opening for label in lines[i].labels}
    covered = [i for i, line in enumerate(lines) if not wrong.isdisjoint(line.labels)]
    if len(covered) > _WRAPPED:
        return []
    for i in covered:
        lines[i].labels = tuple(label for label in lines[i].labels if label not in wrong)
    return [i for i in covered if is_prose(lines[i])]


def _is_mislabelled(page: PageLines, line: TextLine) -> bool:
    reasons = {page.labels[i].reason for i in line.labels if page.labels[i].strong}
    return bool(reasons) and reasons <= _BOXES


def prose(page: PageLines) -> list[int]:
    """Return every paragraph of the page without a trusted label."""
    lines = [i for i, line in enumerate(page.lines) if is_prose(line)]
    trusted = judge(page, [page.lines[i] for i in lines])
    return [i for i in lines if trusted.reason(page.lines[i]) is None]


def size(page: PageLines, lines: Iterable[int]) -> int:
    """Return the number of characters of prose in some lines."""
    return sum(len(page.lines[i].text) for i in lines if is_prose(page.lines[i]))


def widen(page: PageLines, chosen: Sequence[int], whole: Sequence[int]) -> list[int]:
    """Return the selection, extended to all sections of the article if it contains only one of them.

    Page builders wrap every few paragraphs in a section of their own, and an extraction by containers takes one of
    them. That is assumed if it omits most of the page's prose, and either more prose stands *before* it (prose after it
    may be comments), or as much stands in elements of the same shape beside it. An empty selection becomes all prose.
    """
    lines = page.lines
    have = size(page, chosen)
    most = sum(len(lines[i].text) for i in whole)
    if not whole or have >= _SECTION * most:
        return list(chosen)
    if chosen and not have and most > sum(len(lines[i].text) for i in chosen):
        return _span(page, whole[0], whole[-1], whole)  # only short lines: a box beside a short article
    start = chosen[0] if chosen else len(lines)
    if sum(len(lines[i].text) for i in whole if i < start) >= max(have, 1):
        return _span(page, whole[0], whole[-1], whole)
    alike = _alike(page, chosen, whole)
    if sum(len(lines[i].text) for i in alike) >= max(have, 1):
        return _span(page, min(*alike, *chosen), max(*alike, *chosen), whole)
    return list(chosen)


def _span(page: PageLines, first: int, last: int, prose_lines: Sequence[int]) -> list[int]:
    trusted = judge(page, [page.lines[i] for i in prose_lines])
    return [i for i in range(first, last + 1) if trusted.reason(page.lines[i]) is None]


def _alike(page: PageLines, chosen: Collection[int], whole: Sequence[int]) -> list[int]:
    """Return unselected paragraphs in the same kind of element, at the same depth, below a common container."""
    lines = page.lines
    shapes = Counter[tuple[str, int]]()
    for i in chosen:
        if is_prose(lines[i]):
            shapes[lines[i].tag, lines[i].depth] += len(lines[i].text)
    if not shapes:
        return []
    shape = max(shapes, key=lambda s: shapes[s])
    around = {number for i in chosen for number in lines[i].path[-_NEAR:-2]}
    have = set(chosen)
    return [
        i
        for i in whole
        if i not in have and (lines[i].tag, lines[i].depth) == shape and not around.isdisjoint(lines[i].path[-_NEAR:-2])
    ]


def restore(page: PageLines, chosen: Sequence[int], whole: Sequence[int]) -> list[int]:
    """Return unselected paragraphs before the end that were omitted for a label that is not trusted."""
    lines, have = page.lines, set(chosen)
    shapes = {(lines[i].tag, lines[i].depth) for i in chosen if is_prose(lines[i])}
    around = {number for i in chosen for number in lines[i].path[-_NEAR:-2]}
    return [
        i
        for i in whole
        if i not in have
        and i < chosen[-1]
        and (lines[i].tag, lines[i].depth) in shapes
        and any(page.labels[label].strong for label in lines[i].labels)
        and not around.isdisjoint(lines[i].path[-_NEAR:-2])
    ]


def headings(page: PageLines, chosen: Sequence[int]) -> list[int]:
    """Return unselected headings inside the article whose next paragraph is selected."""
    have = set(chosen)
    lines = page.lines
    return [
        i - 1
        for i in chosen[1:]
        if i - 1 not in have
        and lines[i - 1].tag in _SUBHEADINGS
        and not (lines[i - 1].labels or lines[i - 1].linked)
        and is_prose(lines[i])
    ]


def between(page: PageLines, chosen: Sequence[int], whole: Sequence[int]) -> list[int]:
    """Return unselected paragraphs between selected ones in the same element."""
    lines, have = page.lines, set(chosen)
    if not chosen:
        return []
    parents = Counter(lines[i].path[-2] for i in chosen if len(lines[i].path) > 1 and is_prose(lines[i]))
    containers = {number for number, count in parents.items() if count > 1}
    return [
        i
        for i in whole
        if chosen[0] < i < chosen[-1]
        and i not in have
        and not containers.isdisjoint(lines[i].path[-2:])
        and not lines[i].text.startswith("http")
    ]


def heading(page: PageLines, chosen: Sequence[int], titles: Collection[str]) -> int:
    """Return the line of the title above the first selected paragraph, or -1."""
    lines = page.lines
    first = next((i for i in chosen if is_prose(lines[i])), 0)
    return next((i for i in range(first - 1, -1, -1) if lines[i].tag in _HEADINGS and key(lines[i].text) in titles), -1)


def standfirst(page: PageLines, chosen: Sequence[int], titles: Collection[str], description: str) -> int | None:
    """Return the line of the standfirst, known by its class or because it is the page's description, or None.

    It stands between the title, where that is shown, and the first selected paragraph.
    """
    lines = page.lines
    first = next((i for i in chosen if is_prose(lines[i])), None)
    if first is None:
        return None
    summary_key = key(description.rstrip(".… "))
    start = heading(page, chosen, titles)
    trusted = judge(page, [lines[i] for i in chosen])
    fallback = None
    for index in range(start if start >= 0 else max(0, first - _ABOVE), first + 1):
        line = lines[index]
        if len(line.text) not in _INTRODUCTION or line.linked > 0.5 * len(line.text) or key(line.text) in titles:
            continue
        if trusted.reason(line) == "caption":  # a description is often that of the picture
            continue
        words = key(line.text)
        if (
            summary_key
            and len(summary_key) >= 40
            and (words.startswith(summary_key[:200]) or summary_key.startswith(words))
        ):
            return index
        if line.standfirst and start >= 0 and fallback is None:
            fallback = index
    return fallback
