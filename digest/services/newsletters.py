"""Newsletters as their settings describe them: calendar, review policy and feeds."""

from __future__ import annotations

from digest.compose.holidays import off_days
from digest.compose.review import Policy
from digest.compose.slot import WEEKDAYS, Calendar, Pause
from digest.errors import SettingsError
from digest.settings import NewsletterSettings, Settings


def newsletter_of(settings: Settings, key: str) -> NewsletterSettings:
    """Return the settings of a newsletter. Raises SettingsError naming those there are."""
    if key not in settings.newsletters:
        known = ", ".join(sorted(settings.newsletters)) or "none yet"
        raise SettingsError(f"there is no newsletter {key!r}", remedy=f"settings.toml has: {known}")
    return settings.newsletters[key]


def newsletter_keys(settings: Settings, key: str | None) -> list[str]:
    """Return the newsletter named `key` alone, or all of them for None. Raises SettingsError for an unknown one."""
    if key is None:
        return list(settings.newsletters)
    newsletter_of(settings, key)
    return [key]


def require_topic(settings: Settings, key: str, topic: str) -> None:
    """Raise SettingsError, naming those there are, when a newsletter has no such topic."""
    topics = newsletter_of(settings, key).topics
    if topic not in topics:
        raise SettingsError(f"newsletter {key!r} has no topic {topic!r}", remedy=f"it has: {', '.join(topics)}")


def calendar_of(newsletter: NewsletterSettings) -> Calendar:
    """Return a newsletter's calendar."""
    return Calendar(
        timezone=newsletter.timezone,
        times=tuple(newsletter.send_at),
        weekdays=frozenset(WEEKDAYS.index(day) for day in newsletter.days),
        month_days=tuple(newsletter.monthdays),
        cut_off=newsletter.cut_off,
        max_late=newsletter.max_late,
        off=off_days(newsletter.holidays, newsletter.skip_dates),
        on_holiday=newsletter.on_holiday,
        pauses=tuple(Pause(pause.first, pause.last) for pause in newsletter.pauses),
    )


def policy_of(newsletter: NewsletterSettings) -> Policy:
    """Return a newsletter's review policy."""
    return Policy(newsletter.review, newsletter.if_unreviewed, newsletter.max_late, newsletter.remind)


def feeds_of(settings: Settings, newsletter: NewsletterSettings) -> dict[str, tuple[float, tuple[str, ...]]]:
    """Return each feed URL of a newsletter's topics with its highest weight and the topics that it serves."""
    feeds: dict[str, tuple[float, tuple[str, ...]]] = {}
    for topic in newsletter.topics:
        for feed in settings.topics[topic].feeds:
            weight, topics = feeds.get(feed.url, (feed.weight, ()))
            feeds[feed.url] = (max(weight, feed.weight), (*topics, topic))
    return feeds


def topics_of_feeds(settings: Settings, key: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return every feed URL, of all topics or of one newsletter's, with the topics that it serves."""
    topics = newsletter_of(settings, key).topics if key else tuple(settings.topics)
    feeds: dict[str, tuple[str, ...]] = {}
    for topic in topics:
        for feed in settings.topics[topic].feeds:
            feeds[feed.url] = (*feeds.get(feed.url, ()), topic)
    return feeds
