"""Unsubscribing: by one tap or one click, at once, never by a robot's GET, and without revealing who subscribes."""

from __future__ import annotations

import pytest

from digest.services.deliver.messages import TEST_SUBSCRIBER
from tests.web.conftest import Site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_changes_nothing(site: Site, method: str) -> None:
    answer = site.client.request(method, f"/unsubscribe/{site.token(site.ada)}")
    assert answer.status_code == 200
    assert site.state(site.ada) == "confirmed"


def test_page_has_one_button_and_no_script(site: Site) -> None:
    page = site.client.get(f"/unsubscribe/{site.token(site.ada)}").text
    assert page.count("<button") == 1
    assert "<script" not in page
    assert 'rel="icon" href="data:,"' in page, "browsers ask for /favicon.ico otherwise, and get a 404"
    assert "Leave The Morning?" in page


def test_button_unsubscribes_and_can_be_undone(site: Site) -> None:
    token = site.token(site.ada)
    page = site.client.post(f"/unsubscribe/{token}").text
    assert "You are unsubscribed." in page
    assert site.state(site.ada) == "unsubscribed"
    assert "Welcome back." in site.client.post(f"/unsubscribe/{token}/back").text
    assert site.state(site.ada) == "confirmed"


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_returns_200_and_may_be_repeated(site: Site, form: str) -> None:
    for _ in range(2):
        body = {"data": ONE_CLICK} if form == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
        answer = site.client.post(f"/unsubscribe/{site.token(site.ada)}", follow_redirects=False, **body)
        assert answer.status_code == 200
        assert answer.text == "OK"
        assert "set-cookie" not in answer.headers
    assert site.state(site.ada) == "unsubscribed"


def test_unknown_token_gets_neutral_answer(site: Site) -> None:
    for token in ("nonsense", site.token(site.ada)[:-3] + "abc", "é" * 50):
        assert site.client.get(f"/unsubscribe/{token}").status_code == 200
        answer = site.client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
        assert (answer.status_code, answer.text) == (200, "OK")
        assert "You are unsubscribed." in site.client.post(f"/unsubscribe/{token}").text
    assert site.state(site.ada) == "confirmed"


def test_links_of_a_test_copy_say_so_and_change_nothing(site: Site) -> None:
    token = site.app.messages.links.token(TEST_SUBSCRIBER, "morning")
    for page in (f"/unsubscribe/{token}", f"/preferences/{token}"):
        for answer in (site.client.get(page), site.client.post(page)):
            assert answer.status_code == 200
            assert "This link is from a test copy." in answer.text
            assert "The Morning" in answer.text
            assert "<button" not in answer.text
    french = site.app.messages.links.token(TEST_SUBSCRIBER, "matin")
    assert "exemplaire d’essai" in site.client.get(f"/unsubscribe/{french}").text
    assert site.client.post(f"/unsubscribe/{token}", data=ONE_CLICK).text == "OK"
    assert (site.state(site.ada), site.state(site.emile, "matin")) == ("confirmed", "confirmed")


def test_huge_body_is_treated_as_button(site: Site) -> None:
    answer = site.client.post(f"/unsubscribe/{site.token(site.ada)}", content=b"x" * 1_000_000)
    assert answer.status_code == 200
    assert "You are unsubscribed." in answer.text


def test_rejoin_needs_former_confirmation(site: Site) -> None:
    stranger = site.app.context.store.subscribers.add("new@example.org", now=site.app.clock())
    site.app.context.store.subscriptions.subscribe(stranger.id, "morning", (), "unconfirmed", now=site.app.clock())
    site.client.post(f"/unsubscribe/{site.token(stranger)}")
    site.client.post(f"/unsubscribe/{site.token(stranger)}/back")
    assert site.state(stranger) == "unsubscribed"


def test_preferences_page_sets_topics(site: Site) -> None:
    token = site.token(site.ada)
    page = site.client.get(f"/preferences/{token}").text
    assert page.count("checked") == 2
    page = site.client.post(f"/preferences/{token}", data={"topic": ["science", "nonsense"]}).text
    assert page.count("checked") == 1
    [tie] = site.app.context.store.subscriptions.of(site.ada.id)
    assert tie.topics == ("science",)


def test_unsubscribe_page_offers_topics(site: Site) -> None:
    for reader, newsletter, topics in ((site.ada, "morning", 2), (site.emile, "matin", 1)):
        token = site.token(reader, newsletter)
        page = site.client.get(f"/unsubscribe/{token}").text
        assert (f'href="/preferences/{token}"' in page) == (topics > 1)
        assert "/preferences/" not in site.client.post(f"/unsubscribe/{token}").text
    assert "/preferences/" not in site.client.get("/unsubscribe/nonsense").text


def test_pages_use_subscriber_language(site: Site) -> None:
    page = site.client.get(f"/unsubscribe/{site.token(site.emile, 'matin')}", headers={"Accept-Language": "en"}).text
    assert '<html lang="fr" dir="ltr">' in page
    assert "Quitter Le Matin" in page
    assert "Se désabonner" in page
    unknown = site.client.get("/unsubscribe/nonsense", headers={"Accept-Language": "de-AT, fr;q=0.5"}).text
    assert '<html lang="de"' in unknown


def test_token_pages_send_no_referrer_and_are_not_cached(site: Site) -> None:
    answer = site.client.get(f"/unsubscribe/{site.token(site.ada)}")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_health_and_metrics_answer(site: Site) -> None:
    assert site.client.get("/health").text == "ok"
    assert "python_info" in site.client.get("/metrics").text


def test_previews_are_off_by_default(site: Site) -> None:
    assert site.client.get("/").status_code == 404
    assert site.client.get("/archive/morning-2026-11-24-0700").status_code == 404


@pytest.mark.parametrize("path", ["nothing.jpg", "../settings.toml", "%2e%2e/settings.toml"])
def test_missing_media_folder_returns_404(site: Site, path: str) -> None:
    assert not site.app.pictures.folder.exists()
    assert site.client.get(f"/media/{path}").status_code == 404
