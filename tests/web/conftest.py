"""A program with one sent edition and its web application, for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from digest.bootstrap import App, open_app
from digest.deliver.subscriber import Subscriber
from digest.settings import load
from digest.web.wiring import application

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
SETTINGS = """
[site]
base_url = "https://news.example.org"
name = "Example Press"
secret = "a secret of at least thirty-two characters"
postal_address = "1 Lighthouse Road, Port Sall"

[topics.world]
title = "World"

[topics.science]
title = "Science"

[newsletters.morning]
title = "The Morning"
timezone = "Europe/Paris"
sender = { name = "The Morning", address = "morning@example.org" }
topics = ["world", "science"]

[newsletters.matin]
title = "Le Matin"
language = "fr"
timezone = "Europe/Paris"
sender = { name = "Le Matin", address = "matin@example.org" }
topics = ["world"]
"""


@dataclass
class Site:
    """The application, its app, and a reader of each newsletter."""

    app: App
    client: TestClient
    ada: Subscriber
    emile: Subscriber

    def token(self, reader: Subscriber, newsletter: str = "morning") -> str:
        return self.app.messages.links.token(reader.id, newsletter)

    def state(self, reader: Subscriber, newsletter: str = "morning") -> str:
        ties = {tie.newsletter: tie for tie in self.app.context.store.subscriptions.of(reader.id)}
        return ties[newsletter].state


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    path = tmp_path / "settings.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    with open_app(load(path, {}), clock=lambda: NOW) as app:
        ada = app.subscriptions.add("ada@example.org", "morning", name="Ada")
        emile = app.subscriptions.add("emile@example.org", "matin", language="fr")
        with TestClient(application(app), base_url="https://news.example.org") as client:
            yield Site(app, client, ada, emile)
