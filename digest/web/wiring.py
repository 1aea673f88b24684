"""The web application of a house: its pages joined with the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from digest.deliver import theme as deliver
from digest.deliver.render.content_builder import title_of
from digest.deliver.theme import Theme, dressed
from digest.errors import DigestError
from digest.web import webhooks
from digest.web.app import Ports, build
from digest.web.desk.preview import Listed, Previews
from digest.web.subscribers.pages import Readers, Reading
from digest.web.templating import Pages

if TYPE_CHECKING:
    from digest.bootstrap import House
    from digest.compose.edition import Edition
    from digest.deliver.render.rendered import Rendered
    from digest.settings.model import Brand

#: The states of an edition that readers have, and how many of the latest are listed.
_OUT: Final = ("sending", "paused", "sent")
_SHOWN: Final = 100


def application(house: House, *, previews: bool = False) -> Starlette:
    """The pages of a house. `previews` shows editions to whoever asks: only for this machine's own eyes."""
    settings = house.settings
    pages = Pages(settings.site.name, house.mailroom.folders)
    return build(
        Ports(
            readers=_Readers(house).ports(),
            pages=pages,
            healthy=lambda: _healthy(house),
            media=house.media,
            web_edition=lambda edition_id: _web_edition(house, edition_id),
            archive=lambda: _archive(house),
            previews=_previews(house) if previews else None,
            extra=webhooks.routes(house.postbox.webhook),
        )
    )


class _Readers:
    """A reader's token against the store."""

    def __init__(self, house: House) -> None:
        self.house = house

    def ports(self) -> Readers:
        return Readers(self.look, self.leave, self.rejoin, self.choose)

    def look(self, token: str) -> Reading | None:
        found = self.house.mailroom.links.read_token(token)
        if found is None or found[1] not in self.house.settings.newsletters:
            return None
        number, key = found
        newsletter = self.house.settings.newsletters[key]
        person = self.house.store.readers.get(number)
        tie = next((t for t in self.house.store.readers.subscriptions(number) if t.newsletter == key), None)
        if person is None or tie is None:
            return None
        topics = tuple(
            (topic, self.house.settings.topics[topic].title, not tie.topics or topic in tie.topics)
            for topic in newsletter.topics
        )
        language = person.language or newsletter.language
        return Reading(newsletter.title, language, tie.state != "unsubscribed", topics, _accent(newsletter.brand))

    def leave(self, token: str) -> None:
        if found := self.house.mailroom.links.read_token(token):
            self.house.store.readers.unsubscribe(*found, now=self.house.clock(), detail="link")

    def rejoin(self, token: str) -> None:
        found = self.house.mailroom.links.read_token(token)
        if found is None:
            return
        number, key = found
        tie = next((t for t in self.house.store.readers.subscriptions(number) if t.newsletter == key), None)
        # Only who had confirmed before comes back by a tap: the link in a mail proves no more than that.
        if tie is not None and tie.state == "unsubscribed" and tie.confirmed_at is not None:
            self.house.store.readers.subscribe(
                number, key, tie.topics, "confirmed", now=self.house.clock(), detail="link"
            )

    def choose(self, token: str, topics: tuple[str, ...]) -> None:
        found = self.house.mailroom.links.read_token(token)
        if found is None or found[1] not in self.house.settings.newsletters:
            return
        number, key = found
        offered = self.house.settings.newsletters[key].topics
        chosen = tuple(topic for topic in offered if topic in topics)
        wanted = () if len(chosen) == len(offered) else chosen
        for tie in self.house.store.readers.subscriptions(number):
            if tie.newsletter == key and tie.state == "confirmed":
                self.house.store.readers.subscribe(number, key, wanted, "confirmed", now=self.house.clock())


def _healthy(house: House) -> str:
    try:
        house.store.meta.get("health")
    except DigestError as error:
        return str(error)
    return ""


def _web_edition(house: House, edition_id: str) -> str | None:
    """The archive page of an edition that went out; what is not out yet is nobody's business."""
    edition = house.store.editions.get(edition_id)
    if edition is None or edition.state not in _OUT:
        return None
    return house.render(edition, web=True).html


def _archive(house: House) -> list[Listed]:
    """The latest editions that went out. Told by their first title: a page for everybody renders no mail."""
    found = (edition for edition in house.store.editions.recent(None, _SHOWN) if edition.state in _OUT)
    return [
        _listed(house, edition, edition.subject or title_of(edition.stories[0]), "")
        for edition in found
        if edition.stories
    ]


def _listed(house: House, edition: Edition, subject: str, state: str) -> Listed:
    newsletter = house.settings.newsletters.get(edition.newsletter)
    return Listed(
        edition.id,
        subject,
        newsletter.title if newsletter else edition.newsletter,
        edition.send_at.astimezone(ZoneInfo(edition.timezone)),
        edition.language,
        state,
        len(edition.stories),
    )


def _accent(brand: Brand) -> tuple[str, str]:
    """A newsletter's colour on our pages as in its mails, light and dark."""
    worn = dressed(Theme(""), deliver.Brand(accent=brand.accent, accent_dark=brand.accent_dark))
    return worn.light.accent, worn.dark.accent


def _previews(house: House) -> Previews:
    rendered: dict[tuple[str, str], Rendered] = {}

    def render(edition_id: str) -> Rendered | None:
        edition = house.store.editions.get(edition_id)
        if edition is None:
            return None
        key = (edition.id, edition.content_hash)
        if key not in rendered:
            rendered[key] = house.render(edition)
        return rendered[key]

    def listed(edition: Edition) -> Listed:
        mail = render(edition.id)
        return _listed(house, edition, mail.subject if mail else edition.title, edition.state)

    def listing() -> list[Listed]:
        return [listed(edition) for edition in house.store.editions.recent(None, 50) if edition.stories]

    return Previews(listing, render, house.settings.site.base_url)
