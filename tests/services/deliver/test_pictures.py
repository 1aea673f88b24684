"""Pictures of editions: those that a dead process did not fetch are fetched before preview and sending."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.collect.article import Image
from digest.collect.feed import Feed
from digest.jobs import Jobs
from digest.services.compose.compose_edition import compose
from digest.services.compose.composing import PICTURES
from digest.services.context import Context
from digest.store import Store
from tests.collect.site import Reply, Site
from tests.deliver import editions
from tests.services.samples import FEED, MORNING, NOW, Clock, article_of, entry_of, settings_of

#: Past the cut-off of the morning's slot, before it is sent.
COMPOSED = NOW + timedelta(minutes=20)
OURS = "https://news.example.org/media/"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.routes["/bridge.jpg"] = Reply(200, editions.photograph(1), {"Content-Type": "image/jpeg"})
        yield site


@pytest.fixture
def app(sqlite_store: Store, tmp_path: Path, site: Site) -> Iterator[App]:
    """A app whose process was killed as soon as it had stored the morning's edition, without its picture."""
    settings = settings_of(tmp_path, "[collect]\nallow_private_networks = true", pictures='"linked"')
    entry, article = entry_of(0), replace(article_of(0), image=Image(site.url("/bridge.jpg"), "The bridge"))
    sqlite_store.feeds.save(Feed(FEED, title="Herald"), [entry], now=NOW)
    sqlite_store.articles.save([(entry, article)], now=NOW)
    with ExitStack() as stack:
        app = App(Context(settings, sqlite_store, Clock(COMPOSED), threading.Event()), stack)
        compose(sqlite_store, settings, "morning", app.composing.slot("morning", None), now=COMPOSED)
        yield app


def shows_it(app: App) -> bool:
    return OURS in app.rendering.render(app.editions.get(MORNING)).html


def clock_of(app: App) -> Clock:
    assert isinstance(app.clock, Clock)
    return app.clock


def test_missing_pictures_are_fetched_after_grace_period(app: App, site: Site) -> None:
    Jobs(app).compose()
    assert site.paths == [], "whoever composed it may be at it"
    clock_of(app).moment += PICTURES
    Jobs(app).compose()
    assert shows_it(app)
    Jobs(app).compose()
    assert site.paths.count("/bridge.jpg") == 1


def test_compose_again_fetches_missing_pictures(app: App) -> None:
    edition, made = app.composing.compose("morning")
    assert (edition.id, made) == (MORNING, False)
    assert shows_it(app)


def test_deliver_fetches_missing_pictures_first(app: App, tmp_path: Path) -> None:
    app.subscriptions.add("ada@example.org", "morning")
    app.approving.approve(app.editions.get(MORNING), "ada")
    app.sending.deliver(app.editions.get(MORNING), at_once=True)
    (mail,) = (tmp_path / "outbox").glob("**/*.eml")
    assert OURS.encode() in mail.read_bytes().replace(b"=\r\n", b"").replace(b"=\n", b"")


def test_edition_being_sent_fetches_no_pictures(app: App, site: Site) -> None:
    app.context.store.editions.set_state(MORNING, ["in_review"], "approved", now=COMPOSED)
    app.context.store.editions.set_state(MORNING, ["approved"], "sending", now=COMPOSED)
    clock_of(app).moment += PICTURES
    Jobs(app).compose()
    app.pictures.complete(app.editions.get(MORNING))
    assert site.paths == []


def test_unavailable_picture_is_tried_once(app: App, site: Site) -> None:
    site.routes["/bridge.jpg"] = Reply(404)
    clock_of(app).moment += PICTURES
    for _ in range(3):
        Jobs(app).compose()
    assert site.paths.count("/bridge.jpg") == 1
    assert not shows_it(app)
