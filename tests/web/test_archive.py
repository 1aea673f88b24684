"""The archive lists editions that were sent and no others, and a page of ours reports a failure."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from digest.bootstrap import open_app
from digest.demo.show import open_day
from digest.demo.site import whole_day
from digest.settings import load
from digest.web.app import Ports, build
from digest.web.subscribers.pages import Actions
from digest.web.templating import Pages
from digest.web.wiring import application
from tests.web.conftest import NOW, SETTINGS, Site


def test_empty_archive_says_so(site: Site) -> None:
    answer = site.client.get("/archive/", headers={"Accept-Language": "fr"})
    assert (answer.status_code, "Pas encore d’édition." in answer.text) == (200, True)


def test_archive_lists_sent_editions_only(tmp_path: Path) -> None:
    with open_day(tmp_path, tmp_path / "outbox", "https://news.example.org", NOW.date()) as (app, clock):
        clock.moment = whole_day(NOW.date())
        app.collecting.collect()
        slot = datetime.combine(NOW.date(), time(7))
        waiting, _ = app.composing.compose("morning", slot)
        edition, _ = app.composing.compose("matin", slot)
        app.approving.approve(edition, "Ada")
        clock.moment = edition.send_at
        app.sending.deliver(app.editions.get(edition.id))
        with TestClient(application(app), base_url="https://news.example.org") as client:
            page = client.get(f"/archive/{edition.id}").text
            assert 'href="https://news.example.org/archive/"' in page
            listed = client.get("/archive/").text
            assert f'href="{edition.id}"' in listed
            assert "Tuesday, November 24, 2026" in listed
            assert waiting.id not in listed


def test_internal_error_page_is_localised_without_details() -> None:
    def broken(token: str) -> None:
        raise OSError(f"the disk with {token} is gone")

    app = build(Ports(Actions(broken, broken, broken, lambda *_: None), Pages("Example Press"), lambda: ""))
    answer = TestClient(app, raise_server_exceptions=False).get("/unsubscribe/x", headers={"Accept-Language": "de"})
    assert answer.status_code == 500
    assert "Etwas ist schiefgegangen." in answer.text
    assert "disk" not in answer.text


@pytest.mark.parametrize(("accent", "worn"), [("#a3261b", "#a3261b"), ("#1d5a78", "#1d5a78"), ("#ffe27a", "#8")])
def test_pages_use_legible_newsletter_colour(tmp_path: Path, accent: str, worn: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'{SETTINGS}\n[newsletters.matin.brand]\naccent = "{accent}"\n', encoding="utf-8")
    with open_app(load(path, {}), clock=lambda: NOW) as app:
        token = app.messages.links.token(app.subscriptions.add("emile@example.org", "matin").id, "matin")
        with TestClient(application(app)) as client:
            assert f"--accent: {worn}" in client.get(f"/preferences/{token}").text
