"""Webhooks: a proven complaint ends all mail to an address; anything unproven changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from digest.bootstrap import App, open_app
from digest.settings import load
from digest.web.wiring import application
from tests.web.conftest import NOW, SETTINGS

SECRET = "thirty-two-characters-of-a-secret"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    (tmp_path / "settings.toml").write_text(f'{SETTINGS}\n[bounces]\nwebhook_secret = "{SECRET}"\n', encoding="utf-8")
    with open_app(load(tmp_path / "settings.toml", {}), clock=lambda: NOW) as opened:
        opened.subscriptions.add("ada@example.org", "morning")
        yield opened


COMPLAINT = {
    "RecordType": "SpamComplaint",
    "ID": 42,
    "Email": "ada@example.org",
    "BouncedAt": "2026-11-24T06:00:00Z",
    "Type": "SpamComplaint",
}


def post(app: App, path: str, body: object) -> int:
    with TestClient(application(app), base_url="https://news.example.org") as client:
        return client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"}).status_code


def test_proven_complaint_suppresses_at_once_and_counts_once(app: App) -> None:
    for _ in range(2):
        assert post(app, f"/returned/postmark/{SECRET}", COMPLAINT) == 200
    assert [(s.address, s.reason) for s in app.context.store.suppressions.all()] == [("ada@example.org", "complaint")]
    assert list(app.context.store.subscriptions.audience("morning")) == []


@pytest.mark.parametrize("path", ["/returned/postmark", "/returned/postmark/wrong", "/returned/ses"])
def test_unproven_webhook_changes_nothing(app: App, path: str) -> None:
    assert post(app, path, COMPLAINT) in (400, 403)
    assert list(app.context.store.suppressions.all()) == []


def test_unknown_service_and_huge_body_are_refused(app: App) -> None:
    assert post(app, f"/returned/nobody/{SECRET}", COMPLAINT) == 404
    assert post(app, f"/returned/postmark/{SECRET}", "x" * 6_000_000) == 413
    assert post(app, f"/returned/postmark/{SECRET}", ["nonsense"]) == 400
