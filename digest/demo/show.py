"""The demo's run: yesterday and today by a clock of its own; everything but the news is real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from digest.bootstrap import App, open_app
from digest.compose.edition import Edition
from digest.demo.content import ZONE
from digest.demo.server import serve
from digest.demo.site import settings_text, subscribers_csv, whole_day
from digest.errors import DigestError
from digest.services.context import Progress
from digest.settings import load

#: The name of the demo's editor.
EDITOR = "the demo's editor"


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is set."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment.astimezone(UTC)


@dataclass(slots=True)
class Summary:
    """The counts and editions of the day."""

    seconds: float = 0.0
    feeds: int = 0
    articles: int = 0
    outlets: int = 0
    unread: int = 0  # articles whose page could not be read
    removed: int = 0  # pieces of noise taken out of pages
    messages: int = 0
    outbox: Path = Path()
    editions: list[Edition] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)


@contextmanager
def open_day(folder: Path, outbox: Path, site_url: str, day: date) -> Iterator[tuple[App, Clock]]:
    """Open the program in `folder` with the demo's feeds, before anything has happened."""
    clock = Clock(whole_day(day - timedelta(days=1)))
    with serve(day, now=clock) as news_url:
        path = folder / "settings.toml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(settings_text(news_url, site_url), encoding="utf-8")
            outbox.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DigestError(
                f"{outbox}: cannot be written ({error.strerror})", "name another with --outbox"
            ) from error
        environ = {"DIGEST_DELIVER__OUTBOX": str(outbox.resolve())}
        with open_app(load(path, environ), clock=clock) as app:
            yield app, clock


def run_days(app: App, clock: Clock, day: date, progress: Progress) -> Summary:
    """Run the day before, for the ledger, then the day itself, until the mails are in the outbox."""
    began = monotonic()
    summary = Summary(outbox=app.settings.deliver.outbox)
    _one_day(app, clock, day - timedelta(days=1), _prefixed(progress, "yesterday "))
    app.subscriber_lists.import_csv(subscribers_csv())
    for edition in _one_day(app, clock, day, progress):
        summary.editions.append(edition)
        summary.subjects[edition.id] = app.rendering.render(edition).subject
        summary.messages += app.sending.counts(edition)["accepted"]
    articles = app.collecting.articles()
    summary.feeds, summary.articles = len(app.feeds.listing()[0]), len(articles)
    # The first segment of a path is the outlet's, whatever its name in each language.
    summary.outlets = len({urlsplit(article.url).path.strip("/").partition("/")[0] for article in articles})
    summary.unread = sum(article.problem is not None for article in articles)
    summary.removed = sum(len(article.removed) for article in articles)
    summary.seconds = monotonic() - began
    return summary


def _one_day(app: App, clock: Clock, day: date, progress: Progress) -> list[Edition]:
    """Collect, compose, approve and deliver, each at its time, as the scheduler would."""
    clock.moment = whole_day(day)
    app.collecting.collect(progress=progress)
    editions = []
    progress("editions", 0, len(app.settings.newsletters))
    for number, key in enumerate(app.settings.newsletters, 1):
        edition, _ = app.composing.compose(key, datetime.combine(day, app.settings.newsletters[key].send_at[0]))
        if edition.state != "skipped":
            app.approving.approve(edition, EDITOR)
            editions.append(edition)
        progress("editions", number, len(app.settings.newsletters))
    total = sum(sum(app.sending.counts(edition).values()) for edition in editions)
    done = 0
    progress("messages", 0, total)
    for edition in editions:
        clock.moment = max(edition.send_at.astimezone(ZONE), clock.moment)
        done += app.sending.deliver(app.editions.get(edition.id)).sent
        progress("messages", done, total)
    return [app.editions.get(edition.id) for edition in editions]


def _prefixed(progress: Progress, prefix: str) -> Progress:
    """Return the same progress with prefixed stages, so that each day has its own bars; only long stages are shown."""
    shown = {"feeds", "articles"}

    def show(stage: str, done: int, total: int) -> None:
        if stage in shown:
            progress(prefix + stage, done, total)

    return show
