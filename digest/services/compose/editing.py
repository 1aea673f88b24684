"""Editing: change the content of an edition, undo, add an article, insert one late."""

from __future__ import annotations

from dataclasses import replace

from digest.compose.edit import Add, Edit, Move
from digest.compose.edition import Edition
from digest.errors import SettingsError
from digest.services.collect.fetcher import Fetcher
from digest.services.compose import edit_edition
from digest.services.compose.compose_edition import with_lead
from digest.services.context import Context
from digest.services.deliver.pictures import Pictures
from digest.services.deliver.sending import Sending
from digest.services.newsletters import newsletter_of, require_topic


class Editing:
    """The edits of editors. `seen` is always the edition as its author looked at it."""

    def __init__(self, context: Context, fetcher: Fetcher, pictures: Pictures, sending: Sending) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._fetcher, self._pictures, self._sending = fetcher, pictures, sending

    def edit(self, seen: Edition, edit: Edit, by: str) -> Edition:
        """Apply an edit; raises as `edit_edition.edit` does, and SettingsError for an unknown section."""
        if isinstance(edit, Add):
            edit_edition.require_new(seen, edit)
        elif isinstance(edit, Move):
            edit = self._titled(seen, edit)
        changed = edit_edition.edit(self._store, seen, edit, by, now=self._clock())
        self._pictures.fetch(changed)
        return changed

    def _titled(self, seen: Edition, move: Move) -> Move:
        """Return the move with its section's title. Raises SettingsError when neither edition nor newsletter has it."""
        present = {section.topic for section in seen.sections}
        topics = newsletter_of(self._settings, seen.newsletter).topics
        if move.topic not in present.union(topics):
            names = ", ".join(dict.fromkeys((*topics, *sorted(present))))
            raise SettingsError(
                f"newsletter {seen.newsletter!r} has no topic {move.topic!r}", remedy=f"it has: {names}"
            )
        return move if move.topic in present else replace(move, title=self._settings.topics[move.topic].title)

    def undo(self, seen: Edition, by: str) -> Edition:
        """Take back the last edit that still stands; raises as `edit_edition.undo` does."""
        return edit_edition.undo(self._store, seen, by, now=self._clock())

    def insert_late(self, seen: Edition, addition: Add, by: str) -> Edition:
        """Insert the one story after the freeze and plan its recipients anew; raises as in `edit_edition`."""
        edit_edition.require_new(seen, addition)
        changed = edit_edition.insert_late(self._store, seen, addition, by, now=self._clock())
        self._pictures.fetch(changed)
        self._sending.plan(changed)
        return changed

    def addition(self, newsletter: str, url: str, topic: str = "", position: int = 0) -> Add:
        """Fetch and read an article and return it as an edit; `topic` "" is the newsletter's first.

        Raises ArticleError when nothing of it can be printed, SettingsError for a topic that the newsletter has not.
        """
        settings = newsletter_of(self._settings, newsletter)
        topic = topic or settings.topics[0]
        require_topic(self._settings, newsletter, topic)
        article = with_lead(self._fetcher.article(url), settings.lead)
        return edit_edition.added(article, topic, self._settings.topics[topic].title, position, now=self._clock())
