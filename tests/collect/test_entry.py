"""Identity of entries, and which are new: the rules that keep old items from being shown as news."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digest.collect.entry import Entry, alias, content_hash, distinguish, entry_key
from digest.collect.feed import Feed
from digest.collect.triage import Triage, triage
from digest.text.url import canonical

FEED = "https://example.org/feed"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = Feed(FEED, last_ok=NOW - HOUR, since=TODAY - 30 * DAY, usual_new=2.0)  # followed for a month


def entry(number: int, published: datetime | None = NOW - HOUR, **facts: object) -> Entry:
    url = f"https://example.org/2026/11/24/story-number-{number}"
    made = Entry(FEED, f"id-{number}", url, canonical(url), f"Title {number}", published=published, position=number)
    return replace(made, content_hash=content_hash(made.title, "", ""), **facts)  # type: ignore[arg-type]


def sort(feed: Feed, entries: Sequence[Entry], known: Iterable[Entry] = ()) -> Triage:
    before = list(known)
    hashes = {e.key: e.content_hash for e in before}
    return triage(feed, entries, hashes, {e.canonical_url for e in before}, now=NOW, day_start=TODAY)


def keys(entries: Iterable[Entry]) -> list[str]:
    return [e.key for e in entries]


# --- identity ------------------------------------------------------------------------------------------------


def test_a_guid_identifies_and_a_web_address_as_guid_survives_the_move_to_https() -> None:
    assert entry_key("tag:example.org,2026:1", "https://example.org/1", "T", "") == "tag:example.org,2026:1"
    assert entry_key("http://www.example.org/?p=1", "", "T", "") == entry_key("https://example.org/?p=1", "", "", "")
    assert entry_key("https://example.org/1#a", "", "T", "") != entry_key("https://example.org/1#b", "", "T", "")


def test_without_a_guid_the_link_identifies_without_scheme_host_and_query_noise() -> None:
    one = entry_key("", "http://old.example/2026/11/24/a-long-story-1?utm_source=rss", "T", "today")
    assert one == entry_key("", "https://new.example/2026/11/24/a-long-story-1", "Other", "")
    assert entry_key("", "https://a.example/", "T", "") != entry_key("", "https://b.example/", "T", "")


def test_without_guid_and_link_title_and_date_identify() -> None:
    assert entry_key("", "", "T", "1 May") == entry_key("", "", " T ", "1 May")
    assert entry_key("", "", "T", "1 May") != entry_key("", "", "T", "2 May")
    assert entry_key("", "", "", "") == ""


def test_a_monstrous_guid_becomes_a_short_key() -> None:
    key = entry_key("x" * 100_000, "", "", "")
    assert len(key) < 100
    assert key != entry_key("x" * 99_999, "", "", "")


def test_only_paths_that_are_specific_to_an_article_stand_for_it_on_any_host() -> None:
    assert alias("https://example.org/2026/11/24/story") == "/2026/11/24/story"
    assert alias("https://example.org/a-story-of-three-words")
    assert alias("https://example.org/") == alias("https://example.org/news") == alias("") == ""


def test_a_guid_that_all_entries_share_identifies_none_of_them() -> None:
    shared = [replace(entry(n), key="https://example.org/") for n in range(3)]
    assert len(set(keys(distinguish(shared)))) == 3
    twice = [entry(1), entry(1)]
    assert keys(distinguish(twice)) == ["id-1", "id-1"], "the same entry twice is no shared guid"


def test_new_markup_is_no_new_content_and_new_words_are() -> None:
    assert content_hash("T", "<p>some words</p>", "") == content_hash("T", "<div class='x'>some  words</div>", "")
    assert content_hash("T", "some words", "") != content_hash("T", "other words", "")


# --- later runs ----------------------------------------------------------------------------------------------


def test_entries_are_new_once_and_changed_when_their_words_change() -> None:
    first = sort(OLD, [entry(1), entry(2)])
    assert keys(first.new) == ["id-1", "id-2"]
    corrected = replace(entry(2), title="Corrected", content_hash="other")
    second = sort(OLD, [entry(3), entry(1), corrected], first.new)
    assert keys(second.new) == ["id-3"]
    assert keys(second.changed) == ["id-2"]
    assert second.changed[0].title == "Corrected"
    assert second.known == 1


def test_the_same_entry_twice_in_one_body_is_one() -> None:
    assert keys(sort(OLD, [entry(1), entry(1), entry(2)]).new) == ["id-1", "id-2"]


def test_an_entry_that_nothing_identifies_is_left_out() -> None:
    assert sort(OLD, [entry(1, key="")]) == Triage()


def test_new_ids_for_known_links_make_nothing_new() -> None:
    known = [entry(n) for n in range(40)]
    again = [replace(e, key=f"new-{e.key}") for e in known]
    found = sort(OLD, again, known)
    assert (found.new, found.quarantined, found.known) == ((), (), 40)


def test_a_site_that_moves_to_another_host_with_new_ids_makes_nothing_new() -> None:
    known = [entry(n) for n in range(40)]
    again = [
        replace(e, key=f"new-{e.key}", canonical_url=e.canonical_url.replace("example.org", "new.example"))
        for e in known
    ]
    assert sort(OLD, again, known).known == 40


def test_entries_that_share_a_link_are_told_apart_by_their_ids() -> None:
    live = "https://example.org/live/2026/11/24/day"
    found = sort(OLD, [entry(n, canonical_url=live) for n in (3, 2, 1)], [entry(1, canonical_url=live)])
    assert keys(found.new) == ["id-3", "id-2"]


def test_the_home_page_as_a_link_says_nothing() -> None:
    home = "https://example.org/"
    assert keys(sort(OLD, [entry(2, canonical_url=home)], [entry(1, canonical_url=home)]).new) == ["id-2"]


def test_the_same_article_in_another_feed_is_new_there_too() -> None:
    other = replace(OLD, url="https://example.org/other")
    assert keys(sort(other, [entry(1)]).new) == ["id-1"]


def test_old_items_are_no_news() -> None:
    week = sort(OLD, [entry(1, NOW - 8 * DAY), entry(2, NOW - 6 * DAY)])
    assert keys(week.new) == ["id-2"]
    assert [(e.key, "too old" in why) for e, why in week.skipped] == [("id-1", True)]
    young = replace(OLD, since=TODAY)
    before = sort(young, [entry(1, TODAY - HOUR), entry(2, TODAY + HOUR)])
    assert keys(before.new) == ["id-2"]
    assert "followed" in before.skipped[0][1]


def test_the_future_becomes_now_and_missing_dates_stay_missing() -> None:
    found = sort(OLD, [entry(1, NOW + 3 * DAY), entry(2, None)])
    assert [e.published for e in found.new] == [NOW, None]


# --- floods --------------------------------------------------------------------------------------------------


def test_more_than_twenty_and_five_times_the_usual_are_held() -> None:
    assert len(sort(OLD, [entry(n, None) for n in range(20)]).new) == 20
    flood = sort(OLD, [entry(n, None) for n in range(21)])
    assert (len(flood.quarantined), flood.new, flood.flooded) == (21, (), True)
    busy = replace(OLD, usual_new=10.0)
    assert len(sort(busy, [entry(n, None) for n in range(50)]).new) == 50
    assert len(sort(busy, [entry(n, None) for n in range(51)]).quarantined) == 51


def test_a_site_that_changes_all_ids_and_links_is_held_but_what_is_dated_after_the_last_poll_passes() -> None:
    renamed = [entry(n, NOW - 2 * DAY - n * HOUR / 4) for n in range(100, 140)]
    fresh = [entry(n, NOW - timedelta(minutes=10)) for n in range(3)]
    found = sort(OLD, [*fresh, *renamed])
    assert keys(found.new) == ["id-0", "id-1", "id-2"]
    assert len(found.quarantined) == 40


def test_an_archive_that_is_opened_at_once_is_skipped_not_held() -> None:
    found = sort(OLD, [entry(1), *(entry(n, NOW - 20 * DAY) for n in range(100, 300))])
    assert found.quarantined == () or keys(found.quarantined) == ["id-1"]
    assert len(found.skipped) == 200


def test_a_busy_feed_after_a_long_pause_of_ours_is_no_flood() -> None:
    rested = replace(OLD, last_ok=NOW - 2 * DAY, cadence=1800.0)
    assert len(sort(rested, [entry(n, NOW - n * HOUR / 2) for n in range(1, 91)]).new) == 90


# --- first run -----------------------------------------------------------------------------------------------


def test_the_first_run_takes_the_current_day_only() -> None:
    entries = [entry(n, NOW - n * 5 * HOUR) for n in range(1, 10)]
    found = sort(Feed(FEED), entries)
    assert keys(found.new) == ["id-1", "id-2"]
    assert len(found.skipped) == 7
    assert all("2026-11" in why for _, why in found.skipped)


def test_a_first_run_is_never_a_flood() -> None:
    assert len(sort(Feed(FEED), [entry(n) for n in range(200)]).new) == 200


def test_of_an_undated_feed_the_first_run_takes_the_ten_at_the_top() -> None:
    found = sort(Feed(FEED), [entry(n, None) for n in range(50)])
    assert keys(found.new) == [f"id-{n}" for n in range(10)]
    assert len(found.skipped) == 40


def test_of_an_undated_feed_that_did_not_change_today_the_first_run_takes_nothing() -> None:
    entries = [entry(n, None) for n in range(5)]
    old = triage(Feed(FEED), entries, {}, (), now=NOW, day_start=TODAY, changed=TODAY - HOUR)
    assert (old.new, len(old.skipped)) == ((), 5)
    assert len(triage(Feed(FEED), entries, {}, (), now=NOW, day_start=TODAY, changed=TODAY + HOUR).new) == 5


def test_on_a_first_run_future_dates_count_as_none() -> None:
    assert len(sort(Feed(FEED), [entry(n, NOW + n * DAY) for n in range(1, 50)]).new) == 10


def test_an_undated_entry_below_an_older_one_is_archive() -> None:
    found = sort(Feed(FEED), [entry(1, None), entry(2, NOW - 3 * DAY), entry(3, None)])
    assert keys(found.new) == ["id-1"]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(-400, 400))), max_size=80), st.booleans()
)
def test_every_entry_lands_in_exactly_one_place_and_the_second_time_nothing_is_new(
    facts: list[tuple[int, int | None]], first: bool
) -> None:
    entries = [entry(n, None if hours is None else NOW + hours * HOUR) for n, hours in facts]
    feed = Feed(FEED) if first else OLD
    found = sort(feed, entries)
    placed = [*found.new, *found.quarantined, *(e for e, _ in found.skipped)]
    assert sorted(keys(placed)) == sorted({e.key for e in entries})
    assert all(e.published is None or e.published <= NOW for e in placed)
    again = sort(replace(OLD, since=TODAY - DAY), entries, placed)
    assert (again.new, again.quarantined, again.skipped, again.changed) == ((), (), (), ())


def test_times_in_other_zones_are_compared_as_instants() -> None:
    from zoneinfo import ZoneInfo

    here = datetime(2026, 11, 24, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo"))  # the 23rd in UTC
    assert sort(Feed(FEED), [entry(1, here)]).new == ()


def test_entries_without_a_link_are_told_apart_by_their_ids() -> None:
    found = sort(OLD, [entry(1, url="", canonical_url="")], [entry(2, url="", canonical_url="")])
    assert keys(found.new) == ["id-1"]
