"""Stored texts, times and objects come back unchanged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.article import Article, Image, Removed
from digest.collect.entry import Entry
from digest.collect.lead import Lead, LeadSentence
from digest.compose.edition import Edition
from digest.store.codec import address_hash, address_key, article_key, dumps, loads, text_hash
from digest.store.types import encodable, from_sqlite, storable, to_sqlite, utc
from tests.store.samples import edition, entry

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
#: Offsets as pages and feeds write them: whole minutes.
offsets = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-01-01"), timezones=offsets)
articles = st.builds(
    Article,
    source=texts,
    url=texts,
    title=texts,
    text=texts,
    lead=st.builds(
        Lead,
        st.lists(st.builds(LeadSentence, texts, st.integers(0, 10**6), st.integers(0, 10**6)), max_size=3).map(tuple),
        st.sampled_from(["page", "title", "llm"]),
    ),
    published=st.none() | times,
    image=st.none() | st.builds(Image, texts, texts, st.none() | st.integers(0, 9999), st.none()),
    removed=st.lists(st.builds(Removed, texts, texts), max_size=2).map(tuple),
    problem=st.none() | texts,
)


@given(articles)
def test_every_article_comes_back_as_it_was(article: Article) -> None:
    assert loads(Article, dumps(article)) == article


@given(st.builds(Entry, texts, texts, texts, texts, texts, published=st.none() | times, categories=st.tuples(texts)))
def test_every_entry_comes_back_as_it_was(entry: Entry) -> None:
    assert loads(Entry, dumps(entry)) == entry


def test_an_edition_comes_back_as_it_was_and_times_keep_their_offset() -> None:
    found = loads(Edition, dumps(edition()))
    assert found == edition()
    published = found.stories[0].published
    assert published is not None
    assert published.utcoffset() == timedelta(hours=1)


def test_what_was_written_before_a_field_was_added_or_after_one_was_dropped_is_read() -> None:
    assert loads(Lead, '{"sentences": [], "gone": 1}') == Lead()


def test_lone_surrogates_are_replaced_and_nothing_else() -> None:
    broken = Article(
        "s", "u", "a\ud800b \x00 é", published=datetime(2026, 1, 1, tzinfo=UTC), image=Image("i", "\udfff")
    )
    found = loads(Article, dumps(broken))
    assert (found.title, found.published) == ("a\ufffdb \x00 é", broken.published)
    assert found.image == Image("i", "\ufffd")


@given(st.text())
def test_storable_text_is_encodable_has_no_nul_and_is_stable(text: str) -> None:
    clean = storable(text)
    clean.encode()
    assert "\x00" not in clean
    assert len(clean) == len(text)
    assert storable(clean) == clean
    assert encodable(clean) == clean


@given(times)
def test_times_are_text_of_fixed_width_that_sorts_in_time(moment: datetime) -> None:
    text = to_sqlite(moment)
    assert text is not None
    assert len(text) == 26
    assert from_sqlite(text) == moment


@given(st.lists(times, min_size=2, max_size=2))
def test_texts_of_times_compare_as_the_times_do(pair: list[datetime]) -> None:
    first, second = (to_sqlite(moment) for moment in pair)
    assert first is not None
    assert second is not None
    assert (first < second) == (utc(pair[0]) < utc(pair[1]))


def test_times_beyond_the_calendar_stay_at_its_ends_and_naive_ones_are_refused() -> None:
    late = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5)))
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    assert utc(late) == datetime.max.replace(tzinfo=UTC)
    assert utc(early) == datetime.min.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001


def test_an_article_is_known_by_its_url_and_without_one_by_its_entry() -> None:
    assert article_key(entry("a")) == "https://herald.example/a"
    assert article_key(entry("a", canonical_url="")) == "https://herald.example/feed#a"


def test_hashes_tell_texts_apart_and_addresses_only_by_their_canonical_form() -> None:
    assert len({text_hash(text) for text in ("", "a", "A", "\ud800", "\x00")}) == 5
    assert address_hash("Ada@Example.ORG") == address_hash(" ada@example.org")
    assert address_hash("ada@example.org") != address_hash("bob@example.org")
    assert address_key("Not An Address") == "not an address"
    assert address_key("ada@bücher.example") == address_key("ada@xn--bcher-kva.example")
