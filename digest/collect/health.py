"""Feed health: where a feed or site differs from its own history. Pure.

Editors learn before the cut-off of a feed that is silent, fails, is gone, sends no dates, or brought so many entries at
once that its ids must have changed, and of a site that shows a consent wall in place of its articles.
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
from digest.errors import Finding

#: Share of undated entries from which a feed is reported.
UNDATED: Final = 0.5
#: Minimum number and share of a host's articles that fail for one reason, for the host to be reported.
WALLED: Final = 3
WALLED_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Issue:
    """One difference from the expected. `source` is a feed's address or a host.

    `words` describe it in English. Translations use the values: `number` (of failures, or of articles out of `total`),
    `seconds` of silence and `usual` ones, the `share` without dates, and the error text as `detail`.
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
        """Whether the next edition may miss articles because of it."""
        return self.kind not in ("undated", "broken")

    def finding(self) -> Finding:
        """Return it as a finding of `digest check`."""
        return Finding("feeds", f"{self.source}: {self.words}", self.remedy, "error" if self.grave else "warning")

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.source}: {self.words}"


def issues(feed: Feed, now: datetime) -> tuple[Issue, ...]:
    """Return the issues of one feed, the worst first; none for a feed that was never polled."""
    url = feed.url
    if feed.state == "gone":
        return (Issue(url, "gone", "gone for good", f"digest feeds remove {url}", grave=True),)
    found = []
    if feed.failures:
        times = "once" if feed.failures == 1 else f"{feed.failures} times in a row"
        words = f"failed {times}: {feed.last_error}"
        found.append(
            Issue(url, "failing", words, f"digest feeds test {url}", number=feed.failures, detail=feed.last_error)
        )
    if feed.state == "flooded":
        words = "brought far more at once than ever: its ids may have changed, and the new entries are held"
        found.append(Issue(url, "flood", words, f"digest feeds release {url}, or the same with --drop"))
    if quiet := silence(feed, now):
        words = f"silent for {span(quiet.seconds)}, usually {span(quiet.usual)}"
        remedy = "look whether the site still publishes"
        found.append(Issue(url, "silent", words, remedy, seconds=quiet.seconds, usual=quiet.usual))
    if feed.undated > UNDATED:
        words = f"{feed.undated:.0%} of its entries have no date"
        found.append(Issue(url, "undated", words, "they count from first seen", share=feed.undated))
    if feed.problem:
        found.append(Issue(url, "broken", feed.problem, f"digest feeds test {url}", detail=feed.problem))
    return tuple(found)


def unread(articles: Iterable[Article]) -> tuple[Issue, ...]:
    """Return hosts most of whose articles could not be read for the same reason (such as a consent wall)."""
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
            found.append(Issue(host, "unread", words, remedy, number=number, total=total[host], detail=reason))
    return tuple(found)


def span(seconds: float) -> str:
    """Return a duration in its greatest unit: 20 min, 9 h, 3 d."""
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(seconds / 86_400)} d"
