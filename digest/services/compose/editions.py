"""Editions: look them up, list those that went out, explain and export one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from digest.compose.diff import Changed
from digest.compose.edition import Edition, EditionState
from digest.errors import EditionError
from digest.services.compose import edit_edition
from digest.services.compose.edit_edition import Line
from digest.services.context import Context

#: The states of editions that readers may see in the archive, and how many of the latest are looked through.
PUBLISHED: Final[tuple[EditionState, ...]] = ("sending", "paused", "sent")
ARCHIVED: Final = 100


class Editions:
    """The stored editions."""

    def __init__(self, context: Context) -> None:
        self._settings, self._store = context.settings, context.store

    def get(self, name: str) -> Edition:
        """Return the edition with this id, or the newest of the newsletter with this name. Raises EditionError."""
        edition = self.find(name)
        if edition is None and name in self._settings.newsletters:
            edition = next(iter(self._store.editions.recent(name, 1)), None)
            if edition is None:
                raise EditionError(f"newsletter {name!r} has no edition yet", f"'digest compose {name}'")
        if edition is None:
            newest = ", ".join(edition.id for edition in self.recent(3)) or "none yet"
            raise EditionError(f"there is no edition {name!r}", f"the newest are: {newest}")
        return edition

    def find(self, edition_id: str) -> Edition | None:
        """Return the edition with this id, or None."""
        return self._store.editions.get(edition_id)

    def recent(self, limit: int) -> Sequence[Edition]:
        """Return the latest editions of all newsletters, the newest first."""
        return self._store.editions.recent(None, limit)

    def archive(self) -> list[Edition]:
        """Return the latest editions that readers have, the newest first."""
        return [e for e in self.recent(ARCHIVED) if e.state in PUBLISHED and e.stories]

    def published(self, edition_id: str) -> Edition | None:
        """Return an edition that went out; None for one that is unknown or not for readers' eyes yet."""
        edition = self.find(edition_id)
        return edition if edition is not None and edition.state in PUBLISHED else None

    def paused(self) -> Sequence[Edition]:
        """Return the editions that wait for a person in the middle of being sent."""
        return self._store.editions.in_state("paused")

    def candidates(self, edition: Edition) -> list[dict[str, Any]]:
        """Return every candidate of an edition with why it is in or out, as composing recorded it."""
        candidates: list[dict[str, Any]] = json.loads(self._store.editions.why(edition.id) or "{}").get(
            "candidates", []
        )
        return candidates

    def history(self, edition: Edition) -> list[Line]:
        """Return everything that was done to an edition, the first thing first."""
        return edit_edition.history(self._store, edition.id)

    def changes_since(self, edition: Edition, version: int) -> tuple[Changed, ...]:
        """Return what changed since a version (1 is as composed). Raises EditionError for one that never was."""
        return edit_edition.changes_since(self._store, edition, version)


def to_json(edition: Edition) -> str:
    """Return the whole edition as one JSON object."""
    from digest.store.codec import dumps

    return dumps(edition)
