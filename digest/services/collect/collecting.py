"""Collecting: poll the feeds that are due and read their new articles; forget old texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from digest import process
from digest.errors import SettingsError
from digest.services.collect import collect_feeds
from digest.services.collect.collect_feeds import Collected, RoundOptions
from digest.services.collect.fetcher import Fetcher
from digest.services.context import Context, Progress, silent
from digest.services.newsletters import newsletter_keys, topics_of_feeds

if TYPE_CHECKING:
    from digest.collect.article import Article
    from digest.store.retention import PruneCounts

#: Articles are kept this much longer than newsletters may choose them.
SPARE: Final = timedelta(days=3)


class Collecting:
    """Polls feeds, reads their articles, and forgets old ones."""

    def __init__(self, context: Context, fetcher: Fetcher) -> None:
        self._context, self._fetcher = context, fetcher
        self._settings, self._store = context.settings, context.store

    def has_feeds(self) -> bool:
        """Whether the settings name any feed."""
        return bool(topics_of_feeds(self._settings))

    def collect(self, newsletter: str | None = None, *, forced: bool = False, progress: Progress = silent) -> Collected:
        """Poll the feeds that are due (`forced`: all) and read what is new. Raises SettingsError without any feed."""
        urls = topics_of_feeds(self._settings, newsletter)
        if not urls:
            raise SettingsError(
                f"{self._settings.path}: no feeds yet", remedy="'digest feeds add https://site --topic TOPIC'"
            )
        every, should_stop = self._settings.collect.every, self._context.stopping.is_set
        with process.run() as name:
            return collect_feeds.collect(
                self._store,
                urls,
                fetch=self._fetcher.feeds,
                parse=self._fetcher.parsed,
                read=self._fetcher.articles,
                now=self._context.clock(),
                day_start=self._day_start(newsletter),
                options=RoundOptions(every, forced, should_stop, owner=name, is_gone=process.is_gone),
                progress=progress,
            )

    def _day_start(self, newsletter: str | None) -> datetime:
        """Midnight in the newsletter's zone, or the earliest of all newsletters' midnights."""
        keys = newsletter_keys(self._settings, newsletter)
        zones = {self._settings.newsletters[key].zone for key in keys} or {ZoneInfo("UTC")}
        now = self._context.clock()
        return min(datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC) for zone in zones)

    def articles(self) -> Sequence[Article]:
        """Return every article that the store has of the settings' feeds, oldest first."""
        feeds = list(topics_of_feeds(self._settings))
        until = self._context.clock() + timedelta(days=1)
        pairs = self._store.articles.candidates(feeds, datetime.min.replace(tzinfo=UTC), until)
        return [article for _, article in pairs]

    def prune(self) -> PruneCounts:
        """Forget the texts of articles older than `collect.keep`; return how many entries and articles that were.

        Articles that a coming edition may still choose stay, whatever `keep` says; editions and the ledger hold copies.
        """
        ages = (newsletter.max_age for newsletter in self._settings.newsletters.values())
        needed = max(ages, default=timedelta(0)) + SPARE
        return self._store.retention.prune(self._context.clock() - max(self._settings.collect.keep, needed))
