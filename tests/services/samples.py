"""Settings, a settable clock and articles for the tests of services."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.bootstrap import App
from digest.collect.article import Article
from digest.collect.entry import Entry
from digest.collect.feed import Feed
from digest.collect.lead import choose
from digest.services.context import Context
from digest.settings import Settings, load
from digest.store import Store

FEED = "https://herald.example/feed"
#: 06:00 in Paris on a Tuesday, before the cut-off (06:15) of the morning's slot at 07:00.
NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MORNING = "morning-2026-11-24-0700"

#: Events as (title, text), each its own.
NEWS = (
    ("Harbour bridge closes for repairs", "Engineers closed the harbour bridge after cracks appeared in two pylons."),
    ("Parliament votes on school meals", "Free lunches for every pupil passed the lower house by eleven ballots."),
    ("Orchard frost ruins apple crop", "Farmers in the valley lost most of their blossoms to a freezing night."),
    ("Museum recovers stolen violin", "Police returned an instrument from 1712 that thieves took from its vitrine."),
    ("Ferry strike enters second week", "Dockers and captains refuse overtime until the company withdraws its rota."),
    ("Comet passes at its brightest", "Astronomers expect the tail to be visible without binoculars until Friday."),
    ("Central bank keeps interest rate", "Governors left borrowing costs unchanged and warned about wages."),
    ("Striker signs for northern club", "The forward agreed a contract until 2030 and moves for nine million."),
    ("Volcano ash grounds island flights", "Airlines cancelled departures while a plume drifted over the runway."),
    ("Theatre opens with forgotten opera", "A baroque score found in an attic fills the new stage tonight."),
)


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is set."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment


def settings_of(folder: Path, more: str = "", **newsletter: str) -> Settings:
    """Settings with one newsletter, 'morning' at 07:00 in Paris; keyword values are TOML. `more` follows."""
    keys = {
        "title": '"The Morning"',
        "timezone": '"Europe/Paris"',
        "sender": '{ name = "The Morning", address = "morning@example.org" }',
        "topics": '["world"]',
        "min_stories": "1",
        "pictures": '"none"',
        "review": '"required"',
    } | newsletter
    lines = "\n".join(f"{name} = {value}" for name, value in keys.items())
    site = '[site]\nbase_url = "https://news.example.org"\npostal_address = "1 Example Street"\n'
    topic = f'[topics.world]\ntitle = "World"\nfeeds = ["{FEED}"]\nlimit = 20\n'
    text = f"{site}{topic}[newsletters.morning]\n{lines}\n{more}\n"
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, {"DIGEST_SITE__SECRET": "s" * 32})


def app_of(settings: Settings, store: Store, clock: Clock) -> App:
    """A app on a store of the test's, at the time of the test's."""
    return App(Context(settings, store, clock, threading.Event()), ExitStack())


def bring(store: Store, *numbers: int, at: datetime = NOW, feed: str = FEED, published: datetime | None = None) -> None:
    """These pieces of NEWS arrive at `at` and are read."""
    entries = [entry_of(number, feed, published) for number in numbers]
    store.feeds.save(Feed(feed, title="Herald"), entries, now=at)
    store.articles.save([(one, article_of(number)) for number, one in zip(numbers, entries, strict=True)], now=at)


def entry_of(number: int, feed: str = FEED, published: datetime | None = None) -> Entry:
    """One piece of NEWS as the feed gives it."""
    url = address(number)
    return Entry(feed, url, url, url, NEWS[number][0], published=published, position=number, content_hash=str(number))


def article_of(number: int) -> Article:
    """One piece of NEWS as read."""
    title, text = NEWS[number]
    return Article(
        address(number), address(number), title, "en", text, choose(text, title, "en"), site_name="The Herald"
    )


def address(number: int) -> str:
    """Where a piece of NEWS stands."""
    return f"https://herald.example/2026/{number}"
