"""The checks before every send: each finds what it is for, in a mail that is otherwise good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from digest.deliver.check.checked import Checked
from digest.deliver.check.mail import problems as mail_problems
from digest.deliver.render import css
from digest.deliver.render.content_builder import build_content
from digest.deliver.render.rendered import PREFERENCES_URL, UNSUBSCRIBE_URL, Rendered
from digest.deliver.render.renderer import Renderer
from digest.deliver.render.templates import theme
from digest.deliver.theme import Branding, MailSettings, RenderOptions
from digest.errors import Finding
from digest.text.catalogue import locale
from tests.deliver import editions

EDITION = editions.edition(stories=6)
SETTINGS = editions.mail_settings()


@pytest.fixture(scope="module")
def good() -> Iterator[Rendered]:
    with Renderer() as renderer:
        yield renderer.render(EDITION, SETTINGS)


def _problems(
    html: str, text: str, mail_settings: MailSettings = SETTINGS, subject: str | None = None
) -> list[Finding]:
    mail = build_content(EDITION, mail_settings, theme("classic"), RenderOptions(), locale("en"))
    mail = mail if subject is None else replace(mail, subject=subject)
    return list(
        mail_problems(Checked(mail, mail_settings, html, text, css.computed(html), css.computed(html, dark=True)))
    )


def test_a_good_mail_has_no_problems(good: Rendered) -> None:
    assert _problems(good.html, good.text) == []
    assert good.problems == ()


END = "</body>"


@pytest.mark.parametrize(
    ("old", "new", "check", "blocking"),
    [
        (END, "<p>" + "x " * 40_000 + "</p></body>", "size", False),
        (END, "<p>" + "x " * 50_000 + "</p></body>", "size", True),
        (END, "<p>{{ mail.date }}</p></body>", "template-mark", True),
        (END, "<p>%(newsletter)s</p></body>", "template-mark", True),
        ("<head>", "<head><style>p{color:{{ x }}}</style>", "template-mark", True),
        (END, "<mj-text>a</mj-text></body>", "template-mark", True),
        (END, "<p>https://archive.digest.invalid/</p></body>", "placeholder", True),
        (END, '<p><a href="">empty</a></p></body>', "link", True),
        (END, '<p><a href="/relative">relative</a></p></body>', "link", True),
        (END, '<p><a href="#nowhere">nowhere</a></p></body>', "link", True),
        (END, '<p><a href="http://news.example.org/">not https</a></p></body>', "link", True),
        (END, '<p><a href="https://localhost:8080/">local</a></p></body>', "link", True),
        (END, '<p><a href="https://192.168.1.4/">private</a></p></body>', "link", True),
        (END, '<p><a href="https://news.example.org/"> </a></p></body>', "link-text", True),
        (END, '<img src="https://elsewhere.example/x.gif" width="1" height="1" alt=""/></body>', "foreign-image", True),
        (END, '<img src="https://news.example.org/media/x.jpg" alt="x"/></body>', "image", False),
        (END, '<img src="https://news.example.org/media/x.jpg" width="1" height="1"/></body>', "image", False),
        ("<head>", "<head><style>@import 'https://f.example/a.css';</style>", "foreign-request", True),
        ("<head>", "<head><style>p{background:url(https://f.example/a.png)}</style>", "foreign-request", True),
        ("<head>", '<head><link rel="stylesheet" href="https://f.example/a.css"/>', "foreign-request", True),
        (END, "<script>alert(1)</script></body>", "active", True),
        (END, '<p onclick="x()">x</p></body>', "active", True),
        (END, '<p><a href="https://a.example/" onmouseover="x()">x</a></p></body>', "active", True),
        ("<head>", '<head><meta http-equiv="refresh" content="0"/>', "active", True),
        ('lang="en" dir="ltr"', 'dir="ltr"', "language", True),
        ("<h1", "<h1>Two</h1><h1", "heading", False),
        ("<h3", "<h5>five</h5><h3", "heading", False),
        ("<h3", "<h3></h3><h3", "heading", False),
        ('role="presentation"', "", "table", False),
        (END, '<p style="color:#999999">pale words here</p></body>', "contrast", True),
        (END, '<p style="color:#777777;background:#888888">pale words here</p></body>', "contrast", True),
        (END, "<p>" + " ".join(f"word{i}" for i in range(80)) + "</p></body>", "text-part", True),
        (UNSUBSCRIBE_URL, "https://news.example.org/", "unsubscribe", True),
        ("10115 Exampleton", "", "postal-address", True),
        ('<div style="display:none', '<p>first</p><div style="display:none', "preheader", False),
        (END, '<p style="display:flex">x</p></body>', "support", False),
    ],
)  # fmt: skip
def test_each_check_finds_its_fault(good: Rendered, old: str, new: str, check: str, blocking: bool) -> None:
    assert old in good.html
    found = _problems(good.html.replace(old, new), good.text)
    assert (check, blocking) in [(problem.where, problem.severity == "error") for problem in found]
    assert all(problem.problem and problem.remedy for problem in found)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        (UNSUBSCRIBE_URL, "", "unsubscribe"),
        ("10115 Exampleton", "", "postal-address"),
        ("Glacier lake", "{{ story.title }} lake", "template-mark"),
        (PREFERENCES_URL, "https://wrong.digest.invalid/", "placeholder"),
    ],
)
def test_the_text_part_is_checked_too(good: Rendered, old: str, new: str, check: str) -> None:
    assert old in good.text
    assert check in [problem.where for problem in _problems(good.html, good.text.replace(old, new))]


def test_a_text_part_without_the_stories_is_not_the_same_mail(good: Rendered) -> None:
    short = re.sub(r"(?s)-{40}.*\n\[1\] ", "[1] ", good.text)
    assert "text-part" in [problem.where for problem in _problems(good.html, short)]


def test_dark_mode_is_checked_by_its_own_final_styles(good: Rendered) -> None:
    dark = good.html.replace("color:#ece9e4!important", "color:#222222!important")
    [problem] = _problems(dark, good.text)
    assert problem.where == "contrast"
    assert "dark scheme" in problem.problem


@pytest.mark.parametrize(("subject", "ok"), [("", False), ("x" * 60, True), ("x" * 61, False)])
def test_the_length_of_the_subject_is_checked(good: Rendered, subject: str, ok: bool) -> None:
    found = [problem.where for problem in _problems(good.html, good.text, subject=subject)]
    assert ("subject" not in found) is ok


def test_a_mail_without_postal_address_cannot_be_sent() -> None:
    with Renderer() as renderer:
        rendered = renderer.render(EDITION, replace(SETTINGS, postal_address=""))
    assert [problem.where for problem in rendered.problems] == ["postal-address"]
    assert rendered.blocked


def test_links_to_this_machine_are_a_fault_only_when_real_mail_goes_out() -> None:
    mail_settings = replace(SETTINGS, base_url="http://127.0.0.1:8080", media_url="http://127.0.0.1:8080/media")
    with Renderer() as renderer:
        assert renderer.render(EDITION, mail_settings).blocked
        assert renderer.render(EDITION, replace(mail_settings, trial=True)).problems == ()


def test_an_article_at_an_http_address_is_told_but_does_not_stop_the_send() -> None:
    edition = editions.only(EDITION, replace(editions.story(0), url="http://old.example/a"), *EDITION.stories[1:])
    with Renderer() as renderer:
        rendered = renderer.render(edition, SETTINGS)
    assert [(problem.where, problem.severity == "error") for problem in rendered.problems] == [("http", False)]


@pytest.mark.parametrize("accent", ["#ffcc00", "#ffffff", "#00ff00", "#000000", "#1a1aff", "#fffefb"])
def test_any_accent_is_made_legible_in_both_schemes(accent: str) -> None:
    with Renderer() as renderer:
        rendered = renderer.render(EDITION, replace(SETTINGS, brand=Branding(accent=accent)))
        both = renderer.render(EDITION, replace(SETTINGS, brand=Branding(accent=accent, accent_dark=accent)))
    assert [p for p in (*rendered.problems, *both.problems) if p.severity == "error"] == []


def test_only_the_clients_asked_for_are_spoken_of(good: Rendered) -> None:
    html = good.html.replace(END, '<div style="float:left"></div></body>')
    assert _problems(html, good.text, replace(SETTINGS, clients=("gmail",))) == []
    [problem] = _problems(html, good.text, replace(SETTINGS, clients=("gmail", "outlook-windows")))
    assert "outlook-windows" in problem.problem
    [problem] = _problems(good.html, good.text, replace(SETTINGS, clients=("gmial",)))
    assert "'gmial' is no mail program we know" in problem.problem
