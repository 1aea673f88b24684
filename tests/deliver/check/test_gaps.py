"""Missing fields of feeds leave no empty link, stray dot or stopped send in mails, and lines break where they may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from lxml import etree

from digest.collect.article import Image
from digest.compose.edition import Also, Section
from digest.deliver.check.checked import parsed
from digest.deliver.render.content_builder import clean_line
from digest.deliver.render.rendered import Rendered
from digest.deliver.render.renderer import Renderer
from tests.deliver import editions

THEMES: Final = ("classic", "compact", "magazine")


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def _mail(renderer: Renderer, theme: str, **changes: Any) -> tuple[Rendered, etree._Element]:
    whole = editions.edition(stories=2)
    stories = [replace(story, **changes) for story in whole.stories]
    rendered = renderer.render(
        editions.only(whole, *stories), editions.mail_settings(theme), pictures=editions.pictures(6)
    )
    return rendered, parsed(rendered.html)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("url", ["", "javascript:alert(1)"])
def test_a_story_without_an_address_has_its_picture_and_no_link(renderer: Renderer, theme: str, url: str) -> None:
    rendered, page = _mail(renderer, theme, url=url, also=())
    assert rendered.problems == ()
    assert all(anchor.get("href") for anchor in page.iter("a"))
    if theme != "compact":
        assert next(str(img.getparent().tag) for img in page.iter("img")) == "td"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://192.168.1.4/a",
            "http://10.0.0.1/",
            "https://127.1/x",
            "http://0x7f.0.0.1/",
            "http://localhost:8080/a",
        ),
        *("https://[::1]/", "https://[fd00::1]/a", "http://169.254.169.254/latest/meta-data/", "http://2130706433/"),
        *("https://wiki.internal/a", "https://cms.example.local/a", "http://intranet/a", "http://[::ffff:10.0.0.1]/"),
    ],
)
def test_link_into_a_private_network_is_never_shown(renderer: Renderer, url: str) -> None:
    story = replace(editions.story(0), url=url, also=(Also("Coast Radio", url),))
    rendered = renderer.render(editions.only(editions.edition(stories=1), story), editions.mail_settings())
    assert url not in rendered.html + rendered.text
    assert "Coast Radio" in rendered.text
    allowed = replace(editions.mail_settings(), private_links=True, trial=True)
    assert url in renderer.render(editions.only(editions.edition(stories=1), story), allowed).text


@pytest.mark.parametrize("url", ["https://8.8.8.8/a", "https://www.example.org/a", "https://xn--bcher-kva.example/a"])
def test_link_to_a_public_host_is_shown(renderer: Renderer, url: str) -> None:
    rendered, _ = _mail(renderer, "classic", url=url)
    assert url in rendered.text


def test_picture_alt_never_repeats_the_title(renderer: Renderer) -> None:
    title, outlet = "Harbour railway to reopen", "The Example Post"
    for given, expected in (
        ("", "Picture: The Example Post"),
        ("Harbour railway to reopen.", "Picture: The Example Post"),
        ("HARBOUR RAILWAY", "Picture: The Example Post"),
        ("The Example Post", "Picture: The Example Post"),
        ("A red train at a quay", "A red train at a quay"),
    ):
        image = replace(editions.edition(stories=1).stories[0].image or Image(""), alt=given)
        _, page = _mail(renderer, "classic", title=title, outlet=outlet, image=image)
        assert {img.get("alt") for img in page.iter("img")} == {expected}
    _, page = _mail(renderer, "classic", title=title, outlet="", also=(), image=replace(image, alt=title))
    assert {img.get("alt") for img in page.iter("img")} == {"Picture"}


def test_top_story_has_no_kicker_where_its_section_follows(renderer: Renderer) -> None:
    whole = editions.edition(stories=6)
    first = whole.sections[0]
    assert len(first.stories) > 1
    page = parsed(renderer.render(whole, editions.mail_settings()).html)
    assert [_read(element) for element in page.iter("p", "h2", "h3")].count(first.title) == 1
    alone = replace(whole, sections=(replace(first, stories=first.stories[:1]), *whole.sections[1:]))
    page = parsed(renderer.render(alone, editions.mail_settings()).html)
    assert [_read(p) for p in page.iter("p")].count(first.title) == 1


def test_story_line_breaks_only_before_an_item(renderer: Renderer) -> None:
    _, page = _mail(renderer, "classic", credit="AFP and Reuters")
    line = "".join(map(str, next(p for p in page.iter("p") if p.get("class") == "m").itertext()))
    assert line == "The Example Post\u00a0· 7:00\u00a0AM\u00a0· 2\u00a0min\u00a0· AFP and Reuters"


@pytest.mark.parametrize("theme", THEMES)
def test_a_story_without_outlet_and_time_has_no_stray_dot(renderer: Renderer, theme: str) -> None:
    rendered, page = _mail(renderer, theme, outlet="", published=None, credit="", also=())
    assert rendered.problems == ()
    assert [_read(p) for p in page.iter("p") if p.get("class") == "m"] == ["2 min", "3 min"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"title": " \u200b "}, "The council voted late on Sunday to reopen the harbour railway, closed since 1987,"),
        ({"title": "", "lead": ""}, "The Example Post"),
        ({"title": "", "lead": "", "outlet": "", "also": ()}, "www.example.org"),
    ],
)
def test_a_story_without_a_title_is_called_something(
    renderer: Renderer, theme: str, changes: dict[str, Any], title: str
) -> None:
    rendered, page = _mail(renderer, theme, **changes)
    assert not rendered.blocked
    assert _read(next(page.iter("h2"))).startswith(title)
    assert rendered.subject
    assert all(img.get("alt") for img in page.iter("img"))


def test_a_section_without_a_title_has_its_topics_name(renderer: Renderer) -> None:
    edition = editions.edition(stories=4)
    untitled = replace(edition, sections=tuple(Section(s.topic, " ", s.stories) for s in edition.sections))
    rendered = renderer.render(untitled, editions.mail_settings())
    assert rendered.problems == ()
    assert "topic1" in rendered.text


def test_other_outlets_without_addresses_do_not_run_together(renderer: Renderer) -> None:
    _, page = _mail(renderer, "classic", also=(Also("AP", ""), Also("Coast Radio", ""), Also("Nord Infos", "")))
    assert "Also in AP, Coast Radio, Nord Infos" in _read(page)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_date_that_no_time_zone_can_express_is_left_out(renderer: Renderer, year: int) -> None:
    end = datetime(year, 12, 31, 23, 59, tzinfo=UTC) if year > 1 else datetime(1, 1, 1, tzinfo=UTC)
    rendered, _ = _mail(renderer, "classic", published=end)
    assert rendered.problems == ()
    assert str(year) not in rendered.text.split("Harbour", 1)[1].split("[1]")[0]


@pytest.mark.parametrize(
    ("text", "glued"),
    [
        ("31 000 pompes", "31_000 pompes"),
        ("1 234 567 voix", "1_234_567 voix"),
        ("3,25 % à 2,75 %", "3,25_% à 2,75_%"),
        ("« La montagne » : un lac", "«_La montagne_»_: un lac"),
        ("« Non », dit-elle : oui !", "«_Non_», dit-elle_: oui_!"),
        ("room 12 on floor 3", "room 12 on floor 3"),
        ("in 2026 3000 people", "in 2026 3000 people"),
        ("ends :) and {% raw %} $5", "ends :) and {% raw %} $5"),
    ],
)
def test_no_line_ends_inside_a_number_or_before_a_stop(text: str, glued: str) -> None:
    assert clean_line(text, 200) == glued.replace("_", "\u00a0")


@pytest.mark.parametrize("title", ["L’Écho : le matin", 'Say "hi" & <b>', "नमस्ते दुनिया", "صَبَاح", "back\\slash"])
def test_the_mails_label_is_its_name_in_every_script(renderer: Renderer, title: str) -> None:
    rendered = renderer.render(editions.edition(stories=1), replace(editions.mail_settings(), newsletter=title))
    [label] = parsed(rendered.html).xpath("//@aria-label")
    assert label == clean_line(title, 80)


def _read(element: etree._Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())
