"""A subscriber of several newsletters gets a story once, everybody else gets all stories, and variants stay few."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.compose.edit import Drop
from digest.deliver.audience import ALL_SEEN_ELSEWHERE, Variant
from digest.errors import AlreadySent
from digest.services.deliver.overlap import SETS, SIBLINGS
from digest.store import Store
from tests.services.samples import FEED, NEWS, NOW, Clock, app_of, bring, settings_of

MORE = """
[topics.late]
title = "Late"
feeds = ["https://times.example/feed"]
limit = 20
[newsletters.noon]
title = "Noon"
timezone = "Europe/Paris"
sender = { name = "Noon", address = "noon@example.org" }
topics = ["world", "late"]
send_at = "12:00"
min_stories = 1
pictures = "none"
review = "required"
"""
MORNING, NOON = "morning-2026-11-24-0700", "noon-2026-11-24-1200"


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW + timedelta(minutes=15))


@pytest.fixture
def app(store: Store, tmp_path: Path, clock: Clock) -> App:
    bring(store, 0, 1)
    app = app_of(settings_of(tmp_path, MORE, max_age='"2d"'), store, clock)
    for name, newsletters in {"ada": ("morning", "noon"), "bob": ("noon",), "cyd": ("morning",)}.items():
        for newsletter in newsletters:
            app.subscriptions.add(f"{name}@example.org", newsletter)
    return app


def publish(app: App, clock: Clock, newsletter: str, *, send: bool = True) -> None:
    edition, _ = app.composing.compose(newsletter)
    app.approving.approve(edition, "ada")
    if send:
        clock.moment = edition.send_at
        app.sending.deliver(app.editions.get(edition.id))


def mail(app: App, edition_id: str, name: str) -> str:
    """The mail that somebody got; "" when none."""
    for path in (app.settings.folder / "outbox" / edition_id).glob("*.eml"):
        text = path.read_text(encoding="utf-8").replace("=\n", "").replace("=\r\n", "")
        if f"{name}@example.org" in text.partition("Subject:")[0]:
            return text
    return ""


def test_story_is_not_repeated_in_second_newsletter(app: App, clock: Clock) -> None:
    publish(app, clock, "morning")
    bring(app.context.store, 2, at=clock.moment + timedelta(hours=1), feed="https://times.example/feed")
    clock.moment += timedelta(hours=4, minutes=30)
    publish(app, clock, "noon")
    assert len(app.editions.get(NOON).stories) == 3
    ada, bob = mail(app, NOON, "ada"), mail(app, NOON, "bob")
    assert NEWS[2][0] in ada
    assert NEWS[0][0] not in ada
    assert NEWS[1][0] not in ada
    assert all(NEWS[number][0] in bob for number in (0, 1, 2))
    assert all(NEWS[number][0] in mail(app, MORNING, "cyd") for number in (0, 1))


def test_reader_with_nothing_new_is_skipped_with_reason(app: App, clock: Clock) -> None:
    publish(app, clock, "morning", send=False)
    app.composing.compose("noon")
    app.approving.approve(app.editions.get("noon"), "ada")
    rows = {d.address: (d.state, d.reason) for d in app.context.store.deliveries.listing(NOON)}
    assert rows == {"ada@example.org": ("skipped", ALL_SEEN_ELSEWHERE), "bob@example.org": ("planned", "")}


def test_story_of_cancelled_edition_is_sent_in_other(app: App, clock: Clock) -> None:
    publish(app, clock, "morning", send=False)
    app.sending.cancel(app.editions.get(MORNING))
    app.composing.compose("noon")
    app.approving.approve(app.editions.get("noon"), "ada")
    assert {d.state for d in app.context.store.deliveries.listing(NOON)} == {"planned"}


@pytest.mark.parametrize("how", ["cancelled", "dropped", "skipped"])
def test_story_withdrawn_after_planning_is_given_back(app: App, clock: Clock, how: str) -> None:
    publish(app, clock, "morning", send=False)
    bring(app.context.store, 2, at=clock.moment + timedelta(hours=1), feed="https://times.example/feed")
    clock.moment += timedelta(hours=1, minutes=30)
    publish(app, clock, "noon", send=False)
    topics = {d.address: Variant.parse(d.variant).topics for d in app.context.store.deliveries.listing(NOON)}
    assert topics == {"ada@example.org": ("late",), "bob@example.org": ("world", "late")}
    morning = app.editions.get(MORNING)
    if how == "cancelled":
        app.sending.cancel(morning)
    elif how == "skipped":
        app.context.store.editions.set_state(MORNING, ["approved"], "skipped", "too late", now=clock())
    else:
        morning = app.editing.edit(morning, Drop(next(s.key for s in morning.stories if s.title == NEWS[0][0])), "ada")
        app.approving.approve(morning, "ada")
        clock.moment = morning.send_at
        app.sending.deliver(app.editions.get(MORNING))
    clock.moment = app.editions.get(NOON).send_at
    app.sending.deliver(app.editions.get(NOON))
    ada = mail(app, NOON, "ada")
    assert NEWS[0][0] in ada
    assert (NEWS[1][0] in ada) == (how != "dropped")
    assert NEWS[2][0] in ada


def test_skipped_reader_is_replanned_when_other_edition_is_cancelled(app: App, clock: Clock) -> None:
    publish(app, clock, "morning", send=False)
    app.composing.compose("noon")
    app.approving.approve(app.editions.get("noon"), "ada")
    app.sending.cancel(app.editions.get(MORNING))
    clock.moment = app.editions.get(NOON).send_at
    done = app.sending.deliver(app.editions.get(NOON))
    assert (done.state, done.counts) == ("sent", {"accepted": 2})


def test_plan_is_final_once_sending_began(app: App, clock: Clock) -> None:
    publish(app, clock, "morning", send=False)
    app.composing.compose("noon")
    app.approving.approve(app.editions.get("noon"), "ada")
    clock.moment = app.editions.get(NOON).send_at
    app.sending.deliver(app.editions.get(NOON))
    before = list(app.context.store.deliveries.listing(NOON))
    app.sending.cancel(app.editions.get(MORNING))
    with pytest.raises(AlreadySent):
        app.sending.deliver(app.editions.get(NOON))
    assert list(app.context.store.deliveries.listing(NOON)) == before


def test_reader_without_that_topic_elsewhere_gets_story(app: App, clock: Clock) -> None:
    app.subscriptions.add("dan@example.org", "noon", topics=["late"])
    app.subscriptions.add("dan@example.org", "morning")
    bring(app.context.store, 3, at=NOW, feed="https://times.example/feed")
    publish(app, clock, "noon", send=False)  # who is planned first tells the story
    publish(app, clock, "morning", send=False)
    rows = {d.address: d.state for d in app.context.store.deliveries.listing(MORNING)}
    assert rows == {"ada@example.org": "skipped", "cyd@example.org": "planned", "dan@example.org": "planned"}


def test_number_of_variants_is_bounded(store: Store, tmp_path: Path) -> None:
    keys = [f"extra{number}" for number in range(SIBLINGS + 2)]
    parts = [
        f'[topics.t{n}]\ntitle = "T{n}"\nfeeds = ["https://t{n}.example/feed"]\n'
        + MORE.partition("[newsletters.noon]")[2]
        .join(["[newsletters." + key + "]", ""])
        .replace('topics = ["world", "late"]', f'topics = ["t{n}"]')
        for n, key in enumerate(keys)
    ]
    clock = Clock(NOW + timedelta(minutes=15))
    app = app_of(settings_of(tmp_path, "\n".join(parts)), store, clock)
    for n in range(len(keys)):
        bring(store, n, feed=f"https://t{n}.example/feed")
        bring(store, n, feed=FEED)
    for number in range(2 ** len(keys)):
        chosen = [key for n, key in enumerate(keys) if number >> n & 1]
        for key in ("morning", *chosen):
            app.subscriptions.add(f"reader{number}@example.org", key)
    bring(store, 9)
    for key in keys:
        publish(app, clock, key, send=False)
    publish(app, clock, "morning", send=False)
    variants = {d.variant for d in store.deliveries.listing(MORNING)}
    assert 1 < len(variants) <= SETS + 1
    assert all(d.state == "planned" for d in store.deliveries.listing(MORNING))
