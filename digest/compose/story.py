"""Story: the articles that tell one event, and how they are found."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from digest.collect.article import Article
from digest.compose.events.grouping import Document, centrality, cluster, copies
from digest.compose.events.terms import tokens
from digest.text.words import primary


@dataclass(frozen=True, slots=True)
class Candidate:
    """One article offered to an edition, with what its feed told about it.

    `key` is the article's canonical URL (unique); `topics` are the topic keys of the feeds that brought it;
    `first_seen` (aware UTC) is when we met it; `position` its place in the feed; `weight` the feed's weight.
    """

    key: str
    article: Article
    feed_url: str
    outlet: str
    first_seen: datetime
    topics: tuple[str, ...] = ()
    published: datetime | None = None
    position: int = 0
    weight: float = 1.0
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One event. `best` leads it, `others` tell it too (best first). `key` is stable while `best` stays the same.

    `copies` are the keys of those that only repeat another's text, word for word or nearly (agency copies).
    """

    key: str
    best: Candidate
    others: tuple[Candidate, ...] = ()
    copies: frozenset[str] = frozenset()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All of its articles, the best first."""
        return (self.best, *self.others)

    @property
    def outlets(self) -> tuple[str, ...]:
        """Every outlet once, in the order of `candidates`."""
        return tuple(dict.fromkeys(candidate.outlet for candidate in self.candidates))


#: How much of a lead each rung of its ladder is worth, 0 to 1.
RUNG_WORTH: Final = {"editor": 1.0, "page": 1.0, "structured-data": 0.9, "llm": 0.8, "feed-summary": 0.7, "title": 0.0}

#: A lead that begins within so many characters of its text has a dateline, a kicker or the like before it.
DATELINE: Final = 120


def group(candidates: Sequence[Candidate], *, language: str = "") -> list[Story]:
    """The stories that `candidates` tell; each candidate is in exactly one. Languages are grouped apart.

    `language` is the newsletter's (BCP 47): in it a story's best article is looked for first.
    """
    groups = cluster([document(candidate) for candidate in candidates])
    return [story([candidates[i] for i in positions], language=language) for positions in groups]


def document(candidate: Candidate) -> Document:
    """What grouping reads of a candidate: the lead goes before the text, and a sick page's text is not read.

    Nor is the dateline: two reports from one town, or of one agency, need not be of one event.
    """
    article = candidate.article
    lead, chosen = article.lead.text, article.lead.sentences
    rest = "" if article.problem else article.text
    if chosen and 0 < chosen[0].start <= DATELINE and rest.startswith(chosen[0].text, chosen[0].start):
        rest = rest[chosen[0].start :]
    opening = rest if not lead or rest.startswith(lead) else f"{lead}\n\n{rest}"
    return Document(
        id=candidate.key,
        title=article.title,
        text=opening,
        published=moment(candidate),
        language=article.language,
        url=article.url,
        outlet=candidate.outlet,
    )


def story(candidates: Sequence[Candidate], *, language: str = "") -> Story:
    """One story of these candidates (at least one), the best first.

    Original over copy, the newsletter's language over another, then the quality of the lead with the source's weight,
    and how much it tells of the event itself; equals go by who was first.
    """
    copies = _copies(candidates)
    central = _centrality(candidates, copies)

    def worth(candidate: Candidate) -> tuple[bool, float, float, str]:
        article = candidate.article
        value = lead_quality(article) + 0.3 * math.log2(max(candidate.weight, 0.01))
        value += 0.8 * central.get(candidate.key, 1.0)
        value -= 0.4 * (candidate.key in copies) + 0.15 * bool(article.credit)
        foreign = bool(language and article.language) and primary(article.language) != primary(language)
        return foreign, -value, candidate.first_seen.timestamp(), candidate.key

    best, *others = sorted(candidates, key=worth)
    key = hashlib.blake2b(best.key.encode(), digest_size=8).hexdigest()
    return Story(key=key, best=best, others=tuple(others), copies=frozenset(copies - {best.key}))


def led_by(story: Story, key: str) -> Story:
    """The same story led by another of its articles; its own `key` stays. An unknown key changes nothing."""
    best = next((candidate for candidate in story.candidates if candidate.key == key), story.best)
    others = tuple(candidate for candidate in story.candidates if candidate is not best)
    return replace(story, best=best, others=others, copies=story.copies - {best.key})


def moment(candidate: Candidate) -> datetime:
    """When an article counts as published: as its feed says, but an undated or future-dated one when we first saw it.

    'Future' is later than when we saw it: nobody reads an article before it is out.
    """
    if candidate.published is None or candidate.published > candidate.first_seen:
        return candidate.first_seen
    return candidate.published


def lead_quality(article: Article) -> float:
    """How well the article can open a story, 0 (a title alone) to 1 (whole sentences of a healthy page)."""
    words = len(tokens(article.lead.text))
    if not words:
        return 0.0
    worth = RUNG_WORTH[article.lead.rung]
    worth *= min(1.0, words / 15) * (1.0 if words <= 80 else 0.9)
    return worth * (0.6 if article.problem else 1.0)


def _centrality(candidates: Sequence[Candidate], copies: set[str]) -> dict[str, float]:
    """How central each original of a story is, by its key; each language for itself, as words are compared."""
    by_language: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.key not in copies:
            by_language[primary(candidate.article.language)].append(candidate)
    return {
        candidate.key: value
        for told in by_language.values()
        for candidate, value in zip(told, centrality([document(c) for c in told]), strict=True)
    }


def _copies(candidates: Sequence[Candidate]) -> set[str]:
    """Keys of the candidates whose text repeats that of an earlier one."""
    in_time = sorted(candidates, key=lambda c: (moment(c), c.first_seen, c.key))
    first = copies([" ".join(document(candidate).text.split()[:120]) for candidate in in_time])
    return {candidate.key for i, candidate in enumerate(in_time) if first[i] != i}
