"""The web application of a program: its pages joined with the services."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from digest.deliver.render.content_builder import display_title
from digest.services.deliver.messages import TEST_SUBSCRIBER
from digest.web import webhooks
from digest.web.app import Ports, build
from digest.web.desk.preview import Listed, Previews
from digest.web.subscribers.pages import Actions, View
from digest.web.templating import Pages

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.compose.edition import Edition
    from digest.deliver.render.rendered import Rendered


def application(app: App, *, previews: bool = False) -> Starlette:
    """Return the web application. `previews` shows editions to everybody: only for a server on this machine."""
    pages = Pages(app.settings.site.name, app.rendering.folders)
    return build(
        Ports(
            subscribers=_subscribers(app),
            pages=pages,
            healthy=app.database.problem,
            media=app.pictures.folder,
            web_edition=lambda edition_id: _web_edition(app, edition_id),
            archive=lambda: _archive(app),
            previews=_previews(app) if previews else None,
            extra=webhooks.routes(app.returned_mail.webhook),
        )
    )


def _subscribers(app: App) -> Actions:
    """Return what a token from a mail can do: it names a subscriber and a newsletter."""

    def view(token: str) -> View | None:
        if (read := app.messages.links.read_token(token)) is None:
            return None
        subscriber_id, key = read
        if subscriber_id == TEST_SUBSCRIBER and (newsletter := app.settings.newsletters.get(key)):
            return View(newsletter.title, newsletter.language, True, (), app.rendering.accent(key), test=True)
        own = app.subscriptions.view(*read)
        if own is None:
            return None
        return View(own.title, own.language, own.active, own.topics, app.rendering.accent(own.newsletter))

    def leave(token: str) -> None:
        if read := app.messages.links.read_token(token):
            app.subscriptions.leave(*read)

    def rejoin(token: str) -> None:
        if read := app.messages.links.read_token(token):
            app.subscriptions.rejoin(*read)

    def choose(token: str, topics: tuple[str, ...]) -> None:
        if read := app.messages.links.read_token(token):
            app.subscriptions.choose_topics(*read, topics)

    return Actions(view, leave, rejoin, choose)


def _web_edition(app: App, edition_id: str) -> str | None:
    """Return the archive page of an edition that went out."""
    edition = app.editions.published(edition_id)
    return None if edition is None else app.rendering.render(edition, web=True).html


def _archive(app: App) -> list[Listed]:
    """Return the latest editions that went out. Each is named by its first title, so that no mail is rendered."""
    return [
        _listed(app, edition, edition.subject or display_title(edition.stories[0]), "")
        for edition in app.editions.archive()
    ]


def _listed(app: App, edition: Edition, subject: str, state: str) -> Listed:
    newsletter = app.settings.newsletters.get(edition.newsletter)
    return Listed(
        edition.id,
        subject,
        newsletter.title if newsletter else edition.newsletter,
        edition.send_at.astimezone(ZoneInfo(edition.timezone)),
        edition.language,
        state,
        len(edition.stories),
    )


def _previews(app: App) -> Previews:
    cache: dict[tuple[str, str], Rendered] = {}

    def render(edition_id: str) -> Rendered | None:
        edition = app.editions.find(edition_id)
        if edition is None:
            return None
        key = (edition.id, edition.content_hash)
        if key not in cache:
            cache[key] = app.rendering.render(edition)
        return cache[key]

    def listed(edition: Edition) -> Listed:
        mail = render(edition.id)
        return _listed(app, edition, mail.subject if mail else edition.title, edition.state)

    def listing() -> list[Listed]:
        return [listed(edition) for edition in app.editions.recent(50) if edition.stories]

    return Previews(listing, render, app.settings.site.base_url)
