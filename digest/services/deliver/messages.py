"""Messages: the ready bytes of each variant of an edition, with signed links, return path and DKIM signature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from digest.compose.edition import Edition
from digest.compose.overlap import without
from digest.deliver.audience import Variant
from digest.deliver.links import Links
from digest.deliver.mime.message import EditionMetadata, Message, MessageFactory, Recipient
from digest.deliver.mime.notification import Notification, notification_message
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.rendered import Rendered
from digest.deliver.return_path import ReturnPath
from digest.errors import Finding, RenderError
from digest.services.context import Context
from digest.services.deliver.rendering import Rendering
from digest.services.deliver.signing import load_signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.deliver.mime.dkim import Signer

#: The subscriber id of a test copy; no subscriber has it.
TEST_SUBSCRIBER: Final = 0


class Messages:
    """Makes messages of rendered editions, ready for a transport."""

    def __init__(self, context: Context, rendering: Rendering) -> None:
        self._settings, self._clock, self._rendering = context.settings, context.clock, rendering

    @cached_property
    def links(self) -> Links:
        """Signed links of this site."""
        return Links(self._settings.site.base_url, self._settings.require_secret())

    @cached_property
    def return_path(self) -> ReturnPath:
        """The address for returned mail: bounce_address, else the mailbox, else the first newsletter's sender."""
        senders = [newsletter.sender.address for newsletter in self._settings.newsletters.values()]
        address = self._settings.deliver.bounce_address or self._settings.site.mailbox or next(iter(senders), "")
        return ReturnPath(address, self._settings.require_secret())

    @cached_property
    def signer(self) -> Signer | None:
        """Signs with the keys of `[dkim.*]`; None when there are none. Raises SettingsError for a bad key."""
        return load_signer(self._settings)

    def factories(self, edition: Edition) -> Callable[[str], MessageFactory]:
        """Return a function that gives the ready bytes of a variant, made when first asked for.

        It raises RenderError, with every blocking problem and its remedy, for a mail that must not be sent.
        """
        factories: dict[str, MessageFactory] = {}

        def factory(key: str) -> MessageFactory:
            if key not in factories:
                variant = Variant.parse(key)
                rendered = self._rendering.render(
                    without(edition, variant.without),
                    topics=variant.topics,
                    language=variant.language,
                    theme=variant.theme,
                    pictures=variant.pictures,
                )
                _require_sendable(edition, rendered)
                factories[key] = self._template(rendered, self._metadata(edition))
            return factories[key]

        return factory

    def test_copy(self, edition: Edition, address: str) -> tuple[Message, Sequence[Finding]]:
        """Return one copy of the whole edition under an id of its own, and the problems that forbid sending it.

        Its links belong to no subscriber: the pages say that they are from a test copy.
        """
        rendered = self._rendering.render(edition)
        rendered = replace(rendered, subject=f"[TEST] {rendered.subject}")
        metadata = self._metadata(edition, f"{edition.id}.test.{edition.version}")
        message = self._template(rendered, metadata).fill(Recipient(TEST_SUBSCRIBER, address))
        return message, [problem for problem in rendered.problems if problem.severity == "error"]

    def notices(self, notice: Notification, addresses: Sequence[str]) -> list[Message]:
        """Return a plain notice to each of these editors."""
        messages = [notification_message(notice, number, address) for number, address in enumerate(addresses, 1)]
        if self.signer is None:
            return messages
        return [self.signer.sign(message, int(notice.date.timestamp())) for message in messages]

    def _template(self, rendered: Rendered, metadata: EditionMetadata) -> MessageFactory:
        template = MessageTemplate.build(rendered, metadata, self.links, self.return_path)
        return self.signer.template(template) if self.signer else template

    def _metadata(self, edition: Edition, edition_id: str = "") -> EditionMetadata:
        newsletter = self._rendering.newsletter(edition)
        return EditionMetadata(
            edition_id=edition_id or edition.id,
            newsletter=edition.newsletter,
            title=newsletter.title,
            sender_name=newsletter.sender.name,
            sender_address=newsletter.sender.address,
            date=self._clock(),
            reply_to=newsletter.reply_to or self._settings.site.mailbox,
        )


def _require_sendable(edition: Edition, rendered: Rendered) -> None:
    if rendered.blocked:
        lines = [f"{p.problem}; {p.remedy}" for p in rendered.problems if p.severity == "error"]
        raise RenderError(f"edition {edition.id} must not be sent as it is:\n" + "\n".join(lines))
