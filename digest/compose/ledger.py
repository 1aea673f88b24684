"""Ledger: what readers were already told, and whether a story is new to them, a repeat, or an update.

A story was printed before when one of its articles was, or when there is evidence that an earlier text tells its event
(`events.evidence`); each earlier text belongs to the one story of today that shares most with it. It comes back as an
*update* unless everything in it is plainly contained in what was printed (`novelty`), so that in doubt readers see a
development twice rather than never. The article with most that is new then leads the story. The next part of a
recurring format (`recurring`) is neither update nor repeat.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from digest.compose.edition import EditionStory
from digest.compose.events.contradiction import Facts, facts, ranked
from digest.compose.events.evidence import Profile, features, points, profile
from digest.compose.events.grouping import opening
from digest.compose.events.terms import tokens
from digest.compose.novelty import CONTAINED, novelty
from digest.compose.recurring import Item, is_next_part, same_heading
from digest.compose.story import Candidate, Story, document, moment
from digest.text.stem import stem
from digest.text.words import primary

#: Points of evidence (see `events.evidence`) from which an earlier text is of a story's event, and from which it is
#: so when the story's article is plainly contained in it.
SAME_EVENT: Final = 5.0
CONTAINED_EVENT: Final = -1.0
#: Number of a story's best articles that are compared with the earlier texts.
COMPARED: Final = 4
#: And so many are read for news.
READ: Final = 30
#: A part of a recurring format whose words an earlier part has to this share is that part again.
COPY: Final = 0.75
#: An update with fewer points of novelty is in doubt, and ranked lower.
DOUBT: Final = 1.0
#: An update of a printed edition needs so many points in `overlap`.
NEWS: Final = 0.0

#: What is counted after these is a scale or a unit, and so a measure.
_SCALE: Final = (
    "milli",
    "milia",
    "mrd",
    "mio",
    "billi",
    "bn",
    "trilli",
    "percent",
    "prozent",
    "procent",
    "euro",
    "dollar",
)


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
    url: str = ""  # of the article that was printed
    outlet: str = ""  # its outlet
    text: str = ""  # the openings of the articles that it was printed from


@dataclass(frozen=True, slots=True)
class Verdict:
    """'new', 'repeat' or 'update', the reason in one line, and the latest telling.

    `leads` is the key of the article that has an update's news ("" for others); see `story.led_by`. `recurring` marks
    the next part of a recurring format, `doubtful` an update with little that is new.
    """

    kind: Literal["new", "repeat", "update"]
    reason: str
    told: Told | None = None
    leads: str = ""
    recurring: bool = False
    doubtful: bool = False


def remember(story: EditionStory, edition_id: str, at: datetime, text: str = "") -> Told:
    """What the ledger keeps of a story printed in an edition that is sent at `at` (aware)."""
    printed = tokens(f"{story.title} {story.lead} {story.note}")
    return Told(
        edition_id=edition_id,
        at=at,
        key=story.key,
        article_keys=tuple(sorted({story.url, *story.article_keys})),
        title=story.title,
        lead=story.lead,
        fingerprint=tuple(sorted({stem(word, story.language) for word in printed})),
        language=story.language,
        url=story.url,
        outlet=story.outlet,
        text=text,
    )


def printed_text(story: Story) -> str:
    """Return the titles and openings of a story's articles, which the ledger keeps besides title and lead."""
    documents = [document(candidate) for candidate in story.candidates[:COMPARED]]
    return "\n".join(f"{one.title} . {opening(one)}" for one in documents)


def judge(story: Story, told: Sequence[Told]) -> Verdict:
    """Whether readers who had all of `told` know this story. `judge_all` weighs several stories better."""
    return judge_all([story], told)[story.key]


def judge_all(stories: Sequence[Story], told: Sequence[Told]) -> Mapping[str, Verdict]:
    """The verdict on every story, by its key. The stories are taken for different events."""
    printed: list[list[Told]] = [[] for _ in stories]
    place = {candidate.key: number for number, story in enumerate(stories) for candidate in story.candidates}
    unplaced = []
    for telling in told:
        numbers = {place[key] for key in telling.article_keys if key in place}
        for number in numbers:
            printed[number].append(telling)
        if not numbers:
            unplaced.append(telling)
    parts: list[Told | None] = [None] * len(stories)
    matches = _matches(stories, unplaced)
    for telling, found in zip(unplaced, matches, strict=True):
        for number, value in found:
            if _next_part(stories[number], telling):
                parts[number] = telling
            elif value is not None:
                printed[number].append(telling)
    return {
        story.key: _verdict(story, sorted(printed[number], key=_order), parts[number])
        for number, story in enumerate(stories)
    }


def _order(telling: Told) -> tuple[datetime, str, str]:
    return telling.at, telling.edition_id, telling.key


def _matches(stories: Sequence[Story], told: Sequence[Told]) -> list[list[tuple[int, float | None]]]:
    """For each earlier text the story of its event with the points of evidence; also (number, None) for stories of the
    same outlet, which may be the next part of a recurring format.
    """
    profiles = [[_profile(c) for c in story.candidates[:COMPARED]] for story in stories]
    holders: defaultdict[str, set[int]] = defaultdict(set)
    outlets: defaultdict[str, set[int]] = defaultdict(set)
    for number, story in enumerate(stories):
        for one in profiles[number]:
            for root in {*one.names, *one.rare, *one.numbers}:
                holders[root].add(number)
        outlets[story.best.outlet].add(number)
    spread = Counter({root: len(numbers) for root, numbers in holders.items()})
    found: list[list[tuple[int, float | None]]] = []
    for telling in told:
        language = primary(telling.language)
        earlier = profile(telling.title, telling.text or telling.lead, language)
        near = {
            number for root in {*earlier.names, *earlier.rare, *earlier.numbers} for number in holders.get(root, ())
        }
        best: tuple[float, int] | None = None
        for number in sorted(near):
            value = max(
                (_evidence(one, earlier, spread) for one in profiles[number] if one.language == language), default=-99.0
            )
            if value < CONTAINED_EVENT or (best is not None and value <= best[0]):
                continue
            if value >= SAME_EVENT or _contained(stories[number], [telling]):
                best = (value, number)
        same: list[tuple[int, float | None]] = [(best[1], best[0])] if best is not None else []
        taken = best[1] if best is not None else -1
        found.append(same + [(number, None) for number in sorted(outlets[telling.outlet]) if number != taken])
    return found


def _evidence(one: Profile, other: Profile, spread: Mapping[str, int]) -> float:
    shared = (one.names.keys() | one.rare.keys()) & (other.names.keys() | other.rare.keys())
    return points(features(one, other, {root: spread.get(root, 1) - 1 for root in shared}))


def _profile(candidate: Candidate) -> Profile:
    one = document(candidate)
    return profile(one.title, opening(one), primary(one.language))


def _earlier(tellings: Sequence[Told]) -> list[tuple[str, str]]:
    return [(telling.title, f"{telling.lead} {telling.text}") for telling in tellings]


def _contained(story: Story, tellings: Sequence[Told]) -> bool:
    one = document(story.best)
    return novelty(one.title, opening(one), _earlier(tellings), primary(one.language)).contained


def _next_part(story: Story, telling: Told) -> bool:
    """Whether the story is the next part of the recurring format that an earlier text belongs to."""
    best = document(story.best)
    if len(story.candidates) > 3 or best.outlet != telling.outlet:
        return False
    if story.best.key in telling.article_keys:
        return False
    now = Item(best.outlet, best.title, opening(best), moment(story.best))
    found = novelty(best.title, opening(best), _earlier([telling]), primary(best.language))
    if found.contained and (
        (found.covered > COPY and not found.numbers)
        or not same_heading(best.title, telling.title, primary(best.language))
    ):
        return False
    return is_next_part(
        now, Item(telling.outlet, telling.title, telling.text or telling.lead, telling.at), primary(best.language)
    )


def _verdict(story: Story, tellings: Sequence[Told], part: Told | None) -> Verdict:
    """The verdict on a story with the earlier texts of it, the latest last, and the earlier part of its format."""
    if part is not None:
        return Verdict("new", f"the next part of a recurring format; before: '{part.title}'", part, recurring=True)
    if not tellings:
        return Verdict("new", "not told before")
    last = tellings[-1]
    where = f"told in {last.edition_id} as '{last.title}'"
    printed = {key for telling in tellings for key in telling.article_keys}
    later = [c for c in story.candidates[:READ] if c.key not in printed and moment(c) > last.at]
    if not later:
        return Verdict("repeat", f"{where}: no newer article", last)
    weighed = [(*news(candidate, tellings), candidate) for candidate in later]
    value, found, best = max(weighed, key=lambda w: w[0])  # the first of equals: the best article
    if value < NEWS:
        return Verdict(
            "repeat", f"{where}, which contains it" + (f"; only {', '.join(found)} differs" if found else ""), last
        )
    said = ", ".join(found) or "its wording, so perhaps nothing"
    return Verdict("update", f"{where}; new since: {said}", last, best.key, doubtful=value < DOUBT)


def news(candidate: Candidate, tellings: Sequence[Told]) -> tuple[float, tuple[str, ...]]:
    """How much an article says that none of `tellings` did, in points (0 or more is news), and what that is."""
    one = document(candidate)
    language = primary(one.language)
    found = novelty(one.title, opening(one), _earlier(tellings), language)
    value = found.points - CONTAINED
    changed_points, changed = _changed(_facts(f"{one.title} . {opening(one)}", language), tellings)
    followed = _followed(ranked(tokens(one.title), language), tellings)
    if changed_points or followed:
        value = max(value, 0.0) + 2 * DOUBT
    new = [part for part in found.reason.split(", ") if part]
    return value, (*changed, *followed, *new)


def _changed(now: Facts, tellings: Sequence[Told]) -> tuple[int, list[str]]:
    """How many counts say another number of the same thing than every earlier text did, and these in words.

    A changed measure ('2.4 percent') is often another measure, and does not count.
    """
    before: dict[str, set[str]] = {}
    for telling in tellings:
        for text in (f"{telling.title} . {telling.lead}", telling.text):
            for thing, numbers in _facts(text, primary(telling.language)).counted.items():
                before.setdefault(thing, set()).update(numbers)
    found = []
    for thing, numbers in now.counted.items():
        if thing not in before or thing.startswith(_SCALE) or not numbers.isdisjoint(before[thing]):
            continue
        if all(n.isdigit() for n in numbers | before[thing]):
            found.append(f"{'/'.join(sorted(before[thing]))} → {'/'.join(sorted(numbers))} ({thing})")
    return len(found), found


def _followed(now: Mapping[str, frozenset[str]], tellings: Sequence[Told]) -> list[str]:
    """What a title names as the second or third of what tellings had the first of: a debate, a trial day, a round."""
    before: dict[str, set[str]] = {}
    for telling in tellings:
        for what, numbers in ranked(tokens(f"{telling.title} . {telling.lead}"), telling.language).items():
            before.setdefault(what, set()).update(numbers)
    return [
        f"no. {'/'.join(sorted(numbers))} ({what}) after {'/'.join(sorted(before[what]))}"
        for what, numbers in now.items()
        if what in before and min(map(int, numbers)) > max(map(int, before[what]))
    ]


def _facts(text: str, language: str) -> Facts:
    return facts(text, tokens(text), language)
