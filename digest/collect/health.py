"""Contract: what a source's own history lets us expect of it, and where it fails to. Pure.

Told before the cut-off, so that somebody can act: a feed that fell silent, fails, is gone, sends no dates, or brought
so much at once that its ids must have changed; a site that shows a consent wall in place of its articles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from digest.collect.article import Article
from digest.collect.feed import Feed, silence

#: With a greater share of undated entries a feed is told of.
UNDATED: Final = 0.5
#: So many articles of one host, and this share of what it brought, are no accident of one page.
WALLED: Final = 3
WALLED_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Breach:
    """One thing that a source does otherwise than expected. `source` is a feed's address or a host.

    `words` say it in English. For other languages there is what they are made of: `number` (of failures, or of articles
    out of `total`), `seconds` of silence and `usual` ones, the `share` without dates, and what others said as `detail`.
    """

    source: str
    kind: Literal["gone", "failing", "flood", "silent", "undated", "broken", "unread"]
    words: str
    remedy: str
    grave: bool = False
    number: int = 0
    total: int = 0
    seconds: float = 0.0
    usual: float = 0.0
    share: float = 0.0
    detail: str = ""

    @property
    def urgent(self) -> bool:
        """Whether the next edition may miss something by it."""
        return self.kind not in ("undated", "broken")

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.source}: {self.words}"


def breaches(feed: Feed, now: datetime) -> tuple[Breach, ...]:
    """Everything wrong with one feed, the worst first; nothing for a feed never polled yet."""
    url = feed.url
    if feed.state == "gone":
        return (Breach(url, "gone", "gone for good", f"digest feeds remove {url}", grave=True),)
    found = []
    if feed.failures:
        times = "once" if feed.failures == 1 else f"{feed.failures} times in a row"
        words = f"failed {times}: {feed.last_error}"
        found.append(
            Breach(url, "failing", words, f"digest feeds test {url}", number=feed.failures, detail=feed.last_error)
        )
    if feed.state == "flooded":
        words = "brought far more at once than ever: its ids may have changed, and the new entries are held"
        found.append(Breach(url, "flood", words, f"digest feeds release {url}, or the same with --drop"))
    if quiet := silence(feed, now):
        words = f"silent for {span(quiet.seconds)}, usually {span(quiet.usual)}"
        remedy = "look whether the site still publishes"
        found.append(Breach(url, "silent", words, remedy, seconds=quiet.seconds, usual=quiet.usual))
    if feed.undated > UNDATED:
        words = f"{feed.undated:.0%} of its entries have no date"
        found.append(Breach(url, "undated", words, "they count from first seen", share=feed.undated))
    if feed.problem:
        found.append(Breach(url, "broken", feed.problem, f"digest feeds test {url}", detail=feed.problem))
    return tuple(found)


def unread(articles: Iterable[Article]) -> tuple[Breach, ...]:
    """Hosts most of whose articles could not be read for one and the same reason (a consent wall, say)."""
    total: Counter[str] = Counter()
    problems: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for article in articles:
        if host := (urlsplit(article.url).hostname or "").removeprefix("www."):
            total[host] += 1
            if article.problem:
                problems[host][article.problem] += 1
    found = []
    for host, reasons in sorted(problems.items()):
        reason, number = reasons.most_common(1)[0]
        if number >= WALLED and number >= WALLED_SHARE * total[host]:
            words = f"{number} of {total[host]} articles: {reason}"
            remedy = "readers get the feed's own words; see 'digest read URL'"
            found.append(Breach(host, "unread", words, remedy, number=number, total=total[host], detail=reason))
    return tuple(found)


def span(seconds: float) -> str:
    """A length of time in its greatest unit: 20 min, 9 h, 3 d."""
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(seconds / 86_400)} d"
