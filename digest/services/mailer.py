"""Mailroom: from an edition and a variant to ready bytes, and from there to the outbox or the relays.

Joins the renderer, links, signatures and transports with what the settings say of a newsletter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from digest.compose.edition import Edition
from digest.compose.overlap import without
from digest.deliver.audience import Choice
from digest.deliver.audience import Variant as ReaderVariant
from digest.deliver.delivery import Delivery
from digest.deliver.links import Links
from digest.deliver.mime.message import Filler, Message, Recipient, Template
from digest.deliver.mime.notification import Memo, memo
from digest.deliver.mime.pieces import Facts
from digest.deliver.outbox import Outbox
from digest.deliver.render.rendered import Problem, Rendered
from digest.deliver.result import Result
from digest.deliver.return_path import ReturnPath
from digest.deliver.theme import Brand, Logo, Look, Variant
from digest.errors import Deferred, EditionError, Refused, RenderError, SettingsError
from digest.services.deliver_edition import Transport
from digest.services.ports import Progress, silent
from digest.services.transports import OutboxTransport, SmtpTransport, relay
from digest.settings import NewsletterSettings, Settings
from digest.text.locale import available

if TYPE_CHECKING:
    from digest.deliver.mime.dkim import Signer
    from digest.deliver.render.renderer import Renderer

#: Seconds that a server may take for a test or a notice; nothing else waits for them.
PATIENCE: Final = 30.0
TEST_READER: Final = 0  # no subscriber has this number


class Mailroom:
    """Everything between an edition and a mail server. Close it to end the template process."""

    def __init__(self, settings: Settings, pictures: Callable[[Edition], Mapping[str, Any]] = lambda _: {}) -> None:
        self.settings = settings
        self._pictures = pictures
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    # --- rendering -------------------------------------------------------------------------------------------

    @property
    def folders(self) -> tuple[Path, ...]:
        """The user's own template folder, where there is one."""
        own = self.settings.folder / "templates"
        return (own,) if (own / "email").is_dir() or (own / "web").is_dir() or (own / "locale").is_dir() else ()

    @cached_property
    def renderer(self) -> Renderer:
        """The one renderer."""
        from digest.deliver.render.renderer import Renderer

        return self._stack.enter_context(Renderer(self.folders))

    def newsletter(self, edition: Edition) -> NewsletterSettings:
        """The settings of an edition's newsletter. Raises EditionError when they are gone."""
        found = self.settings.newsletters.get(edition.newsletter)
        if found is None:
            raise EditionError(f"edition {edition.id}: newsletter {edition.newsletter!r} is no longer in settings.toml")
        return found

    def look(self, edition: Edition, theme: str = "") -> Look:
        """How a newsletter's mail looks, by its settings."""
        newsletter, site = self.newsletter(edition), self.settings.site
        asked = newsletter.brand
        brand = Brand(
            accent=asked.accent,
            accent_dark=asked.accent_dark,
            title_font=asked.title_font,
            text_font=asked.text_font,
            tagline=asked.tagline,
            logo=self._logo(asked.logo) if asked.logo else None,
        )
        return Look(
            newsletter=newsletter.title,
            theme=theme or newsletter.theme,
            brand=brand,
            base_url=site.base_url,
            media_url=self.media_url,
            site_name=site.name,
            postal_address=newsletter.postal_address or site.postal_address,
            subject=newsletter.subject,
            clients=tuple(newsletter.clients),
            trial=self.is_trial,
        )

    @property
    def media_url(self) -> str:
        """Where readers find our pictures."""
        return self.settings.site.media_url or f"{self.settings.site.base_url}/media"

    def _logo(self, source: str) -> Logo | None:
        """A logo made ours: read from its file, or fetched once. None when its address does not give one.

        Raises RenderError for a file that is not there or no picture.
        """
        from digest.deliver.render.media import Media

        media, found = Media(self.settings.folder / "media"), None
        try:
            if "://" not in source:
                found = media.logo(source, Path(source).read_bytes())
            else:
                found = media.logo(source) or media.logo(source, self._fetched(source))
        except (OSError, ValueError) as error:
            if "://" not in source:
                reason = getattr(error, "strerror", None) or error
                raise RenderError(f"brand.logo: {source}: {reason}; give a PNG or JPEG that is there") from None
        return Logo(f"{self.media_url}/{found[0]}", *found[1:]) if found else None

    def _fetched(self, url: str) -> bytes:
        from digest.collect.http.fetch import ACCEPT_PICTURE, HttpConfig, fetch_pages

        config = HttpConfig(allow_private=self.settings.collect.allow_private_networks)
        return next(fetch_pages([url], config, accept=ACCEPT_PICTURE)).body

    @property
    def is_trial(self) -> bool:
        """True while mail only goes to files or to this machine: links to it are then no fault."""
        if self.settings.deliver.transport == "outbox":
            return True
        return all(server.host in ("127.0.0.1", "localhost", "::1") for server in self.settings.servers)

    def render(
        self,
        edition: Edition,
        *,
        topics: Collection[str] | None = None,
        language: str = "",
        theme: str = "",
        pictures: bool = True,
        web: bool = False,
    ) -> Rendered:
        """The mail of an edition (or its page on the web) for one kind of reader, checked."""
        newsletter = self.newsletter(edition)
        variant = Variant(
            language=language,
            topics=None if topics is None else frozenset(topics),
            pictures=newsletter.pictures if pictures else "none",
            web=web,
        )
        shown = self._pictures(edition) if variant.pictures != "none" else {}
        return self.renderer.render(edition, self.look(edition, theme), variant, shown)

    def choice(self, key: str) -> Choice:
        """What a newsletter offers its readers."""
        newsletter = self.settings.newsletters[key]
        return Choice(
            language=newsletter.language,
            theme=newsletter.theme,
            languages=available(self.folders),
            themes=self.renderer.themes(),
            pictures=newsletter.pictures != "none",
            local_time=newsletter.local_time,
        )

    # --- messages --------------------------------------------------------------------------------------------

    @cached_property
    def links(self) -> Links:
        """Signed links of this site."""
        return Links(self.settings.site.base_url, self.settings.require_secret())

    @cached_property
    def return_path(self) -> ReturnPath:
        """Where returned mail goes: bounce_address, else the mailbox, else the first newsletter's sender."""
        senders = [newsletter.sender.address for newsletter in self.settings.newsletters.values()]
        address = self.settings.deliver.bounce_address or self.settings.site.mailbox or next(iter(senders), "")
        return ReturnPath(address, self.settings.require_secret())

    def fillers(self, edition: Edition) -> Callable[[str], Filler]:
        """The ready bytes of each variant of an edition, made when first asked for.

        Raises RenderError, with every blocking problem and its remedy, for a mail that must not be sent.
        """
        made: dict[str, Filler] = {}

        def filler(key: str) -> Filler:
            if key not in made:
                wish = ReaderVariant.parse(key)
                rendered = self.render(
                    without(edition, wish.without),
                    topics=wish.topics,
                    language=wish.language,
                    theme=wish.theme,
                    pictures=wish.pictures,
                )
                _refuse(edition, rendered)
                made[key] = self._signed(Template.build(rendered, self._facts(edition), self.links, self.return_path))
            return made[key]

        return filler

    def _facts(self, edition: Edition, edition_id: str = "") -> Facts:
        newsletter = self.newsletter(edition)
        return Facts(
            edition_id=edition_id or edition.id,
            newsletter=edition.newsletter,
            title=newsletter.title,
            sender_name=newsletter.sender.name,
            sender_address=newsletter.sender.address,
            date=edition.send_at,
            reply_to=newsletter.reply_to or self.settings.site.mailbox,
        )

    @cached_property
    def signer(self) -> Signer | None:
        """Signs with the keys of `[dkim.*]`; None when there are none."""
        if not self.settings.dkim:
            return None
        from digest.deliver.mime.dkim import Signer, load_key

        keys = []
        for name, asked in self.settings.dkim.items():
            pem = asked.key.get_secret_value()
            if not pem and asked.key_file is not None:
                try:
                    pem = asked.key_file.read_text(encoding="ascii", errors="replace")
                except OSError as error:
                    raise SettingsError(
                        f"dkim.{name}.key_file: {asked.key_file} cannot be read ({error.strerror})"
                    ) from error
            keys.append(load_key(asked.domain, asked.selector or name, pem))
        return Signer(keys)

    def _signed(self, template: Template) -> Filler:
        return self.signer.template(template) if self.signer else template

    # --- handing over ----------------------------------------------------------------------------------------

    def transport(self, patience: float = 0.0) -> Transport:
        """The outbox or the relays, as the settings say; `patience` seconds bound each wait for a server, 0 none."""
        if self.settings.deliver.transport == "outbox":
            return OutboxTransport(Outbox(self.settings.deliver.outbox))
        relays = [relay(server, self.settings) for server in self.settings.servers]
        if patience:
            relays = [replace(one, timeout=min(one.timeout, patience), answer_timeout=patience) for one in relays]
        return SmtpTransport(relays)

    def write(self, edition: Edition, deliveries: Iterable[Delivery], folder: Path, progress: Progress = silent) -> int:
        """Write the messages of planned deliveries as files; how many."""
        fillers = self.fillers(edition)
        planned = [delivery for delivery in deliveries if delivery.state == "planned"]
        messages = (fillers(d.variant).fill(Recipient(d.subscriber_id, d.address)) for d in planned)
        written = 0
        for written, _ in enumerate(Outbox(folder).write(messages), 1):
            progress("messages", written, len(planned))
        return written

    def send_test(self, edition: Edition, address: str) -> Sequence[Problem]:
        """One copy of the whole edition to one address, under an id of its own, outside the books; what forbids sending
        it to readers as it is.
        """
        rendered = self.render(edition)
        rendered = replace(rendered, subject=f"[test] {rendered.subject}")
        facts = self._facts(edition, f"{edition.id}.test.{edition.version}")
        filler = self._signed(Template.build(rendered, facts, self.links, self.return_path))
        self._hand_over([filler.fill(Recipient(TEST_READER, address))])
        return [problem for problem in rendered.problems if problem.blocking]

    def send_memo(self, what: Memo, addresses: Sequence[str]) -> None:
        """A plain notice to editors, outside the books. Raises SendError when one of them cannot be told."""
        messages = [memo(what, number, address) for number, address in enumerate(addresses, 1)]
        if self.signer is not None:
            messages = [self.signer.sign(message, int(what.date.timestamp())) for message in messages]
        self._hand_over(messages)

    def _hand_over(self, messages: Sequence[Message]) -> None:
        """Hand over what is in no edition's books. Raises Refused or Deferred when a server does not take all of it."""
        outcomes: list[Result] = []
        patience = monotonic() + PATIENCE

        def record(results: Sequence[Result], intents: Sequence[Message]) -> Collection[int]:
            outcomes.extend(results)
            return ()

        stopped, _ = self.transport(PATIENCE)(messages, record, lambda: monotonic() > patience)
        failed = next((result for result in outcomes if result.outcome.state != "accepted"), None)
        if failed is not None and not stopped:
            found = failed.outcome
            kind = Refused if found.state == "refused" else Deferred
            raise kind(found.code, found.reason, failed.message.envelope_recipient)
        if failed is not None or len(outcomes) < len(messages):
            reason = stopped or f"no server took it within {PATIENCE:.0f} s"
            raise Deferred(0, f"{reason}; 'digest check' looks at the mail servers")


def _refuse(edition: Edition, rendered: Rendered) -> None:
    """Raise what forbids sending."""
    if rendered.blocked:
        lines = [f"{p.message}; {p.remedy}" for p in rendered.problems if p.blocking]
        raise RenderError(f"edition {edition.id} must not be sent as it is:\n" + "\n".join(lines))
