"""The pages in a real browser: no finding of axe, no small tap target, nothing wider than the screen.

Pictures of them are kept under artefacts/pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from digest.demo.show import open_day
from digest.demo.site import whole_day
from digest.web.server import Server
from digest.web.wiring import application
from tests.paths import PROJECT

pytestmark = pytest.mark.browser

ARTEFACTS: Final = PROJECT / "artefacts" / "pages"
DAY: Final = date(2026, 11, 24)
LANGUAGES: Final = ("en", "de", "ar")
PAGES: Final = {
    "editions": "/",
    "waiting": "/editions/morning-2026-11-24-0700",
    "text": "/editions/matin-2026-11-24-0700?view=text",
    "archive": "/archive/",
    "unsubscribe": "/unsubscribe/{token}",
    "preferences": "/preferences/{token}",
    "help": "/help",
    "missing": "/nothing",
}
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")


@dataclass(frozen=True)
class Desk:
    """A served app in which one edition waits for review and another was sent; `tokens` are readers' by language."""

    url: str
    tokens: dict[str, str]

    def address(self, page: str, language: str) -> str:
        return self.url + PAGES[page].format(token=self.tokens[language])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with open_day(folder, folder / "outbox", "http://127.0.0.1:9", DAY) as (app, clock):
        clock.moment = whole_day(DAY)
        app.collecting.collect()
        for newsletter in ("morning", "matin"):
            edition, _ = app.composing.compose(newsletter, datetime.combine(DAY, time(7)))
        app.subscriptions.add("emile@example.org", "matin")
        readers = {name: app.subscriptions.add(f"{name}@example.org", "morning", language=name) for name in LANGUAGES}
        app.approving.approve(edition, "Ada")
        clock.moment = edition.send_at
        assert app.sending.deliver(app.editions.get(edition.id)).sent == 1
        tokens = {name: app.messages.links.token(reader.id, "morning") for name, reader in readers.items()}
        server = Server(application(app, previews=True), "127.0.0.1", 0)
        server.start()
        yield Desk(server.url, tokens)
        server.stop()


SMALL: Final = """() => [...document.querySelectorAll('a, button, label')].map(e => [e, e.getBoundingClientRect()])
    .filter(([_, box]) => box.height < 44 || box.width < 44)
    .map(([e, box]) => `${e.innerText} ${box.width}x${box.height}`)"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_pages_pass_accessibility_checks(desk: Desk, browser: Browser, page: str, language: str) -> None:
    for scheme in SCHEMES:
        with browser.new_context(locale=language, color_scheme=scheme, bypass_csp=True) as context:
            shown = context.new_page()
            shown.goto(desk.address(page, language))
            assert shown.locator("html").get_attribute("lang") == language
            for width in (320, 375, 1280):
                shown.set_viewport_size({"width": width, "height": 800})
                assert shown.evaluate("document.scrollingElement.scrollWidth") <= width
                assert shown.evaluate(SMALL) == []
                found = Axe().run(shown, options={"iframes": False})
                assert found.response["violations"] == [], found.generate_report()
                ARTEFACTS.mkdir(parents=True, exist_ok=True)
                shown.screenshot(path=ARTEFACTS / f"{page}-{language}-{width}-{scheme}.jpg", type="jpeg", quality=80)


def test_archive_list_uses_one_language(desk: Desk, browser: Browser) -> None:
    with browser.new_context(locale="de") as context:
        shown = context.new_page()
        shown.goto(desk.url)
        rows = [" ".join(row.split()) for row in shown.locator("li").all_inner_texts()]
        assert len(rows) == 2
        assert all("Di., 24. Nov., 07:00 ·" in row and "Meldungen" in row for row in rows), rows
        assert [shown.locator(f".state{kind}").inner_text() for kind in (".open", ".done")] == [
            "IN PRÜFUNG",
            "VERSENDET",
        ]


def test_preview_names_command_only_for_waiting_edition(desk: Desk, browser: Browser) -> None:
    with browser.new_context(locale="de") as context:
        shown = context.new_page()
        shown.goto(desk.address("waiting", "de"))
        said = [" ".join(line.split()) for line in shown.locator(".todo span").all_inner_texts()]
        edition = "morning-2026-11-24-0700"
        assert said == [f"Ändern digest edit {edition}", f"Freigeben digest approve {edition}"]
        shown.goto(desk.address("text", "de"))
        assert shown.locator(".todo").count() == 0


def test_preview_on_phone_shows_mail_at_full_width(desk: Desk, browser: Browser) -> None:
    with browser.new_context(viewport={"width": 375, "height": 800}) as context:
        shown = context.new_page()
        shown.goto(desk.address("waiting", "en"))
        frames = [frame.bounding_box() for frame in shown.locator("iframe").all()]
        assert [(box["x"], box["width"]) for box in frames if box] == [(0, 375)]
        shown.set_viewport_size({"width": 1280, "height": 800})
        widths = [frame.evaluate("f => f.clientWidth") for frame in shown.locator("iframe").all()]
        assert widths == [375, 718]
