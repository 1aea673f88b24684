"""Every page becomes an article: from the page, the feed or the title, also for walls and hostile pages."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.collect.article import Article, Image
from digest.collect.entry import Entry
from digest.collect.extract.assemble import LeadTarget
from digest.collect.extract.boilerplate import HostMemory, learn
from digest.collect.extract.reading import (
    PRELOAD,
    Item,
    host_of,
    read_entry_only,
    read_item,
    read_many,
    read_page,
    read_together,
)
from digest.collect.sandbox import Sandbox
from tests.collect.pages import TEXT, html, paragraphs, read, sample

ARTICLE = f"<h1>Library opens in May</h1><article>{paragraphs(TEXT)}</article>"
WHOLE = "\n\n".join(TEXT)
SUMMARY = "The town opens its library in May. Nobody on the council voted against it, a spokeswoman said on Monday."


def entry(**known: Any) -> Entry:
    return Entry("https://post.example/feed", "1", "https://post.example/1", "post.example/1", "A library", **known)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1, seconds=4, megabytes=500, preload=PRELOAD) as opened:
        list(read_many([Item("warm", b"<p>up</p>")], sandbox=opened))
        yield opened


# --- the ladder ----------------------------------------------------------------------------------------------------


def test_lead_from_the_page_comes_first() -> None:
    article = read(html(ARTICLE), entry=entry(summary=SUMMARY))
    assert (article.text, article.lead.rung, article.title) == (WHOLE, "page", "Library opens in May")


def test_structured_data_comes_second() -> None:
    head = f'<meta name="description" content="{SUMMARY}">'
    article = read(html("<div id=app></div>", head=head), entry=entry(summary="Short."))
    assert (article.text, article.lead.rung) == (SUMMARY, "structured-data")
    assert article.problem == "no article text on the page"


def test_feed_text_comes_third() -> None:
    article = read(
        html("<div id=app></div>"), entry=entry(summary=f"<p>{SUMMARY}</p><p>Read more: <a href=x>here</a></p>")
    )
    assert (article.text, article.lead.rung) == (SUMMARY, "feed-summary")
    assert [piece.reason for piece in article.removed] == ["related"]


def test_title_alone_comes_last() -> None:
    article = read(html("<div id=app></div>", title=""), entry=entry())
    assert (article.text, article.lead.sentences, article.lead.rung) == ("", (), "title")
    assert article.title == "A library"


def test_entry_without_page_uses_the_feed_text() -> None:
    known = Entry(
        "https://post.example/feed",
        "1",
        "https://post.example/1",
        "post.example/1",
        "A\nlibrary",
        content=paragraphs(TEXT),
        author="Jane Miller",
        published=datetime(2024, 3, 12, tzinfo=UTC),
        language="en",
        image_url="https://post.example/a.jpg",
    )
    article = read_entry_only(known, "HTTP 503")
    assert (article.text, article.problem, article.lead.rung) == (WHOLE, "HTTP 503", "feed-summary")
    assert (article.title, article.author, article.language) == ("A library", "Jane Miller", "en")
    assert (article.published, article.image) == (known.published, Image("https://post.example/a.jpg"))
    assert read_entry_only(entry()).problem == "the entry has no page to read"


def test_feed_completes_the_facts_of_the_page() -> None:
    page = html(ARTICLE, head='<meta name="author" content="Jane Miller">')
    article = read(page, entry=entry(author="webmaster", language="en"), url="https://post.example/1")
    assert (article.author, article.url, article.source) == ("Jane Miller", "https://post.example/1", "page")


# --- walls ---------------------------------------------------------------------------------------------------------


def test_a_consent_wall_is_no_article() -> None:
    article = sample("de-consent.html")
    assert (article.text, article.lead.rung) == ("", "title")
    assert "consent wall" in (article.problem or "")


def test_consent_wall_falls_back_to_feed_text_and_title() -> None:
    from tests.collect.pages import FOLDER

    article = read((FOLDER / "de-consent.html").read_bytes(), entry=entry(summary=SUMMARY))
    assert (article.title, article.text, article.lead.rung) == ("A library", SUMMARY, "feed-summary")
    assert "consent wall" in (article.problem or "")


def test_paywall_keeps_the_opening_and_is_reported() -> None:
    article = sample("fr-paywall.html")
    assert "paywall" in (article.problem or "")
    assert article.text.startswith("Après deux gels en trois ans")
    assert article.text.endswith("qui n’a pas encore répondu.")
    assert article.lead.sentences


@pytest.mark.parametrize(("name", "problem"), [("en-error.html", "error page"), ("en-robot.html", "robots")])
def test_error_pages_and_checks_for_robots_are_no_articles(name: str, problem: str) -> None:
    article = sample(name)
    assert problem in (article.problem or "")
    assert article.text == ""


def test_article_about_walls_is_read_as_article() -> None:
    texts = (
        "Cookies on web pages will need fewer banners, the commission said on Monday after years of complaints.",
        "Under the proposal a browser would ask once, and sites would have to accept the answer. Trade bodies object.",
        "Newspapers behind a paywall fear for their income, since many ask their readers to accept cookies or to pay.",
    )
    article = read(
        html(f"<h1>The end of the cookie banner</h1>{paragraphs(texts)}", title="The end of the cookie banner")
    )
    assert (article.text, article.problem) == ("\n\n".join(texts), None)
    missing = read(html(ARTICLE, title="Page not found: the lost chapters of a great novel"))
    assert (missing.text, missing.problem) == (WHOLE, None)


def test_a_cookie_notice_below_an_article_is_taken_out() -> None:
    notice = "We use cookies and similar techniques. By clicking you agree to all cookies of ours and our partners."
    article = read(html(f"<h1>Library opens in May</h1>{paragraphs((*TEXT, notice))}"))
    assert article.text == WHOLE
    assert article.removed[-1].reason == "consent"


# --- many pages, hosts, lengths ------------------------------------------------------------------------------------


def test_many_pages_come_back_in_their_order() -> None:
    items = [Item(str(n), html(f"<h1>Story {n}</h1>{paragraphs(TEXT[: 1 + n % 3])}")) for n in range(12)]
    assert [a.source for a in read_many(items)] == [str(n) for n in range(12)]


def test_repeated_lines_are_removed_and_the_lead_chosen_again() -> None:
    memory = HostMemory()
    for name in ("Harwick", "Millbrook", "Easton", "Norwood"):
        memory = learn(memory, name, f"{name} news", f"All quiet in the town of {name} this week.\n\nLumo kirje tänne")
    page = html(f"<h1>Library opens in May</h1><p>Lumo kirje tänne</p>{paragraphs(TEXT)}")
    article = read(page, memory=memory)
    assert article.text == WHOLE
    assert article.removed[-1].reason == "repeated by the host"
    for sentence in article.lead.sentences:
        assert article.text[sentence.start : sentence.end] == sentence.text


def test_reading_together_learns_per_host_and_keeps_the_order() -> None:
    said = ("The ferry to {} was late again, as {} had feared.", "Snow fell on {} for three days, a farmer in {} said.")
    towns = ("Harwick", "Millbrook", "Easton")
    items = [
        Item(
            f"{host}{n}",
            html(f"<h1>News of {town}</h1>", paragraphs([t.format(town, town) for t in said]), "Lumo kirje"),
            url,
        )
        for n, town in enumerate(towns)
        for host in ("a.example", "b.example")
        if (url := f"https://{host}/{n}")
    ]
    articles = read_together(items, workers=1)
    assert [a.source for a in articles] == [item.source for item in items]
    assert not any("Lumo" in a.text for a in articles)


def test_lead_has_the_requested_length() -> None:
    text = " ".join(TEXT)
    one = read(html(f"<h1>Library</h1><p>{text}</p>"), lead=LeadTarget(sentences=1, characters=90))
    assert len(one.lead.sentences) == 1


def test_a_memory_is_kept_under_the_host_or_else_the_site() -> None:
    assert host_of(Article("f", "https://www.post.example/1", "")) == "post.example"
    assert host_of(Article("f", "", "", site_name="The Post")) == "the post"


# --- attacks -------------------------------------------------------------------------------------------------------

PAGE = html(ARTICLE)
ATTACKS: dict[str, Callable[[], bytes]] = {
    "nested": lambda: html("<div>" * 12_000, ARTICLE, "</div>" * 12_000),
    "large": lambda: PAGE.replace(b"</article>", b"<p>word and word.</p>" * 2_500_000)[:50_000_000],
    "one endless word": lambda: b"<p>" + b"a" * 50_000_000,
    "NUL": lambda: b"\0" * 1_000_000 + PAGE,
    "no encoding": lambda: PAGE + b"\xff\xc3\x81" * 200_000,
    "links": lambda: html("".join(f'<a href="/{n}">{n}</a> ' for n in range(1_000_000))),
    "attributes": lambda: html("<p " + " ".join(f'a{n}="{n}"' for n in range(100_000)) + ">x</p>" * 3),
    "few attributes often": lambda: html(("<p " + " ".join(f"a{n}=1" for n in range(900)) + ">Hello.</p>") * 300),
    "brackets": lambda: b"(" * 3_000_000,
    "quotes": lambda: "«".encode() * 2_000_000,
    "stops": lambda: b"M. " * 1_000_000,
    "datelines": lambda: b"PARIS (AFP) - " * 200_000,
    "blanks": lambda: f"<p>{' ' * 1_000_000}\u00a0{chr(0xA0) * 300_000}x</p>".encode(),
    "JSON": lambda: html(ARTICLE, head=f'<script type="application/ld+json">{"[" * 100_000}</script>'),
    "title": lambda: html(ARTICLE, title="x " * 1_000_000),
    "tables": lambda: b"<table><tr><td>" * 30_000 + PAGE,
    "comments": lambda: b"<!--" * 500_000,
    "less than": lambda: b"<html>" + b"<" * 3_000_000,
    "list": lambda: html("<ul>" + "<li>an item of it is here." * 200_000),
    "lines": lambda: b"a\n\n" * 1_000_000,
    "speakers": lambda: b"ANNA: x\n" * 600_000,
    "open quotations": lambda: html(f"<p>he said {'「' * 1_000_000}</p>"),
    "picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(n * n % 251 for n in range(500_000)),
    "one line often": lambda: html(
        "<p>The very same sentence stands here again and again and again, for ever.</p>" * 60_000
    ),
    "entities": lambda: html("<p>" + "&lt;&amp;&#x41;" * 400_000),
    "classes": lambda: html(f'<div class="{"related-" * 60_000}">{ARTICLE}</div>'),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_ends_with_an_article_or_a_problem(name: str, sandbox: Sandbox) -> None:
    body = ATTACKS[name]()
    start = time.perf_counter()
    (article,) = read_many([Item(name, body)], sandbox=sandbox)
    assert time.perf_counter() - start < 24  # the sandbox ends it at 4 seconds of processor time
    assert article.source == name
    assert article.problem or article.text


def test_a_page_that_its_process_cannot_read_becomes_the_feed_text(sandbox: Sandbox) -> None:
    tiny = Sandbox(1, seconds=0.01, megabytes=500, preload=PRELOAD)
    try:
        page = PAGE.replace(b"</article>", b"<p>word and word, and one word more for the road.</p>" * 90_000)
        (article,) = read_many([Item("x", page, entry=entry(summary=SUMMARY))], sandbox=tiny)
    finally:
        tiny.close()
    assert "could not be read" in (article.problem or "")
    assert article.text == SUMMARY


def test_read_page_creates_its_own_sandbox() -> None:
    article = read_page(PAGE, url="https://post.example/1")
    assert (article.text, article.source, article.problem) == (WHOLE, "https://post.example/1", None)


@pytest.mark.parametrize(
    "part", ["<p>A sentence of some length, which ends here.</p>", "<b>a</b>", "word ", "<br>", "<li>x", "«", "&amp;"]
)
def test_reading_is_linear_in_the_length_of_the_page(part: str) -> None:
    def seconds(count: int) -> float:
        body = html("<h1>Title</h1><div>" + part * count + "</div>")
        start = time.process_time()
        read_item(Item("page", body))
        return time.process_time() - start

    small = min(seconds(400) for _ in range(3))
    assert seconds(3_200) < 24 * max(small, 0.004)


def test_declared_text_replaces_a_missing_one() -> None:
    script = json.dumps({"@type": "NewsArticle", "headline": "Library opens in May", "articleBody": " ".join(TEXT)})
    article = read(html("<p>Loading</p>", head=f'<script type="application/ld+json">{script}</script>'))
    assert (article.text, article.lead.rung) == (" ".join(TEXT), "structured-data")


def test_declared_text_replaces_a_fragment() -> None:
    body = " ".join(f"{text} That was said {n} times." for n in range(6) for text in TEXT)
    script = json.dumps({"@type": "NewsArticle", "headline": "Library opens in May", "articleBody": body})
    head = f'<script type="application/ld+json">{script}</script>'
    article = read(html(f"<h1>Library opens in May</h1><p>{TEXT[0]}</p>", head=head))
    assert (article.text, article.lead.rung, article.problem) == (body, "structured-data", None)
    closed = head.replace('"articleBody"', '"isAccessibleForFree": false, "articleBody"')
    assert read(html(f"<h1>Library opens in May</h1><p>{TEXT[0]}</p>", head=closed)).text == TEXT[0]
