"""Bootstrap: settings in, a wired house out. The only module that names every edge."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from digest import process
from digest.compose.edition import EDITABLE, Edition, approved, edition_id
from digest.compose.slot import Slot, slot_at, slots_of_day
from digest.deliver.address import canonical
from digest.deliver.subscriber import Subscriber
from digest.errors import EditionError, HeldBack, SettingsError
from digest.services import collect_feeds as first
from digest.services import compose_edition as second
from digest.services.ports import Progress, silent
from digest.settings import Settings
from digest.settings.file import ensure_secret
from digest.text.clean import one_line

if TYPE_CHECKING:
    from digest.collect.feed import FetchOutcome, ParsedFeed
    from digest.collect.http.fetch import HttpConfig
    from digest.collect.sandbox import Sandbox
    from digest.deliver.render.rendered import Rendered
    from digest.services.editing import Desk
    from digest.services.feeds import Scout
    from digest.services.llm_leads import AskWriter
    from digest.services.mailer import Mailroom
    from digest.services.pictures import Gallery
    from digest.services.returned_mail import Postbox
    from digest.services.sending import Dispatch
    from digest.store import Store

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@contextmanager
def open_house(settings: Settings, *, clock: Clock = now_utc, upgrade: bool = True) -> Iterator[House]:
    """Open the store and wire everything; close it all at the end.

    An SQLite file that is not there is made. Raises StoreError or SettingsError with the remedy.
    """
    from digest.store import open_store

    settings = ensure_secret(settings)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings.store.url, upgrade=upgrade))
        yield House(settings, store, clock, stack)


class House:
    """The program for one settings file: the three verbs with everything they need."""

    def __init__(self, settings: Settings, store: Store, clock: Clock, stack: ExitStack) -> None:
        self.settings, self.store, self.clock = settings, store, clock
        self._stack = stack
        self.stopping = threading.Event()  # set: what runs comes to its next safe point

    # --- collect ---------------------------------------------------------------------------------------------

    @cached_property
    def http(self) -> HttpConfig:
        """How we fetch."""
        from digest.collect.http.fetch import HttpConfig

        asked = self.settings.collect
        config = HttpConfig(
            allow_private=asked.allow_private_networks,
            at_once=asked.concurrency,
            per_host=asked.per_host,
            timeout=asked.timeout.total_seconds(),
            max_body=asked.max_body,
            should_stop=self.stopping.is_set,
        )
        return replace(config, user_agent=asked.user_agent) if asked.user_agent else config

    @cached_property
    def sandbox(self) -> Sandbox:
        """Child processes with limits, for foreign bytes."""
        from digest.collect.sandbox import Sandbox

        preload = ["digest.collect.parse.feedparser", "digest.collect.extract.preload"]
        return self._stack.enter_context(
            Sandbox(self.settings.collect.processes, preload=preload, should_stop=self.stopping.is_set)
        )

    def topics_of_feeds(self, newsletter: str | None = None) -> dict[str, tuple[str, ...]]:
        """Every feed address (of a newsletter's topics) with the topics it brings."""
        chosen = second.newsletter_of(self.settings, newsletter).topics if newsletter else tuple(self.settings.topics)
        found: dict[str, tuple[str, ...]] = {}
        for topic in chosen:
            for feed in self.settings.topics[topic].feeds:
                found[feed.url] = (*found.get(feed.url, ()), topic)
        return found

    def collect(
        self,
        newsletter: str | None = None,
        *,
        forced: bool = False,
        progress: Progress = silent,
    ) -> first.Collected:
        """Poll the feeds that are due and read what is new."""
        from digest.collect.http.fetch import fetch_feeds, fetch_pages
        from digest.collect.read_entries import read_entries

        urls = self.topics_of_feeds(newsletter)
        if not urls:
            raise SettingsError(f"{self.settings.path}: no feeds yet; 'digest feeds add https://site --topic TOPIC'")
        with process.run() as name:
            every, should_stop = self.settings.collect.every, self.stopping.is_set
            return first.collect(
                self.store,
                urls,
                fetch=lambda feeds: fetch_feeds(feeds, self.http),
                parse=self.parse,
                read=lambda entries: read_entries(entries, lambda pages: fetch_pages(pages, self.http), self.sandbox),
                now=self.clock(),
                day_start=self._day_start(newsletter),
                rounds=first.Rounds(every, forced, should_stop, owner=name, is_gone=process.is_gone),
                progress=progress,
            )

    def parse(self, outcomes: Iterable[FetchOutcome]) -> Iterator[tuple[FetchOutcome, ParsedFeed]]:
        from digest.collect.parse.feedparser import parse_feeds

        return parse_feeds(outcomes, self.sandbox)

    def _day_start(self, newsletter: str | None) -> datetime:
        """Midnight in the zone of the newsletter, or the earliest of all newsletters' midnights."""
        chosen = [newsletter] if newsletter else list(self.settings.newsletters)
        zones = {self.settings.newsletters[key].zone for key in chosen} or {ZoneInfo("UTC")}
        now = self.clock()
        return min(datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC) for zone in zones)

    @property
    def media(self) -> Path:
        """The folder of pictures that mails link to, served at /media."""
        return self.settings.folder / "media"

    # --- compose ---------------------------------------------------------------------------------------------

    def edition(self, name: str) -> Edition:
        """The edition with this id, or the newest of the newsletter with this name. Raises EditionError."""
        found = self.store.editions.get(name)
        if found is None and name in self.settings.newsletters:
            found = next(iter(self.store.editions.recent(name, 1)), None)
            if found is None:
                raise EditionError(f"newsletter {name!r} has no edition yet: 'digest compose {name}'")
        if found is None:
            newest = ", ".join(edition.id for edition in self.store.editions.recent(None, 3)) or "none yet"
            raise EditionError(f"there is no edition {name!r}; the newest are: {newest}")
        return found

    def slot(self, newsletter: str, local: datetime | None) -> Slot:
        """The slot of a local time, or the one that composing now means."""
        calendar = second.calendar_of(second.newsletter_of(self.settings, newsletter))
        if local is not None:
            return slot_at(calendar, local)
        return second.choose_slot(self.store, self.settings, newsletter, self.clock())

    def in_calendar(self, newsletter: str, local: datetime) -> bool:
        """Whether a newsletter's settings have a slot at a local time; an edition may be composed for any other too."""
        calendar = second.calendar_of(second.newsletter_of(self.settings, newsletter))
        return any(slot.local == local for slot in slots_of_day(calendar, local.date()))

    def compose(self, newsletter: str, local: datetime | None = None) -> tuple[Edition, bool]:
        """The edition of a slot, and whether it was made now (False: the slot had it already)."""
        slot = self.slot(newsletter, local)
        existing = self.store.editions.get(edition_id(newsletter, slot.local))
        if existing is not None:
            self.complete(existing)
            return existing, False
        now = self.clock()
        edition = second.compose(
            self.store, self.settings, newsletter, slot, now=now, author="command", writer=self.writer
        )
        self.finish_composing(edition)
        return edition, True

    def finish_composing(self, edition: Edition, progress: Progress = silent) -> None:
        """What follows a new edition: its pictures are fetched, and its readers frozen if it needs no review."""
        if edition.state == "skipped":
            return
        self.gallery.fetch(edition, progress)
        if edition.state == "approved":
            self.dispatch.plan(edition)

    def complete(self, edition: Edition) -> None:
        """Fetch the pictures that a process which died did not come to; what some readers have stays as it is."""
        if edition.state in EDITABLE:
            self.gallery.complete(edition)

    @cached_property
    def gallery(self) -> Gallery:
        """The pictures that mails show."""
        from digest.services.pictures import Gallery

        return Gallery(self.media, lambda: self.http, lambda: self.sandbox)

    @property
    def writer(self) -> AskWriter | None:
        """Who writes leads, by [llm]; None when that is off, and then nothing of it is even imported."""
        asked = self.settings.llm
        if not asked.url or not asked.model or not asked.daily:
            return None
        from digest.compose.llm.client import Kept, Service, ask

        kept = Kept(
            load=lambda key: self.store.articles.cached("written lead", key),
            save=lambda key, value: self.store.articles.save_cached("written lead", key, value, now=self.clock()),
            take=lambda: self.store.meta.take("llm requests", self.clock().date().isoformat(), asked.daily),
        )
        service = Service(
            asked.url,
            asked.model,
            asked.key.get_secret_value(),
            asked.timeout.total_seconds(),
            self.settings.user_agent,
        )
        return lambda sources: ask(sources, service, kept, self.stopping.is_set)

    def skip(self, newsletter: str, local: datetime) -> None:
        """Record a coming slot as skipped; its stories go into the next edition. Raises EditionError for no slot."""
        calendar = second.calendar_of(second.newsletter_of(self.settings, newsletter))
        slot = next((slot for slot in slots_of_day(calendar, local.date()) if slot.local == local), None)
        if slot is None:
            raise EditionError(f"{newsletter} has no slot at {local:%Y-%m-%dT%H:%M}: see 'digest schedule next'")
        if slot.closed:
            raise EditionError(f"{newsletter} {slot.key} has no edition anyway: {slot.closed}")
        if self.clock() > slot.send_at + calendar.max_late:
            raise EditionError(f"{newsletter} {slot.key} is over: see 'digest schedule list' for what became of it")
        if self.store.editions.get(edition_id(newsletter, slot.local)) is not None:
            raise EditionError(f"{newsletter} {slot.key} has an edition: 'digest deliver EDITION --cancel' instead")
        self.store.editions.decide_slot(newsletter, slot.key, "skipped", "skipped by hand", now=self.clock())

    def approve(self, edition: Edition, by: str, content: str | None = None) -> int:
        """Approve what was seen and freeze who gets it; how many deliveries are planned.

        `content` is (the start of) the hash that the editor saw; None means the present content.
        """
        seen = edition.content_hash
        if content is not None and not seen.startswith(content):
            seen = content
        approved(edition, seen, by)  # raises what is wrong, in words
        if edition.state != "approved":
            self.store.editions.approve(edition.id, edition.content_hash, by, now=self.clock())
        return self.dispatch.plan(self.edition(edition.id))

    # --- the desk --------------------------------------------------------------------------------------------

    @cached_property
    def desk(self) -> Desk:
        """What editors do."""
        from digest.services.editing import Desk

        return Desk(self)

    # --- deliver ---------------------------------------------------------------------------------------------

    @cached_property
    def mailroom(self) -> Mailroom:
        """Rendering, links, transport."""
        from digest.services.mailer import Mailroom

        return self._stack.enter_context(Mailroom(self.settings, self.gallery.of))

    def render(self, edition: Edition, **variant: Any) -> Rendered:
        """The mail of an edition; the same function that sending uses."""
        return self.mailroom.render(edition, **variant)

    @cached_property
    def dispatch(self) -> Dispatch:
        """Planning and sending."""
        from digest.services.sending import Dispatch

        return Dispatch(self)

    # --- readers ---------------------------------------------------------------------------------------------

    def subscribe(
        self,
        address: str,
        newsletter: str,
        *,
        name: str = "",
        language: str = "",
        topics: Sequence[str] = (),
        again: bool = False,
    ) -> Subscriber:
        """Subscribe somebody, confirmed. Raises HeldBack for a suppressed address, unless `again` lifts that."""
        known = second.newsletter_of(self.settings, newsletter).topics
        for topic in topics:
            if topic not in known:
                raise SettingsError(f"newsletter {newsletter!r} has no topic {topic!r}; it has: {', '.join(known)}")
        now, text = self.clock(), canonical(address).text
        held = self.store.readers.why(text).suppression
        if held is not None and not again:
            raise HeldBack(f"{text} is not mailed ({held.reason} since {held.since:%Y-%m-%d}); with --again it is")
        person = self.store.readers.add(text, one_line(name, 200), language, now=now)
        detail = "by hand" if held is None else f"by hand, again after: {held.reason}"
        self.store.readers.subscribe(person.id, newsletter, topics, "confirmed", now=now, detail=detail)
        if held is not None:
            self.store.readers.unsuppress(text)
        return person

    @cached_property
    def postbox(self) -> Postbox:
        """What comes back: returned mail, complaints, webhooks."""
        from digest.services.returned_mail import Postbox

        return Postbox(self)

    @cached_property
    def scout(self) -> Scout:
        """Looking at feeds without storing anything."""
        from digest.services.feeds import Scout

        return Scout(self)
