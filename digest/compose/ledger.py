"""Ledger: what readers were already told, and whether a story is new to them, a repeat, or an update.

The rule. A story was *told* when one of its articles was printed before, or when a printed title and lead tell its
event as grouping sees it; each telling belongs to the one story of today that is most like it. A told story comes back
only as an *update*: when one of its articles is newer than the last telling and says what no telling did. That is a
count that changed ('12 dead', now '17 dead'), the next in a row ('second debate' after 'first debate'), or enough that
is new in both its title and its opening: figures, names and other words, in this order of worth; a word that no other
article has counts half: it may be one outlet's angle. New words in the title alone are another editor's style, not
news. The article with the most news then leads the story. In doubt it is a repeat: readers forgive a late detail sooner
than the same news twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from digest.compose.edition import EditionStory
from digest.compose.events.contradiction import Facts, facts, ranked
from digest.compose.events.grouping import Document, match, opening, terms, tokens
from digest.compose.story import Candidate, Story, document, moment
from digest.text.stem import stem
from digest.text.token import LETTERS
from digest.text.words import words

#: How alike a telling and a story must be (see `linkage.ALIKE`); more than within a batch, since a false repeat costs
#: readers the story, and a missed one only their patience.
TOLD: Final = 0.26
#: So many articles of a story are compared with the tellings, its best ones.
COMPARED: Final = 4
#: And so many are read for news.
READ: Final = 30
#: An update needs so many points.
NEWS: Final = 2.5
#: A changed count is news by itself; a changed measure ('2.4 percent') is often another measure.
COUNT: Final = 2.5
MEASURE: Final = 1.0
FIGURE: Final = 1.5
NAME: Final = 1.0
WORD: Final = 0.5

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

#: A word after another word or a comma: not the first of its sentence.
_INSIDE: Final = re.compile(rf"(?<=[\w,;’'] )({LETTERS})")


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """'new', 'repeat' or 'update', the reason in one line, and the latest telling.

    `leads` is the key of the article that has an update's news ("" for others); see `story.led_by`.
    """

    kind: Literal["new", "repeat", "update"]
    reason: str
    told: Told | None = None
    leads: str = ""


def remember(story: EditionStory, edition_id: str, at: datetime) -> Told:
    """What the ledger keeps of a story printed in an edition that is sent at `at` (aware)."""
    said = tokens(f"{story.title} {story.lead} {story.note}")
    return Told(
        edition_id=edition_id,
        at=at,
        key=story.key,
        article_keys=tuple(sorted({story.url, *story.article_keys})),
        title=story.title,
        lead=story.lead,
        fingerprint=tuple(sorted({stem(word, story.language) for word in said})),
        language=story.language,
        url=story.url,
        outlet=story.outlet,
    )


def judge(story: Story, told: Sequence[Told]) -> Verdict:
    """Whether readers who had all of `told` know this story. `judge_all` weighs several stories better."""
    return judge_all([story], told)[story.key]


def judge_all(stories: Sequence[Story], told: Sequence[Told]) -> Mapping[str, Verdict]:
    """The verdict on every story, by its key. The stories are taken for different events."""
    tellings: list[list[Told]] = [[] for _ in stories]
    place = {candidate.key: number for number, story in enumerate(stories) for candidate in story.candidates}
    unplaced = []
    for telling in told:
        numbers = {place[key] for key in telling.article_keys if key in place}
        for number in numbers:
            tellings[number].append(telling)
        if not numbers:
            unplaced.append(telling)
    texts = [Document(f"{t.edition_id} {t.key}", t.title, t.lead, t.at, t.language, t.url, t.outlet) for t in unplaced]
    compared = [[document(candidate) for candidate in story.candidates[:COMPARED]] for story in stories]
    for telling, found in zip(unplaced, match(compared, texts, TOLD), strict=True):
        if found is not None:
            tellings[found].append(telling)
    return {
        story.key: _verdict(story, sorted(tellings[number], key=lambda t: (t.at, t.edition_id, t.key)))
        for number, story in enumerate(stories)
    }


def _verdict(story: Story, tellings: Sequence[Told]) -> Verdict:
    """The verdict on a story with the tellings of it, the latest last."""
    if not tellings:
        return Verdict("new", "not told before")
    last = tellings[-1]
    where = f"told in {last.edition_id} as '{last.title}'"
    printed = {key for telling in tellings for key in telling.article_keys}
    later = [c for c in story.candidates[:READ] if c.key not in printed and moment(c) > last.at]
    if not later:
        return Verdict("repeat", f"{where}: no newer article", last)
    said = {c.key: _said(c) for c in later}
    weighed = [
        (news(c, tellings, frozenset().union(*(words for key, words in said.items() if key != c.key))), c)
        for c in later
    ]
    (points, found), best = max(weighed, key=lambda w: w[0][0])  # the first of equals: the best article
    if points < NEWS:
        return Verdict("repeat", f"{where}: {'only ' + ', '.join(found) if found else 'nothing'} new since", last)
    return Verdict("update", f"{where}; new since: {', '.join(found)}", last, best.key)


def news(
    candidate: Candidate, tellings: Sequence[Told], elsewhere: frozenset[str] = frozenset()
) -> tuple[float, tuple[str, ...]]:
    """How much an article says that none of `tellings` did, in points, and what that is, in words.

    `elsewhere` are the stems of what other articles of its story say.
    """
    article = candidate.article
    language = article.language
    known = {word for telling in tellings for word in telling.fingerprint}
    function = words(language).function
    points, found = _changed(_facts(f"{article.title} . {article.lead.text}", language), tellings)
    if followed := _followed(ranked(tokens(article.title), language), tellings):
        points, found = points + COUNT, [*found, *followed]
    text = opening(document(candidate))
    body, names = {stem(token, language) for token in tokens(text)}, _names(text, language)
    for token in dict.fromkeys(tokens(article.title)):
        root = stem(token, language)
        if root in known or root not in body or len(root) < 2 or token.lower() in function:
            continue
        if token[0].isdigit():
            points += FIGURE
        else:
            points += (NAME if root in names else WORD) * (1.0 if root in elsewhere else 0.5)
        found.append(f"'{token}'")
    return points, tuple(found)


def _said(candidate: Candidate) -> frozenset[str]:
    """The stems of an article's title and opening."""
    return frozenset(terms(document(candidate)))


def _names(text: str, language: str) -> set[str]:
    """Stems that have a capital inside a sentence, in languages where that marks a name (titles may have them all)."""
    if words(language).capitals:
        return set()
    return {stem(m[1], language) for m in _INSIDE.finditer(text) if m[1][0].isupper()}


def _changed(now: Facts, tellings: Sequence[Told]) -> tuple[float, list[str]]:
    """Points and words for figures that say another number of the same thing than every telling did."""
    before: dict[str, set[str]] = {}
    for telling in tellings:
        for what, numbers in _facts(f"{telling.title} . {telling.lead}", telling.language).counted.items():
            before.setdefault(what, set()).update(numbers)
    points, found = 0.0, []
    for what, numbers in now.counted.items():
        if what in before and numbers.isdisjoint(before[what]):
            points += (
                MEASURE if what.startswith(_SCALE) or not all(n.isdigit() for n in numbers | before[what]) else COUNT
            )
            found.append(f"{'/'.join(sorted(before[what]))} → {'/'.join(sorted(numbers))} ({what})")
    return points, found


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
