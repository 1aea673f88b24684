"""Ledger: what readers were already told, and whether a story is new to them, a repeat, or an update.

The rule. A story is *told* when it shares an article with a told story, or when grouping, looking at titles and leads
alone, would put both into one story. A told story comes back only as an *update*, and only when its leading article is
newer than the telling and says something that the telling did not: a changed figure, or enough new words in the title
(names and figures count double). Anything else is a repeat. In doubt it is a repeat: readers forgive a late detail
sooner than the same news twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

from digest.compose.edition import EditionStory
from digest.compose.grouping import Document, cluster
from digest.compose.story import Story, document, moment
from digest.text.stem import stem

#: An update needs this much that is new: a changed figure counts 2, a new name or figure in the title 1, another word
#: in the title one half.
NEWS: Final = 2.0

_WORD: Final = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Told:
    """One story as it was printed. `at` is the edition's send time (aware); `fingerprint` its words by stem."""

    edition_id: str
    at: datetime
    key: str
    article_keys: tuple[str, ...]
    title: str
    lead: str
    fingerprint: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """'new', 'repeat' or 'update', the reason in one line, and the telling it was compared with."""

    kind: Literal["new", "repeat", "update"]
    reason: str
    told: Told | None = None


def remember(story: EditionStory, edition_id: str, at: datetime) -> Told:
    """What the ledger keeps of a printed story."""
    words = _WORD.findall(f"{story.title} {story.lead}")
    return Told(
        edition_id=edition_id,
        at=at,
        key=story.key,
        article_keys=story.article_keys or (story.url,),
        title=story.title,
        lead=story.lead,
        fingerprint=tuple(sorted({stem(word, story.language) for word in words})),
        language=story.language,
    )


def judge(story: Story, told: Sequence[Told]) -> Verdict:
    """Whether readers who had all of `told` know this story. For many stories use `judge_all`, which weighs better."""
    return judge_all([story], told)[story.key]


def judge_all(stories: Sequence[Story], told: Sequence[Told]) -> Mapping[str, Verdict]:
    """The verdict on every story, by its key; the batch as a whole says which words matter."""
    same = _alike(stories, told)
    return {story.key: _verdict(story, same[i]) for i, story in enumerate(stories)}


def _alike(stories: Sequence[Story], told: Sequence[Told]) -> list[list[Told]]:
    """For each story the tellings of it, the latest last."""
    old = [Document(t.edition_id + t.key, t.title, t.lead, t.at, t.language) for t in told]
    group_of = {i: n for n, group in enumerate(cluster([*old, *(document(s.best) for s in stories)])) for i in group}
    keys = [{c.key for c in story.candidates} for story in stories]
    return [
        sorted(
            (
                t
                for j, t in enumerate(told)
                if group_of[j] == group_of[len(told) + i] or not keys[i].isdisjoint(t.article_keys)
            ),
            key=lambda t: (t.at, t.edition_id, t.key),
        )
        for i in range(len(stories))
    ]


def _verdict(story: Story, tellings: Sequence[Told]) -> Verdict:
    if not tellings:
        return Verdict("new", "not told before")
    last = tellings[-1]
    where = f"told in {last.edition_id} as '{last.title}'"
    if any(story.best.key in t.article_keys for t in tellings):
        return Verdict("repeat", f"{where}: the same article", last)
    if moment(story.best) <= last.at:
        return Verdict("repeat", f"{where}: no newer article leads it", last)
    points, facts = news(story, tellings)
    if points < NEWS:
        return Verdict("repeat", f"{where}: nothing new" + (f" but {', '.join(facts)}" if facts else ""), last)
    return Verdict("update", f"{where}; new: {', '.join(facts)}", last)


def news(story: Story, tellings: Sequence[Told]) -> tuple[float, tuple[str, ...]]:
    """How much the story's title and lead say that none of `tellings` said, in points, and what that is."""
    article = story.best.article
    known = {word for t in tellings for word in t.fingerprint}
    figures = _figures(f"{article.title}. {article.lead.text}", article.language)
    before = _figures(". ".join(f"{t.title}. {t.lead}" for t in tellings), article.language)
    points, facts, counted = 0.0, [], set()
    for what, values in figures.items():
        if what in before and not values & before[what]:
            points += 2
            facts.append(f"{'/'.join(sorted(before[what]))} → {'/'.join(sorted(values))} {what}")
            counted |= values
    for word in dict.fromkeys(_WORD.findall(article.title)):
        root = stem(word, article.language)
        if root in known or word in counted or (len(root) < 3 and not word[0].isdigit()):
            continue
        points += 1 if word[0].isdigit() or word[0].isupper() else 0.5
        facts.append(f"'{word}'")
    return points, tuple(facts)


def _figures(text: str, language: str) -> dict[str, set[str]]:
    """Numbers by the stem of the word that follows them: '12 morts' -> {'mort': {'12'}}."""
    words = _WORD.findall(text)
    found: dict[str, set[str]] = {}
    for number, word in pairwise(words):
        if number[0].isdigit() and not word[0].isdigit():
            found.setdefault(stem(word, language), set()).add(number)
    return found
