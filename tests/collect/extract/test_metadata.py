"""JSON-LD and meta tags of any quality give facts, or nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.article import Image
from digest.collect.extract.metadata import Declarations, read_facts, read_time
from digest.collect.extract.page import PageFacts

URL = "https://www.post.example/a/1"


def facts(*nodes: Any, **declared: Any) -> PageFacts:
    return read_facts(Declarations(scripts=[json.dumps(node) for node in nodes], url=URL, **declared))


def test_an_article_in_a_graph_is_found_with_its_references() -> None:
    graph = {
        "@graph": [
            {"@type": "WebSite", "name": "The Post"},
            {"@type": "Person", "@id": "#jane", "name": "Jane Miller"},
            {"@type": "ImageObject", "@id": "#img", "url": "/a.jpg", "width": {"value": "800"}, "height": 600},
            {
                "@type": ["NewsArticle", "Article"],
                "headline": "Library &amp; hall open",
                "author": {"@id": "#jane"},
                "image": [{"@id": "#img"}],
                "datePublished": "2024-03-12T08:15:00-05:00",
                "articleSection": ["Town", "Culture"],
                "inLanguage": "en-GB",
                "isAccessibleForFree": "False",
            },
        ]
    }
    found = facts(graph)
    assert found.title == "Library & hall open"
    assert found.author == "Jane Miller"
    assert found.image == Image("https://www.post.example/a.jpg", "", 800, 600)
    assert found.published == datetime(2024, 3, 12, 8, 15, tzinfo=timezone(timedelta(hours=-5)))
    assert (found.section, found.site_name, found.free) == ("Town", "The Post", False)
    assert found.languages == ("en-GB",)


def test_facts_contain_no_lone_surrogates() -> None:
    half = "Half \ud83d\0a character\u202e"
    node = {"@type": "NewsArticle", "headline": half, "author": {"name": half}, "articleBody": half, "image": half}
    found = facts(
        {**node, "articleSection": half, "description": half, "publisher": {"name": half}, "inLanguage": half}
    )
    assert "\\ud83d" not in repr(found)
    assert (found.title, found.body) == ("Half a character", "Half a character")


def test_meta_tags_complete_json_ld() -> None:
    metas = {
        "og:title": ["Library opens"],
        "og:site_name": ["The Post"],
        "og:image": ["https://cdn.example/b.png"],
        "og:image:width": ["1200"],
        "article:published_time": ["2024-03-12"],
        "author": ["by Jane Miller jane@post.example"],
        "description": ["A library <b>opens</b>."],
        "og:locale": ["en_GB"],
    }
    found = read_facts(Declarations(metas=metas, canonical="/a/2", url=URL, language="en"))
    assert found.title == "Library opens"
    assert found.url == "https://www.post.example/a/2"
    assert found.published == datetime(2024, 3, 12, tzinfo=UTC)
    assert found.author == "Jane Miller"
    assert found.description == "A library opens ."
    assert found.image == Image("https://cdn.example/b.png", "", 1200, None)
    assert found.languages == ("en", "en_GB")


@pytest.mark.parametrize(
    "script",
    [
        '<!-- {"@type": "Article", "headline": "Title"} -->',
        '//<![CDATA[\n{"@type": "Article", "headline": "Title"}\n//]]>',
        '{"@type": "Article", "headline": "Title",}',
        '[{"@type": "Article", "headline": "Title"}];',
        '{"@type": "Article", "headline": "Ti\ttle\n"}',
    ],
)
def test_json_with_the_usual_mistakes_is_read(script: str) -> None:
    assert read_facts(Declarations(scripts=[script])).title.replace(" ", "") == "Title"


@pytest.mark.parametrize("script", ["", "{", "null", "[" * 100_000, '{"a":' * 50_000, '"text"', "{'a': 1}"])
def test_invalid_json_is_ignored(script: str) -> None:
    assert read_facts(Declarations(scripts=[script], title="Title")).title == "Title"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-03-12T08:15:00Z", datetime(2024, 3, 12, 8, 15, tzinfo=UTC)),
        ("Tue, 12 Mar 2024 08:15:00 +0100", datetime(2024, 3, 12, 8, 15, tzinfo=timezone(timedelta(hours=1)))),
        ("2024-03-12", datetime(2024, 3, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01", None),
        ("9999-12-31", None),
        ("yesterday", None),
        (20240312, None),
        (None, None),
        ("1" * 5000, None),
    ],
)
def test_a_time_is_aware_or_none(value: Any, expected: datetime | None) -> None:
    assert read_time(value) == expected


def test_an_author_that_is_a_link_a_handle_or_the_site_is_none() -> None:
    assert facts({"@type": "Article", "headline": "T", "author": "https://facebook.com/jane"}).author == ""
    assert facts({"@type": "Article", "headline": "T", "author": "@jane"}).author == ""
    site = {"@type": "WebSite", "name": "The Post"}
    assert facts(site, {"@type": "Article", "headline": "T", "author": {"name": "The Post"}}).author == ""


def test_an_image_or_address_that_is_no_web_address_is_left_out() -> None:
    assert facts({"@type": "Article", "headline": "T", "image": "data:image/png;base64,AAAA"}).image is None
    assert read_facts(Declarations(canonical="javascript:alert(1)", url="")).url == ""
    assert read_facts(Declarations(canonical="http://[", url=URL)).url == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "@id", "@graph", "headline", "author", "name", "image", "url", "datePublished", "publisher"]
            ),
            inner | st.sampled_from(["NewsArticle", "#a", "2024-01-01"]),
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_gives_facts(node: Any) -> None:
    found = facts(node)
    assert isinstance(found.title, str)
    assert isinstance(found.author, str)
    assert found.published is None or found.published.tzinfo is not None
