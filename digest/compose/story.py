"""Story: the articles that tell one event, and how they are found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from digest.collect.article import Article


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
    """One event. `best` leads it, `others` tell it too (best first). `key` is stable while `best` stays the same."""

    key: str
    best: Candidate
    others: tuple[Candidate, ...] = ()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All of its articles, the best first."""
        return (self.best, *self.others)
