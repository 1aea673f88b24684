"""The renderer: what readers get, in HTML and as text."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.compose.edition import Also
from digest.deliver.render.rendered import ADDRESS, PREFERENCES_URL, UNSUBSCRIBE_URL
from digest.deliver.render.renderer import Renderer
from digest.deliver.theme import Branding, Logo, MailSettings, RenderOptions
from digest.errors import RenderError
from tests.deliver import editions


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    with Renderer() as renderer:
        yield renderer


def _flat(text: str) -> str:
    return " ".join(text.split())


# --- content -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["classic", "magazine"])
def test_every_story_is_in_both_parts_with_its_title_lead_outlet_and_link(renderer: Renderer, theme: str) -> None:
    edition = editions.edition(stories=6)
    rendered = renderer.render(edition, editions.mail_settings(theme))
    for story in edition.stories:
        for part in (_flat(rendered.html), _flat(rendered.text)):
            assert story.title in part
            assert story.outlet in part
            assert story.lead in part
        assert story.url.replace("&", "&amp;") in rendered.html
        assert story.url in rendered.text


def test_the_compact_theme_shows_one_sentence(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=3), editions.mail_settings("compact"))
    for part in (_flat(rendered.html), _flat(rendered.text)):
        assert "emptied within six hours." in part
        assert "Sensors installed" not in part


def test_the_day_is_told_in_one_line(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=12), editions.mail_settings())
    assert "Monday, November 23, 2026\n12 stories · 2 minutes\n" in rendered.text


def test_times_are_the_newsletters_own_and_other_days_are_dated(renderer: Renderer) -> None:
    at = editions.SENT
    stories = [
        replace(editions.story(0), published=at - timedelta(hours=1)),  # 06:00 in Paris
        replace(editions.story(1), published=at - timedelta(hours=7)),  # 00:00 in Paris, still today
        replace(editions.story(2), published=at - timedelta(hours=8)),
        replace(editions.story(3), published=at + timedelta(days=4000)),  # no such day
        replace(editions.story(4), published=None),
    ]
    text = renderer.render(editions.only(editions.edition(), *stories), editions.mail_settings()).text.replace(
        "\u00a0", " "
    )
    assert "The Example Post · 6:00 AM · 2 min" in text
    assert "Northern Courier · 12:00 AM · 3 min" in text
    assert "The Example Post · Nov 22 · 4 min" in text
    assert "Field Notes · 5 min" in text
    assert "Science Weekly · 6 min" in text


def test_other_outlets_are_named_three_of_them_with_links(renderer: Renderer) -> None:
    also = tuple(Also(f"Outlet {n}", f"https://{n}.example/") for n in range(5))
    rendered = renderer.render(
        editions.only(editions.edition(), replace(editions.story(0), also=also)), editions.mail_settings()
    )
    assert "Also in Outlet 0 [2], Outlet 1 [3], Outlet 2 [4] and 2 more" in rendered.text
    assert 'href="https://2.example/"' in rendered.html
    assert "Outlet 3" not in rendered.html


def test_updates_credits_and_editors_words_are_marked(renderer: Renderer) -> None:
    story = replace(editions.story(0), update=True, credit="AFP", note="We were there.")
    whole = editions.edition(note="First paragraph.\n\nSecond paragraph.")
    rendered = renderer.render(editions.only(whole, story, *whole.stories[1:4]), editions.mail_settings())
    assert ">Update</p>" in rendered.html
    assert "Update: Harbour" in rendered.text
    for text in ("AFP", "We were there.", "First paragraph.", "Second paragraph."):
        assert text in rendered.html
        assert text in rendered.text


def test_a_long_mail_has_a_table_of_contents_that_leads_to_its_sections(renderer: Renderer) -> None:
    html = renderer.render(editions.edition(stories=24), editions.mail_settings()).html
    anchors = re.findall(r'href="#(s\d)"', html)
    assert len(anchors) == 4
    assert all(f'id="{anchor}"' in html for anchor in anchors)
    assert 'href="#' not in renderer.render(editions.edition(stories=12), editions.mail_settings()).html


def test_a_story_in_another_language_says_so_and_keeps_its_direction(renderer: Renderer) -> None:
    whole = editions.edition(stories=2)
    mixed = editions.only(whole, *whole.stories, editions.story(1, "fr"), editions.story(1, "ar"))
    rendered = renderer.render(mixed, editions.mail_settings())
    assert rendered.html.count('lang="fr"') == 1
    assert '<div lang="ar" dir="rtl">' in rendered.html
    # Our own words inside a story of the other direction keep theirs.
    assert re.search(r'<bdi lang="en">\d+\u00a0min</bdi>', rendered.html)
    assert rendered.problems == ()


# --- variants ----------------------------------------------------------------------------------------------------


def test_personal_links_are_placeholders_in_both_parts_and_absent_on_the_web(renderer: Renderer) -> None:
    mail = renderer.render(editions.edition(), editions.mail_settings())
    page = renderer.render(editions.edition(), editions.mail_settings(), RenderOptions(web=True))
    for personal in (UNSUBSCRIBE_URL, PREFERENCES_URL, ADDRESS):
        assert personal in mail.html
        assert personal in mail.text
        assert personal not in page.html
        assert personal not in page.text


def test_what_is_personal_is_little_and_late(renderer: Renderer) -> None:
    html = renderer.render(editions.edition(), editions.mail_settings()).html
    places = [m.start() for m in re.finditer(r"digest\.invalid", html)]
    assert len(places) == 3
    assert min(places) > 0.9 * len(html)


def test_the_page_of_the_archive_can_be_shared(renderer: Renderer) -> None:
    page = renderer.render(editions.edition(), editions.mail_settings(), RenderOptions(web=True), editions.pictures())
    for name, value in (
        ("og:title", "Harbour railway to reopen after forty years"),
        ("og:site_name", "The Morning"),
        ("og:url", "https://news.example.org/archive/morning-2026-11-23-0700"),
    ):
        assert f'<meta property="{name}" content="{value}" />' in page.html
    assert re.search(r'property="og:image" content="https://news\.example\.org/media/[0-9a-f]{24}\.jpg"', page.html)
    assert page.problems == ()


def test_a_variant_has_only_its_topics(renderer: Renderer) -> None:
    rendered = renderer.render(
        editions.edition(stories=6), editions.mail_settings(), RenderOptions(topics=frozenset({"topic1"}))
    )
    assert "Bakers win" in rendered.html
    assert "Swifts" not in rendered.html
    assert "2 stories" in rendered.html
    assert rendered.subject.startswith("Bakers win")


def test_a_variant_without_any_story_is_still_a_mail(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=2), editions.mail_settings(), RenderOptions(topics=frozenset()))
    assert rendered.subject == "The Morning"
    assert not rendered.blocked


@pytest.mark.parametrize(
    ("language", "name", "date", "leave", "count"),
    [
        ("fr", "Le Matin", "Lundi 23 novembre 2026", "Se désabonner", "12 articles"),
        ("ar", "نشرة الصباح", "الاثنين، 23 نوفمبر 2026", "إلغاء الاشتراك", "12 خبرًا"),
    ],
)
def test_readers_get_their_own_languages_words_and_dates(
    renderer: Renderer, language: str, name: str, date: str, leave: str, count: str
) -> None:
    rendered = renderer.render(editions.edition(language), editions.mail_settings(newsletter=name))
    assert f'<html lang="{language}"' in rendered.html
    for text in (date, leave, count):
        assert text in rendered.html
        assert text in rendered.text
    assert rendered.problems == ()


def test_a_readers_language_may_differ_from_the_editions(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition("en", 3), editions.mail_settings(), RenderOptions(language="fr"))
    assert rendered.language == "fr"
    assert "Se désabonner" in rendered.html
    assert '<div lang="en">' in rendered.html


# --- pictures ----------------------------------------------------------------------------------------------------


def test_pictures_are_linked_from_our_own_place_with_size_and_words(renderer: Renderer) -> None:
    html = renderer.render(editions.edition(), editions.mail_settings(), pictures=editions.pictures()).html
    pictures = re.findall(r"<img [^>]*>", html)
    assert len(pictures) == 12
    for picture in pictures:
        assert re.search(r'src="https://news\.example\.org/media/[0-9a-f]{24}\.jpg"', picture)
        assert re.search(r' alt="[^"]+"', picture)
    sizes = [re.findall(r' (?:width|height)="(\d+)"', picture) for picture in pictures]
    assert sorted(sizes[0]) == ["302", "536"]
    assert sizes[1:] == [["112", "112"]] * 11


def test_inline_pictures_travel_with_the_mail_and_only_those_that_it_shows(renderer: Renderer) -> None:
    rendered = renderer.render(
        editions.edition(stories=4), editions.mail_settings(), RenderOptions(pictures="inline"), editions.pictures()
    )
    shown = set(re.findall(r'src="cid:([^"]+)"', rendered.html))
    assert shown == {picture.cid for picture in rendered.inline}
    assert len(shown) == 4
    assert all(picture.data.startswith(b"\xff\xd8") for picture in rendered.inline)
    assert rendered.problems == ()


def test_without_pictures_there_is_no_trace_of_any(renderer: Renderer) -> None:
    for variant in (RenderOptions(), RenderOptions(pictures="none")):
        pictures = editions.pictures() if variant.pictures == "none" else {}
        assert "<img" not in renderer.render(editions.edition(), editions.mail_settings(), variant, pictures).html


def test_the_brand_has_its_own_colours_fonts_logo_and_tagline(renderer: Renderer) -> None:
    logo = Logo("https://news.example.org/media/logo.png", 180, 48)
    brand = Branding(
        accent="#0a5c36", accent_dark="#7fd6a8", title_font="Charter, serif", tagline="Every day", logo=logo
    )
    rendered = renderer.render(editions.edition(), replace(editions.mail_settings(), brand=brand))
    for text in (
        "#0a5c36",
        "#7fd6a8",
        "Charter, serif",
        "Every day",
        'alt="The Morning" width="180" height="48"',
    ):
        assert text in rendered.html
    assert rendered.problems == ()


@pytest.mark.parametrize(
    ("brand", "message"),
    [
        (Branding(accent="red"), "brand.accent: 'red' is no colour"),
        (Branding(title_font="a;b{}"), "brand.title_font"),
        (Branding(title_font="'Georgia, serif"), "brand.title_font: ''Georgia, serif' is no list of fonts"),
        (Branding(text_font="Georgia, 'A" + " b" * 100 + "'"), "brand.text_font"),
        (Branding(text_font="Georgia,,serif"), "brand.text_font"),
    ],
)
def test_a_wrong_brand_is_named(renderer: Renderer, brand: Branding, message: str) -> None:
    with pytest.raises(RenderError, match=message):
        renderer.render(editions.edition(), replace(editions.mail_settings(), brand=brand))


# --- subject -----------------------------------------------------------------------------------------------------


def _mail_settings(subject: str) -> MailSettings:
    return replace(editions.mail_settings(), subject=subject)


def test_the_subject_is_the_editors_else_the_templates_else_the_news(renderer: Renderer) -> None:
    edition = editions.edition(stories=3)
    template = _mail_settings("{{ newsletter.title }}: {{ top.title }}")
    assert renderer.render(edition, editions.mail_settings()).subject == "Harbour railway to reopen after forty years"
    assert renderer.render(edition, template).subject == "The Morning: Harbour railway to reopen after forty years"
    assert renderer.render(replace(edition, subject="Our day"), template).subject == "Our day"


@pytest.mark.parametrize(
    "template", ["{{ nothing }}", "{{ top.titel }}", "{% if %}", "{{ 1 / 0 }}", "{{ stories[0].title }}", "{{ top }}"]
)
def test_a_wrong_subject_template_is_named(renderer: Renderer, template: str) -> None:
    with pytest.raises(RenderError, match="subject"):
        renderer.render(editions.edition(), _mail_settings(template))


# --- size, speed of the machine apart ----------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["classic", "compact", "magazine"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_twelve_stories_take_45_kb_and_thirty_80_kb(renderer: Renderer, theme: str, language: str) -> None:
    for stories, most in ((12, 45_000), (30, 80_000)):
        rendered = renderer.render(
            editions.edition(language, stories), editions.mail_settings(theme), pictures=editions.pictures(30)
        )
        assert len(rendered.html.encode()) <= most
        assert "more stor" not in rendered.html
        assert rendered.html.count("https://www.example.org/") >= stories


def test_the_classic_theme_stays_small(renderer: Renderer) -> None:
    for stories, most in ((12, 24_000), (30, 48_500)):
        rendered = renderer.render(
            editions.edition(stories=stories), editions.mail_settings(), pictures=editions.pictures(30)
        )
        assert len(rendered.html.encode()) <= most


def test_what_does_not_fit_is_on_the_web_and_both_parts_say_so(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=90), editions.mail_settings(), pictures=editions.pictures(90))
    assert len(rendered.html.encode()) <= 80_000
    more = re.search(r"(\d+) more stories on the web", rendered.html)
    assert more is not None
    assert more[0] in rendered.text
    assert rendered.text.count("https://www.example.org/") == 90 - int(more[1])
    assert "90 stories" in rendered.html
    assert rendered.problems == ()
    page = renderer.render(editions.edition(stories=90), editions.mail_settings(), RenderOptions(web=True))
    assert page.text.count("https://www.example.org/") == 90


def test_one_story_always_stays_however_small_the_budget(renderer: Renderer) -> None:
    rendered = renderer.render(editions.edition(stories=5), replace(editions.mail_settings(), budget=1000))
    assert "Harbour railway" in rendered.html
    assert "4 more stories on the web" in rendered.html


# --- one renderer, many hands ------------------------------------------------------------------------------------


def test_the_same_edition_gives_the_same_bytes(renderer: Renderer) -> None:
    first = renderer.render(editions.edition(), editions.mail_settings())
    with Renderer() as other:
        assert other.render(editions.edition(), editions.mail_settings()) == first


def test_many_threads_get_what_one_gets(renderer: Renderer) -> None:
    variants = [RenderOptions(topics=frozenset({f"topic{n % 4}"}), language="fr" if n % 2 else "en") for n in range(16)]
    edition, mail_settings = editions.edition(), editions.mail_settings()
    alone = [renderer.render(edition, mail_settings, variant) for variant in variants]
    with Renderer() as fresh, ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda variant: fresh.render(edition, mail_settings, variant), variants)) == alone


def test_a_compiler_that_dies_is_replaced(renderer: Renderer) -> None:
    expected = renderer.render(editions.edition(), editions.mail_settings())
    process = renderer._compiler._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert renderer.render(editions.edition(), editions.mail_settings()) == expected


# --- Outlook on Windows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["classic", "compact", "magazine"])
def test_what_outlook_on_windows_sees_is_whole(renderer: Renderer, theme: str) -> None:
    """It reads the conditional comments as markup: with them, too, every tag is closed in its turn."""
    html = renderer.render(
        editions.edition(stories=20), editions.mail_settings(theme), pictures=editions.pictures(20)
    ).html
    seen = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    seen = re.sub(r"<!--\[if (?:mso|mso \| IE)\]>(.*?)<!\[endif\]-->", r"\1", seen, flags=re.DOTALL)
    assert "<!--" not in seen
    open_ = ["html"]
    for end, name in re.findall(r"<(/?)([a-z][a-z0-9:]*)\b[^>]*?(?<!/)>", seen[seen.index("<body") :]):
        if end:
            assert open_.pop() == name
        elif name not in ("br", "img"):
            open_.append(name)
    assert open_ == []
    assert 'width="600"' in seen
    assert "<o:PixelsPerInch>96</o:PixelsPerInch>" in seen
