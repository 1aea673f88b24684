"""Approving: by an editor, bound to the content that they saw, or by a newsletter's review policy."""

from __future__ import annotations

from digest.compose.edition import Edition, approved
from digest.errors import EditionError
from digest.services.compose import due
from digest.services.compose.due import Happened, Remind
from digest.services.context import Context
from digest.services.deliver.sending import Sending


class Approving:
    """Approvals of editions; each freezes who gets the edition."""

    def __init__(self, context: Context, sending: Sending) -> None:
        self._settings, self._store, self._clock = context.settings, context.store, context.clock
        self._sending = sending

    def approve(self, edition: Edition, by: str, content: str | None = None) -> int:
        """Approve an edition and plan its deliveries; return how many.

        `content` is (the start of) the hash that the editor saw; None means the present content. Raises EditConflict
        for other content, EditionError or AlreadySent when the edition cannot be approved.
        """
        content_hash = edition.content_hash
        if content is not None and not content_hash.startswith(content):
            content_hash = content
        approved(edition, content_hash, by)  # raises, naming what is wrong
        if edition.state != "approved":
            self._store.editions.approve(edition.id, edition.content_hash, by, now=self._clock())
        stored = self._store.editions.get(edition.id)
        if stored is None:
            raise EditionError(f"there is no edition {edition.id!r} any more")
        return self._sending.plan(stored)

    def apply_policies(self, remind: Remind) -> tuple[list[Happened], list[str]]:
        """Apply each newsletter's review policy; return what happened, and the ids of editions to be sent now."""
        return due.review_due(self._store, self._settings, self._clock(), remind)
