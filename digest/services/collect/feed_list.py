"""The list of feeds in the settings file: add, remove, import from OPML and export to it. Comments stay."""

from __future__ import annotations

from typing import Final

from digest.collect import opml
from digest.settings import Settings
from digest.settings.file import Added, add_feed, add_feeds, drop_examples, remove_feed

#: The topic of feeds that an OPML file has in no folder.
NO_FOLDER: Final = "News"


def add(settings: Settings, url: str, topic: str) -> tuple[bool, bool]:
    """Add a feed to a topic; return whether it is new there, and whether the example's feeds were taken out for it."""
    added = add_feed(settings.path, topic, url)
    return added, added and bool(drop_examples(settings.path))


def remove(settings: Settings, url: str, topic: str | None = None) -> tuple[str, ...]:
    """Remove a feed from one topic or from all; return the topics that had it. Raises SettingsError for none."""
    return remove_feed(settings.path, url, topic)


def import_opml(settings: Settings, body: bytes, topic: str | None = None) -> tuple[Added, int, bool]:
    """Add the feeds of an OPML file; its folders become topics, unless `topic` is for all of them.

    Returns what was added, how many were there already, and whether the example's feeds were taken out.
    Raises DigestError for what is no OPML.
    """
    outlines = opml.read(body)
    folders = [outline.topic or NO_FOLDER for outline in outlines]
    keys = opml.keys_of(folders, {key: known.title for key, known in settings.topics.items()})
    places = [(topic, topic.title()) if topic else (keys[folder], folder) for folder in folders]
    added = add_feeds(settings.path, [(*place, outline.url) for place, outline in zip(places, outlines, strict=True)])
    known = len(outlines) - added.feeds - len(added.bad)
    return added, known, bool(added.feeds) and bool(drop_examples(settings.path))


def export_opml(settings: Settings) -> str:
    """Return all feeds as OPML, one folder a topic."""
    topics = settings.topics.values()
    return opml.write([opml.Outline(feed.url, topic=topic.title) for topic in topics for feed in topic.feeds]).decode()
