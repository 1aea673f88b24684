"""Desk: the editors' operations with everything they need around the store: pages, pictures, plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.collect.article import Article
from digest.compose.edit import Add, Edit
from digest.compose.edition import Edition
from digest.errors import ArticleError, SettingsError
from digest.pipeline import desk
from digest.pipeline.compose import newsletter_of, with_lead

if TYPE_CHECKING:
    from digest.bootstrap import House


class Desk:
    """What an editor does to the editions of a house. `seen` is always the edition as its author looked at it."""

    def __init__(self, house: House) -> None:
        self.house = house

    def edit(self, seen: Edition, wish: Edit, by: str) -> Edition:
        """Apply an edit; see `pipeline.desk.edit` for what it raises."""
        if isinstance(wish, Add):
            wish = desk.placed(seen, wish)
        changed = desk.edit(self.house.store, seen, wish, by, now=self.house.clock())
        self.house.fetch_pictures(changed)
        return changed

    def undo(self, seen: Edition, by: str) -> Edition:
        """Take back the last edit that still stands; see `pipeline.desk.undo`."""
        return desk.undo(self.house.store, seen, by, now=self.house.clock())

    def insert_late(self, seen: Edition, wish: Add, by: str) -> Edition:
        """The one story after the freeze; who gets it is planned anew. See `pipeline.desk.insert_late`."""
        changed = desk.insert_late(self.house.store, seen, desk.placed(seen, wish), by, now=self.house.clock())
        self.house.fetch_pictures(changed)
        self.house.plan(changed)
        return changed

    def addition(self, newsletter: str, url: str, topic: str = "", position: int = 0) -> Add:
        """An article by its address, as an edit: fetched through the guard, read in the sandbox.

        `topic` "" is the newsletter's first. Raises ArticleError when nothing of it can be printed, SettingsError for a
        topic that the newsletter does not have.
        """
        settings = self.house.settings
        known = newsletter_of(settings, newsletter)
        topic = topic or known.topics[0]
        if topic not in known.topics:
            raise SettingsError(f"newsletter {newsletter!r} has no topic {topic!r}; it has: {', '.join(known.topics)}")
        article = with_lead(self.read(url), known.lead)
        return desk.added(article, topic, settings.topics[topic].title, position, now=self.house.clock())

    def read(self, url: str) -> Article:
        """Fetch and read one page. Raises ArticleError when it cannot be had; `Article.problem` says what was wrong."""
        from digest.collect.http import fetch_one
        from digest.collect.reading import Item, read_many

        page = fetch_one(url, self.house.http)
        if page.error:
            raise ArticleError(url, page.error)
        item = Item(url, page.body, page.final_url or url, page.content_type)
        return next(read_many([item], sandbox=self.house.sandbox))
