"""The mail in a real browser: layout, width, reading order and tap targets. Screenshots go to artefacts/mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FloatRect, Page, Route

from digest.compose.edition import Edition
from digest.deliver.render.rendered import Rendered
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import RenderOptions
from tests.deliver import editions
from tests.paths import PROJECT

pytestmark = pytest.mark.browser

ARTEFACTS: Final = PROJECT / "artefacts" / "mail"
THEMES: Final = ("classic", "compact", "magazine")
NAMES: Final = {"en": "The Morning", "ar": "نشرة الصباح", "fr": "Le Matin"}
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
#: A mail is no page: it has no landmarks of its own inside the mail program (axe, best practices).
NO_LANDMARKS: Final = {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


@dataclass
class Shown:
    """A mail in a window; `asked` are the addresses that opening it fetched."""

    page: Page
    asked: list[str]


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Shown]]:
    """Opens a mail; its pictures come from memory, and nothing else is reachable."""
    contexts = []
    files = {
        picture.name: picture.data
        for prepared in editions.pictures(40).values()
        for picture in (prepared.wide, prepared.square)
        if picture
    }

    def open_(mail: Rendered, width: int = 375, scheme: Scheme = "light") -> Shown:
        context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
        contexts.append(context)
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            body = files.get(route.request.url.rpartition("/")[2])
            route.fulfill(body=body, content_type="image/jpeg") if body else route.abort()

        context.route("**/*", answer)
        page = context.new_page()
        page.set_content(mail.html, wait_until="load")
        return Shown(page, asked)

    yield open_
    for context in contexts:
        context.close()


def _hard(language: str, stories: int) -> Edition:
    """Titles, leads and names without end, and words that cannot be broken."""
    whole = editions.edition(language, stories)
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    hard = [
        replace(
            story,
            title=f"{story.title} {word * 3} " * 4,
            lead=f"{word} {story.lead} " * 3,
            outlet=f"{story.outlet} {word}",
        )
        for story in whole.stories
    ]
    return editions.only(whole, *hard)


def _mail(renderer: Renderer, theme: str, language: str, case: str, pictures: bool = True) -> Rendered:
    edition = (
        _hard(language, 6) if case == "long" else editions.edition(language, int(case), note="" if case == "1" else "…")
    )
    mail_settings = editions.mail_settings(theme, NAMES[language])
    return renderer.render(edition, mail_settings, pictures=editions.pictures(40) if pictures else {})


def _keep(page: Page, name: str) -> None:
    """A picture of the page (its first 4,000 pixels) for people to look at."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    height = min(page.evaluate("document.documentElement.scrollHeight"), 4000)
    width = page.evaluate("innerWidth")
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
    page.screenshot(path=ARTEFACTS / f"{name}.jpg", type="jpeg", quality=80, full_page=True, clip=clip)


CASES: Final = [
    (theme, language, case) for theme in THEMES for language in ("en", "ar") for case in ("1", "12", "40", "long")
]


@pytest.mark.parametrize(("theme", "language", "case"), CASES, ids=["-".join(case) for case in CASES])
def test_mail_fits_every_width(
    renderer: Renderer, show: Callable[..., Shown], theme: str, language: str, case: str
) -> None:
    shown = show(_mail(renderer, theme, language, case))
    for width in (320, 375, 640, 1000):
        shown.page.set_viewport_size({"width": width, "height": 700})
        assert shown.page.evaluate("document.scrollingElement.scrollWidth") <= width
        if width > 320:
            for scheme in SCHEMES if case == "12" else SCHEMES[:1]:
                shown.page.emulate_media(color_scheme=scheme)
                _keep(shown.page, f"{theme}-{language}-{case}-{width}-{scheme}")


READ: Final = [
    *((theme, language, True, "light") for theme in THEMES for language in ("en", "ar")),
    *((theme, "en", True, "dark") for theme in THEMES),
    *((theme, "ar", False, "light") for theme in THEMES),
]


@pytest.mark.parametrize(("theme", "language", "pictures", "scheme"), READ)
def test_mail_passes_accessibility_checks(
    renderer: Renderer, show: Callable[..., Shown], theme: str, language: str, pictures: bool, scheme: Scheme
) -> None:
    mail = _mail(renderer, theme, language, "12", pictures)
    assert mail.problems == ()
    page = show(mail, 375, scheme).page
    found = Axe().run(page, options={"rules": NO_LANDMARKS})
    assert found.response["violations"] == [], found.generate_report()
    if not pictures:
        _keep(page, f"{theme}-{language}-bare-375-{scheme}")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_mail_date_keeps_distance_from_story_count(
    renderer: Renderer, show: Callable[..., Shown], language: str
) -> None:
    page = show(_mail(renderer, "classic", language, "12"), 320).page
    gap = page.evaluate(
        """() => { const [a, b] = [...document.querySelectorAll('.folio td')].map(td => {
             const words = document.createRange(); words.selectNodeContents(td);
             return words.getBoundingClientRect(); });
             return Math.max(b.left - a.right, a.left - b.right); }"""
    )
    assert gap >= 16


@pytest.mark.parametrize("theme", THEMES)
def test_mail_links_are_large_enough_to_tap(renderer: Renderer, show: Callable[..., Shown], theme: str) -> None:
    """The names of other outlets are words in a row: as high as all targets, and as wide as they are."""
    shown = show(_mail(renderer, theme, "en", "40"))
    small = shown.page.evaluate(
        """() => [...document.querySelectorAll('a')].map(a => [a, a.getBoundingClientRect()])
                 .filter(([a, box]) => box.height < 44 || (box.width < 44 && !a.closest('.m')))
                 .map(([a, box]) => `${a.textContent} ${box.width}x${box.height}`)"""
    )
    assert small == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_mail_outlet_links_do_not_overlap(
    renderer: Renderer, show: Callable[..., Shown], theme: str, language: str
) -> None:
    page = show(_mail(renderer, theme, language, "12"), 320).page
    page.add_style_tag(content=".m:has(a) { width: 9em }")  # so that names stand on several lines everywhere
    taken, lines = page.evaluate(
        """() => { const found = [], lines = new Set();
             for (const a of document.querySelectorAll('.m a')) {
               a.scrollIntoView({block: 'center'});
               for (const box of a.querySelector('bdi').getClientRects()) {
                 lines.add(a.parentElement.getBoundingClientRect().top - box.top);
                 for (const x of [box.left + 2, (box.left + box.right) / 2, box.right - 2])
                   for (const y of [box.top + 1, (box.top + box.bottom) / 2, box.bottom - 1])
                     if (!a.contains(document.elementFromPoint(x, y))) found.push(`${a.textContent} at ${x},${y}`);
               } }
             return [found, lines.size]; }"""
    )
    assert taken == []
    assert lines > 1


@pytest.mark.parametrize(
    ("language", "row"), [("en", "AP, Coast Radio, Nord Infos"), ("ar", "AP، Coast Radio، Nord Infos")]
)
def test_mail_other_outlets_flow_inline(
    renderer: Renderer, show: Callable[..., Shown], language: str, row: str
) -> None:
    page = show(_mail(renderer, "classic", language, "12"), 640).page
    assert row in " ".join(page.locator(".m:has(a)").first.inner_text().split())
    gaps = page.evaluate(
        """() => { const boxes = [...document.querySelectorAll('.m a bdi')].slice(0, 3)
                                   .map(b => b.getBoundingClientRect()).sort((a, b) => a.left - b.left);
                   return [boxes[1].left - boxes[0].right, boxes[2].left - boxes[1].right]; }"""
    )
    assert gaps[0] == pytest.approx(gaps[1], abs=1)
    assert gaps[0] < 13  # a comma and a space in letters of 13 pixels


def test_mail_section_title_aligns_with_stories(renderer: Renderer, show: Callable[..., Shown]) -> None:
    own, other = editions.edition("en", 12), editions.edition("ar", 12)
    both = replace(own, sections=(*own.sections[:2], *other.sections[2:3]))
    page = show(renderer.render(both, editions.mail_settings(), pictures=editions.pictures(40)), 640).page
    starts = page.evaluate(
        """() => [...document.querySelectorAll('h2.sec')].map(h => {
             const s = getComputedStyle(h), range = document.createRange(); range.selectNodeContents(h);
             const box = range.getBoundingClientRect();
             return [Math.round(box.left), Math.round(innerWidth - box.right), s.letterSpacing, s.fontSize]; })"""
    )
    assert [starts[0][0], starts[0][2:]] == [52, ["1.2px", "12px"]]
    assert [starts[-1][1], starts[-1][2:]] == [52, ["normal", "14px"]]  # letters that join are never spaced out


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mail_alt_text_of_hidden_pictures_is_small(
    renderer: Renderer, show: Callable[..., Shown], scheme: Scheme
) -> None:
    edition = editions.edition("en", 12)
    mail = renderer.render(edition, editions.mail_settings("classic"), pictures=editions.pictures(40))
    blocked = replace(mail, html=mail.html.replace("/media/", "/blocked/"))
    page = show(blocked, 640, scheme).page
    styles = page.evaluate(
        """() => [...new Set([...document.querySelectorAll('img')].map(img => {
             const s = getComputedStyle(img), line = getComputedStyle(img.parentElement).textDecorationLine;
             return [s.color, s.fontSize, s.lineHeight, line].join() }))]"""
    )
    muted = "rgb(107, 107, 112)" if scheme == "light" else "rgb(162, 162, 168)"
    assert styles == [f"{muted},13px,18px,none"]
    _keep(page, f"classic-en-blocked-640-{scheme}")


def test_mail_fetches_only_own_pictures(renderer: Renderer, show: Callable[..., Shown]) -> None:
    shown = show(_mail(renderer, "magazine", "en", "12"))
    assert shown.asked
    assert all(url.startswith("https://news.example.org/media/") for url in shown.asked), shown.asked


def test_mail_without_pictures_fetches_nothing(renderer: Renderer, show: Callable[..., Shown]) -> None:
    assert show(_mail(renderer, "classic", "en", "12", pictures=False)).asked == []


def test_mail_right_to_left_is_mirrored(renderer: Renderer, show: Callable[..., Shown]) -> None:
    for language, start, picture_side in (("en", "left", "right"), ("ar", "right", "left")):
        page = show(_mail(renderer, "classic", language, "12"), 640).page
        box = page.evaluate(
            """() => { const r = q => { const b = document.querySelector(q).getBoundingClientRect();
                       return {left: b.left, right: innerWidth - b.right}; };
                       return {img: r('img.q'), title: r('h3'), date: r('.folio td')}; }"""
        )
        assert box["img"][picture_side] == pytest.approx(52, abs=1)  # (640 - 600) / 2 + 32
        assert box["title"][start] == pytest.approx(52, abs=1)
        assert box["date"][start] == pytest.approx(52, abs=1)


def test_archive_page_has_landmarks_and_nothing_personal(renderer: Renderer, show: Callable[..., Shown]) -> None:
    mail_settings = editions.mail_settings()
    page = renderer.render(editions.edition(stories=40), mail_settings, RenderOptions(web=True), editions.pictures(40))
    assert page.problems == ()
    shown = show(page, 1000)
    found = Axe().run(shown.page)
    assert found.response["violations"] == [], found.generate_report()
    _keep(shown.page, "web-en-40-1000-light")
