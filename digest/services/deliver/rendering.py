"""Rendering: the mail or web page of an edition, as the newsletter's settings want it. One renderer for all uses."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from digest.compose.edition import Edition
from digest.deliver.audience import VariantOptions
from digest.deliver.theme import Branding, MailSettings, RenderOptions, Theme, resolve_style
from digest.errors import EditionError
from digest.services.context import Context
from digest.services.deliver.pictures import Pictures
from digest.services.newsletters import newsletter_of
from digest.settings import NewsletterSettings
from digest.text.catalogue import available, locale
from digest.text.locale import Locale

if TYPE_CHECKING:
    from digest.deliver.render.rendered import Rendered
    from digest.deliver.render.renderer import Renderer


class Rendering:
    """Joins the renderer with settings and pictures. Close it to end the template process."""

    def __init__(self, context: Context, pictures: Pictures) -> None:
        self._settings, self._pictures = context.settings, pictures
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The user's own template folder, where there is one."""
        own = self._settings.folder / "templates"
        return (own,) if (own / "email").is_dir() or (own / "web").is_dir() or (own / "locale").is_dir() else ()

    @cached_property
    def renderer(self) -> Renderer:
        """The one renderer."""
        from digest.deliver.render.renderer import Renderer

        return self._stack.enter_context(Renderer(self.folders))

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
        """Return the mail of an edition (or its page on the web) for one kind of reader, checked."""
        newsletter = self.newsletter(edition)
        variant = RenderOptions(
            language=language,
            topics=None if topics is None else frozenset(topics),
            pictures=newsletter.pictures if pictures else "none",
            web=web,
        )
        shown = self._pictures.of(edition) if variant.pictures != "none" else {}
        return self.renderer.render(edition, self.mail_settings(edition, theme), variant, shown)

    def newsletter(self, edition: Edition) -> NewsletterSettings:
        """Return the settings of an edition's newsletter. Raises EditionError when they are gone."""
        newsletter = self._settings.newsletters.get(edition.newsletter)
        if newsletter is None:
            raise EditionError(f"edition {edition.id}: newsletter {edition.newsletter!r} is no longer in settings.toml")
        return newsletter

    def mail_settings(self, edition: Edition, theme: str = "") -> MailSettings:
        """Return how a newsletter's mail looks; its logo is fetched when it is not here yet."""
        newsletter, site = self.newsletter(edition), self._settings.site
        settings = newsletter.brand
        brand = Branding(
            accent=settings.accent,
            accent_dark=settings.accent_dark,
            title_font=settings.title_font,
            text_font=settings.text_font,
            tagline=settings.tagline,
            logo=self._pictures.logo(settings.logo) if settings.logo else None,
        )
        return MailSettings(
            newsletter=newsletter.title,
            theme=theme or newsletter.theme,
            brand=brand,
            base_url=site.base_url,
            media_url=self._pictures.base_url,
            site_name=site.name,
            postal_address=newsletter.postal_address or site.postal_address,
            subject=newsletter.subject,
            clients=tuple(newsletter.clients),
            trial=self.is_trial,
            private_links=self._settings.collect.allow_private_networks,
        )

    @property
    def is_trial(self) -> bool:
        """True while mail only goes to files or to this machine: links to it are then no fault."""
        if self._settings.deliver.transport == "outbox":
            return True
        return all(server.host in ("127.0.0.1", "localhost", "::1") for server in self._settings.servers)

    def choice(self, newsletter: str) -> VariantOptions:
        """Return what a newsletter offers its readers."""
        settings = newsletter_of(self._settings, newsletter)
        return VariantOptions(
            language=settings.language,
            theme=settings.theme,
            languages=available(self.folders),
            themes=self.renderer.themes(),
            pictures=settings.pictures != "none",
            local_time=settings.local_time,
        )

    def locale(self, newsletter: str) -> Locale:
        """Return the language and formats of a newsletter."""
        return locale(newsletter_of(self._settings, newsletter).language, self.folders)

    def accent(self, newsletter: str) -> tuple[str, str]:
        """Return a newsletter's colour on our pages as in its mails, light and dark."""
        brand = newsletter_of(self._settings, newsletter).brand
        colours = resolve_style(Theme(""), Branding(accent=brand.accent, accent_dark=brand.accent_dark))
        return colours.light.accent, colours.dark.accent
