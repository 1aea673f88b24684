"""Desk: the editors' operations with everything they need around the store: pages, pictures, plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from digest.collect import health
from digest.collect.article import Article
from digest.compose.edit import Add, Edit, Move
from digest.compose.edition import Edition
from digest.compose.review import fate
from digest.compose.slot import Slot, slots
from digest.deliver.mime.notification import Memo, halted, paused, reminder, subject, warned, warning
from digest.errors import ArticleError, SettingsError
from digest.services import edit_edition
from digest.services.compose_edition import calendar_of, newsletter_of, policy_of, with_lead
from digest.text.locale import Locale, locale

if TYPE_CHECKING:
    from digest.bootstrap import House

#: So long before the cut-off editors are told of sick sources.
AHEAD: Final = timedelta(hours=1)


class Desk:
    """What an editor does to the editions of a house. `seen` is always the edition as its author looked at it."""

    def __init__(self, house: House) -> None:
        self.house = house

    def edit(self, seen: Edition, wish: Edit, by: str) -> Edition:
        """Apply an edit; see `pipeline.desk.edit` for what it raises; SettingsError for a section nobody knows."""
        if isinstance(wish, Add):
            wish = edit_edition.placed(seen, wish)
        elif isinstance(wish, Move):
            wish = self._titled(seen, wish)
        changed = edit_edition.edit(self.house.store, seen, wish, by, now=self.house.clock())
        self.house.gallery.fetch(changed)
        return changed

    def _titled(self, seen: Edition, wish: Move) -> Move:
        """The move with its section's title. Raises SettingsError for one that neither edition nor newsletter has."""
        here = {section.topic for section in seen.sections}
        known = newsletter_of(self.house.settings, seen.newsletter).topics
        if wish.topic not in here.union(known):
            names = ", ".join(dict.fromkeys((*known, *sorted(here))))
            raise SettingsError(f"newsletter {seen.newsletter!r} has no topic {wish.topic!r}; it has: {names}")
        return wish if wish.topic in here else replace(wish, title=self.house.settings.topics[wish.topic].title)

    def undo(self, seen: Edition, by: str) -> Edition:
        """Take back the last edit that still stands; see `pipeline.desk.undo`."""
        return edit_edition.undo(self.house.store, seen, by, now=self.house.clock())

    def insert_late(self, seen: Edition, wish: Add, by: str) -> Edition:
        """The one story after the freeze; who gets it is planned anew. See `pipeline.desk.insert_late`."""
        changed = edit_edition.insert_late(
            self.house.store, seen, edit_edition.placed(seen, wish), by, now=self.house.clock()
        )
        self.house.gallery.fetch(changed)
        self.house.dispatch.plan(changed)
        return changed

    def editors(self, newsletter: str) -> tuple[str, ...]:
        """The addresses that a newsletter's reminders go to: its own in the settings, else everybody at the desk."""
        named = newsletter_of(self.house.settings, newsletter).editors
        return tuple(named) or tuple(e.address for e in self.house.store.editors.all() if e.address)

    def remind(self, edition: Edition) -> int:
        """Remind an edition's editors by mail, near its deadline with what becomes of it; how many there are.

        Raises SendError when one of them cannot be told. They are no readers: nothing enters an edition's books.
        """
        addresses = self.editors(edition.newsletter)
        if not addresses:
            return 0
        policy = policy_of(newsletter_of(self.house.settings, edition.newsletter))
        last = self.house.clock() >= edition.send_at - policy.remind
        tongue = self._tongue(edition.newsletter)
        sources = self.breaches(edition.newsletter)
        text = reminder(edition, fate(policy) if last else "", policy.max_late, sources, tongue)
        self._tell(edition.newsletter, f"{edition.id}.reminder", subject(edition, tongue), text)
        return len(addresses)

    def tell_halted(self, edition: Edition, reason: str) -> int:
        """Mail the editors that sending an edition was paused, and why; how many there are. Raises as `remind` does."""
        addresses = self.editors(edition.newsletter)
        if addresses:
            tongue = self._tongue(edition.newsletter)
            text = halted(edition.id, reason, self.house.store.deliveries.summary(edition.id), tongue)
            self._tell(edition.newsletter, f"{edition.id}.halted", paused(edition.id, tongue), text)
        return len(addresses)

    def warn(self) -> list[str]:
        """Mail a warning of sick sources while there is time, once a slot; the newsletters whose editors were told."""
        told = []
        for key in self.house.settings.newsletters:
            slot = self._soon(key)
            fact = f"sources told {key}"
            before = self.house.store.meta.get(fact)
            if slot is None or before == slot.key or not self.editors(key):
                continue
            breaches = self.breaches(key)
            if any(breach.urgent for breach in breaches) and self.house.store.meta.swap(fact, before, slot.key):
                tongue = self._tongue(key)
                text = warning(slot.key, breaches, tongue)
                self._tell(key, f"{key}-{slot.local:%Y-%m-%d-%H%M}.sources", warned(tongue), text)
                told.append(key)
        return told

    def _tongue(self, newsletter: str) -> Locale:
        """The language that a newsletter's editors are written to in: its own."""
        return locale(newsletter_of(self.house.settings, newsletter).language, self.house.mailroom.folders)

    def _soon(self, newsletter: str) -> Slot | None:
        """The slot whose content will be frozen within `AHEAD`."""
        now = self.house.clock()
        calendar = calendar_of(newsletter_of(self.house.settings, newsletter))
        coming = (slot for slot in slots(calendar, now) if not slot.closed)
        slot = next((slot for slot in coming if slot.cut_off > now), None)
        return slot if slot is not None and slot.cut_off - now <= AHEAD else None

    def _tell(self, newsletter: str, key: str, subject: str, text: str) -> None:
        """One plain mail to each editor of a newsletter. Raises SendError when one cannot be told."""
        known = newsletter_of(self.house.settings, newsletter)
        now = self.house.clock()
        what = Memo(
            key=f"{key}.{now:%H%M%S}",
            subject=f"{known.title}: {subject}",
            text=text,
            sender_name=known.sender.name,
            sender_address=known.sender.address,
            date=now,
        )
        self.house.mailroom.send_memo(what, self.editors(newsletter))

    def breaches(self, newsletter: str | None = None) -> list[health.Breach]:
        """Where the sources of a newsletter (or of all) fail what their history promises."""
        now = self.house.clock()
        urls = self.house.topics_of_feeds(newsletter)
        found = [b for feed in self.house.store.feeds.get(urls).values() for b in health.breaches(feed, now)]
        lately = self.house.store.articles.candidates(list(urls), now - timedelta(days=1), now + timedelta(seconds=1))
        return [*found, *health.unread(article for _, article in lately)]

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
        return edit_edition.added(article, topic, settings.topics[topic].title, position, now=self.house.clock())

    def read(self, url: str) -> Article:
        """Fetch and read one page. Raises ArticleError when it cannot be had; `Article.problem` says what was wrong."""
        from digest.collect.extract.reading import Item, read_many
        from digest.collect.http.fetch import fetch_one

        page = fetch_one(url, self.house.http)
        if page.error:
            raise ArticleError(url, page.error)
        item = Item(url, page.body, page.final_url or url, page.content_type)
        return next(read_many([item], sandbox=self.house.sandbox))
