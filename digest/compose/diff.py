"""Changes between two contents of one edition, in an editor's terms. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from digest.compose.edition import Edition, EditionStory

Kind = Literal["added", "dropped", "moved", "retitled", "rewritten", "noted", "subject", "note"]


@dataclass(frozen=True, slots=True)
class Changed:
    """One change. `story` is the key of the story ("" for the whole edition), `title` its title now (or last).

    `before` and `after` are the texts, or for a move the places: 'World 2'.
    """

    kind: Kind
    story: str
    title: str
    before: str = ""
    after: str = ""


def difference(before: Edition, after: Edition) -> tuple[Changed, ...]:
    """Return the changes from one content to the other: dropped, added, moved and rewritten stories.

    A story moved when its section changed, or its order among the remaining stories. A new order is described with
    the fewest moves.
    """
    was, now = _placed(before), _placed(after)
    changes = [Changed("dropped", key, story.title, place) for key, (story, place) in was.items() if key not in now]
    changes += [Changed("added", key, story.title, "", place) for key, (story, place) in now.items() if key not in was]
    changes += [
        Changed("moved", key, now[key][0].title, was[key][1], now[key][1]) for key in _moved(before, after, was, now)
    ]
    for key in was:
        if key in now:
            changes += _rewritten(was[key][0], now[key][0])
    if before.subject != after.subject:
        changes.append(Changed("subject", "", after.title, before.subject, after.subject))
    if before.note != after.note:
        changes.append(Changed("note", "", after.title, before.note, after.note))
    return tuple(changes)


def _placed(edition: Edition) -> dict[str, tuple[EditionStory, str]]:
    """Return each story with its place in words, by key, in reading order."""
    return {
        story.key: (story, f"{section.title} {number}")
        for section in edition.sections
        for number, story in enumerate(section.stories, 1)
    }


def _rewritten(was: EditionStory, now: EditionStory) -> Iterator[Changed]:
    texts: tuple[tuple[Kind, str, str], ...] = (
        ("retitled", was.title, now.title),
        ("rewritten", was.lead, now.lead),
        ("noted", was.note, now.note),
    )
    for kind, old, new in texts:
        if old != new:
            yield Changed(kind, now.key, now.title, old, new)


def _moved(
    before: Edition,
    after: Edition,
    was: dict[str, tuple[EditionStory, str]],
    now: dict[str, tuple[EditionStory, str]],
) -> list[str]:
    home = {story.key: section.topic for section in before.sections for story in section.stories}
    moved = []
    for section in after.sections:
        stayed = [story.key for story in section.stories if home.get(story.key) == section.topic]
        order = [key for key in was if key in set(stayed)]
        unmoved = _longest_rise([order.index(key) for key in stayed])
        moved += [key for number, key in enumerate(stayed) if number not in unmoved]
        moved += [story.key for story in section.stories if home.get(story.key, section.topic) != section.topic]
    return [key for key in now if key in set(moved)] + _sections_moved(before, after, set(moved))


def _sections_moved(before: Edition, after: Edition, moved: set[str]) -> list[str]:
    """Return the first story of each section that moved."""
    old = [section.topic for section in before.sections]
    remaining = [section for section in after.sections if section.topic in old]
    rise = _longest_rise([old.index(section.topic) for section in remaining])
    moved_keys = [
        section.stories[0].key for number, section in enumerate(remaining) if number not in rise and section.stories
    ]
    here = {story.key for story in before.stories}
    return [key for key in moved_keys if key not in moved and key in here]


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return the positions of a longest increasing subsequence of `numbers` (patience sorting)."""
    tops: list[int] = []
    ends: list[int] = []
    previous: list[int] = []
    for position, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        previous.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        ends[pile : pile + 1] = [position]
    positions: set[int] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        positions.add(at)
        at = previous[at]
    return positions
