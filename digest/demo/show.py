"""The demo's day: yesterday and today lived through by a clock of its own, with everything real but the news."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from digest.bootstrap import House, open_house
from digest.compose.edition import Edition
from digest.deliver.subscriber_csv import read_rows
from digest.demo.content import ZONE
from digest.demo.server import serve
from digest.demo.site import settings_text, subscribers_csv, whole_day
from digest.errors import DigestError
from digest.services.ports import Progress
from digest.settings import load

#: What the demo's editor signs with.
EDITOR = "the demo's editor"


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment.astimezone(UTC)


@dataclass(slots=True)
class Summary:
    """What the day came to."""

    seconds: float = 0.0
    feeds: int = 0
    articles: int = 0
    outlets: int = 0
    unread: int = 0  # whose page could not be read
    removed: int = 0  # pieces of noise taken out of pages
    messages: int = 0
    outbox: Path = Path()
    editions: list[Edition] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)


@contextmanager
def open_day(folder: Path, outbox: Path, site_url: str, day: date) -> Iterator[tuple[House, Clock]]:
    """A house in `folder` whose feeds are the newsstand's, before anything has happened."""
    clock = Clock(whole_day(day - timedelta(days=1)))
    with serve(day, now=clock) as news_url:
        path = folder / "settings.toml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(settings_text(news_url, site_url), encoding="utf-8")
            outbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DigestError(f"{outbox}: cannot be written ({error.strerror}); name another with --outbox") from error
        environ = {"DIGEST_DELIVER__OUTBOX": str(outbox.resolve())}
        with open_house(load(path, environ), clock=clock) as house:
            yield house, clock


def live(house: House, clock: Clock, day: date, progress: Progress) -> Summary:
    """Live through the day before, for the ledger, then through the day itself, until the mails are in the outbox."""
    began = monotonic()
    summary = Summary(outbox=house.settings.deliver.outbox)
    _one_day(house, clock, day - timedelta(days=1), _named(progress, "yesterday "))
    people = read_rows(subscribers_csv(), house.settings.offered)
    house.store.readers.import_many(people.people, now=clock())
    for edition in _one_day(house, clock, day, progress):
        summary.editions.append(edition)
        summary.subjects[edition.id] = house.render(edition).subject
        summary.messages += house.store.deliveries.summary(edition.id)["accepted"]
    feeds = house.store.feeds.get(house.topics_of_feeds())
    known = house.store.articles.candidates(list(feeds), datetime.min.replace(tzinfo=UTC), clock() + timedelta(days=1))
    summary.feeds, summary.articles = len(feeds), len(known)
    # The first step of an address is the outlet's, in whatever language it calls itself.
    summary.outlets = len({urlsplit(article.url).path.strip("/").partition("/")[0] for _, article in known})
    summary.unread = sum(article.problem is not None for _, article in known)
    summary.removed = sum(len(article.removed) for _, article in known)
    summary.seconds = monotonic() - began
    return summary


def _one_day(house: House, clock: Clock, day: date, progress: Progress) -> list[Edition]:
    """Collect, compose, approve, deliver: as the scheduler would, each at its hour."""
    clock.moment = whole_day(day)
    house.collect(progress=progress)
    editions = []
    progress("editions", 0, len(house.settings.newsletters))
    for number, key in enumerate(house.settings.newsletters, 1):
        edition, _ = house.compose(key, datetime.combine(day, house.settings.newsletters[key].send_at[0]))
        if edition.state != "skipped":
            house.approve(edition, EDITOR)
            editions.append(edition)
        progress("editions", number, len(house.settings.newsletters))
    total = sum(sum(house.store.deliveries.summary(e.id).values()) for e in editions)
    done = 0
    progress("messages", 0, total)
    for edition in editions:
        clock.moment = max(edition.send_at.astimezone(ZONE), clock.moment)
        done += house.dispatch.deliver(house.edition(edition.id)).sent
        progress("messages", done, total)
    return [house.edition(edition.id) for edition in editions]


def _named(progress: Progress, prefix: str) -> Progress:
    """The same progress under other names, so that two days have bars of their own; small stages are not shown."""
    shown = {"feeds", "articles"}

    def show(stage: str, done: int, total: int) -> None:
        if stage in shown:
            progress(prefix + stage, done, total)

    return show
