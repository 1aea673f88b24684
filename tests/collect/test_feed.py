"""Polling with patience: what a feed's record becomes after each answer, and when it is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from digest.collect.cadence import Cadence, blend, cadence
from digest.collect.entry import Entry
from digest.collect.feed import (
    Feed,
    FetchOutcome,
    ParsedFeed,
    after_fetch,
    after_parse,
    body_hash,
    is_due,
    is_unchanged,
    released,
    silence,
    status,
)

URL = "https://example.org/feed"
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ERROR = FetchOutcome(URL, "error", error="no")


def ok(body: bytes = b"<rss/>", **facts: object) -> FetchOutcome:
    return replace(FetchOutcome(URL, "ok", body=body, http_status=200), **facts)  # type: ignore[arg-type]


def entry(number: int, published: datetime | None = None) -> Entry:
    return Entry(URL, str(number), f"https://example.org/{number}", "", f"Title {number}", published=published)


def parsed(*entries: Entry, problem: str = "", ttl: float | None = None) -> ParsedFeed:
    return ParsedFeed("Example", "https://example.org/", "en", "rss20", ttl, entries, problem)


# --- one poll ------------------------------------------------------------------------------------------------


def test_a_new_feed_is_due_and_after_a_poll_it_waits_for_the_next_ring() -> None:
    feed = Feed(URL)
    assert is_due(feed, NOW)
    feed = after_parse(after_fetch(feed, ok(), NOW), parsed(entry(1)), 1, NOW)
    assert not is_due(feed, NOW + 5 * MINUTE)
    assert is_due(feed, NOW + 28 * MINUTE), "a ring a little early still counts"
    assert is_due(feed, NOW, forced=True), "a person who asks gets an answer"


def test_an_unchanged_body_and_304_need_no_parsing() -> None:
    feed = after_parse(after_fetch(Feed(URL), ok(b"a", etag='"1"'), NOW), parsed(entry(1)), 1, NOW)
    assert feed.etag == '"1"'
    assert feed.body_hash == body_hash(b"a")
    assert is_unchanged(feed, ok(b"a"))
    assert not is_unchanged(feed, ok(b"b"))
    assert is_unchanged(feed, FetchOutcome(URL, "not_modified"))
    again = after_fetch(feed, FetchOutcome(URL, "not_modified"), NOW + HOUR)
    assert (again.etag, again.body_hash, again.last_ok) == ('"1"', body_hash(b"a"), NOW + HOUR)
    assert status(feed, again, FetchOutcome(URL, "not_modified")) == "not_modified"
    assert status(feed, after_fetch(feed, ok(b"a"), NOW + HOUR), ok(b"a")) == "not_modified"


def test_a_body_that_could_not_be_read_is_asked_for_again_in_full() -> None:
    outcome = ok(b"<html>", etag='"1"', last_modified="then")
    feed = after_parse(after_fetch(Feed(URL), outcome, NOW), ParsedFeed(problem="a web page"), 0, NOW)
    assert (feed.etag, feed.last_modified, feed.body_hash) == ("", "", "")
    assert (feed.failures, feed.last_error, feed.last_ok) == (1, "a web page", None)
    assert status(Feed(URL), feed, outcome) == "error"
    second = after_parse(after_fetch(feed, outcome, NOW + HOUR), ParsedFeed(problem="a web page"), 0, NOW + HOUR)
    assert second.failures == 2, "pages instead of a feed are failures in a row, though each fetch succeeds"
    well = after_parse(after_fetch(second, outcome, NOW + HOUR), parsed(entry(1)), 1, NOW + HOUR)
    assert (well.failures, well.last_error) == (0, "")


def test_broken_xml_that_gave_entries_is_kept_with_its_problem() -> None:
    feed = after_parse(after_fetch(Feed(URL), ok(), NOW), parsed(entry(1), problem="broken XML"), 1, NOW)
    assert (feed.failures, feed.problem, feed.entries) == (0, "broken XML", 1)
    assert status(Feed(URL), feed, ok()) == "ok"


def test_gone_is_gone_until_a_person_removes_it() -> None:
    outcome = FetchOutcome(URL, "gone", http_status=410, error="it is gone for good (410)")
    feed = after_fetch(Feed(URL), outcome, NOW)
    assert feed.state == "gone"
    assert not is_due(feed, NOW + 365 * DAY, forced=True)
    assert status(Feed(URL), feed, outcome) == "gone"
    assert status(feed, feed, None) == "skipped"


# --- failures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_failures_back_off_exponentially_up_to_a_day(jitter: float) -> None:
    feed, waits = Feed(URL), []
    for _ in range(12):
        feed = after_fetch(feed, ERROR, NOW, jitter)
        assert feed.next_due
        waits.append((feed.next_due - NOW).total_seconds() / (0.5 + jitter / 2))
    assert waits[:4] == pytest.approx([1800, 3600, 7200, 14400])
    assert waits[-1] == pytest.approx(86_400)
    assert feed.failures == 12
    assert after_fetch(feed, FetchOutcome(URL, "not_modified"), NOW).failures == 0


def test_jitter_spreads_feeds_that_failed_together() -> None:
    dues = {after_fetch(Feed(URL), ERROR, NOW, jitter / 10).next_due for jitter in range(10)}
    assert len(dues) == 10


def test_retry_after_is_kept_even_when_a_person_asks() -> None:
    outcome = replace(ERROR, http_status=429, retry_after=3 * 3600.0)
    feed = after_fetch(Feed(URL), outcome, NOW)
    assert not is_due(feed, NOW + 2 * HOUR, forced=True)
    assert is_due(feed, NOW + 3 * HOUR)
    absurd = after_fetch(Feed(URL), replace(outcome, retry_after=1e9), NOW)
    assert is_due(absurd, NOW + 7 * DAY)
    short = after_fetch(Feed(URL), replace(outcome, retry_after=1.0), NOW)
    assert not is_due(short, NOW + MINUTE), "the usual patience stays"


# --- hints ---------------------------------------------------------------------------------------------------


def test_max_age_and_ttl_lengthen_the_interval_within_bounds() -> None:
    feed = after_parse(after_fetch(Feed(URL), ok(max_age=3600.0), NOW), parsed(entry(1)), 1, NOW)
    assert not is_due(feed, NOW + 50 * MINUTE)
    assert is_due(feed, NOW + 55 * MINUTE)
    feed = after_parse(after_fetch(Feed(URL), ok(), NOW), parsed(entry(1), ttl=5400.0), 1, NOW)
    assert not is_due(feed, NOW + 75 * MINUTE)
    feed = after_parse(after_fetch(Feed(URL), ok(max_age=1e9), NOW), parsed(entry(1), ttl=1e9), 1, NOW)
    assert is_due(feed, NOW + 2 * HOUR), "no feed says 'next week' to a digest of the day"
    feed = after_parse(after_fetch(Feed(URL), ok(max_age=1.0), NOW), parsed(entry(1), ttl=60.0), 1, NOW)
    assert not is_due(feed, NOW + 20 * MINUTE), "a hint never makes us ask more often"


# --- moves ---------------------------------------------------------------------------------------------------


def moved(feed: Feed, when: datetime, to: str = "https://new.example/feed") -> Feed:
    return after_fetch(feed, ok(moved_to=to), when)


def test_a_permanent_redirect_is_believed_after_days_not_at_once() -> None:
    feed = Feed(URL)
    for hours in range(0, 48, 6):
        feed = moved(feed, NOW + hours * HOUR)
        assert feed.address == URL
    after = moved(feed, NOW + 48 * HOUR)
    assert after.address == "https://new.example/feed"
    assert after.url == URL, "the settings' address stays its key"
    assert status(feed, replace(after, failures=0), ok()) == "moved"


def test_a_move_that_is_taken_back_or_changes_its_target_starts_anew() -> None:
    feed = moved(moved(Feed(URL), NOW), NOW + 47 * HOUR)
    assert moved(feed, NOW + 48 * HOUR, "https://elsewhere.example/").address == URL
    direct = after_fetch(feed, ok(), NOW + 48 * HOUR)
    assert (direct.moved_to, direct.moved_count) == ("", 0)
    assert moved(direct, NOW + 49 * HOUR).address == URL


def test_few_polls_over_days_are_not_enough() -> None:
    assert moved(moved(Feed(URL), NOW), NOW + 5 * DAY).address == URL


def test_a_new_address_that_fails_is_given_up_for_the_one_in_the_settings() -> None:
    feed = Feed(URL, location="https://new.example/feed")
    for _ in range(3):
        assert feed.address == "https://new.example/feed"
        feed = after_fetch(feed, ERROR, NOW)
    assert feed.address == URL


# --- what a body teaches -------------------------------------------------------------------------------------


def test_facts_are_taken_from_the_body_and_kept_when_it_is_silent_about_them() -> None:
    feed = after_parse(after_fetch(Feed(URL), ok(), NOW), parsed(entry(1, NOW - HOUR), entry(2)), 1, NOW)
    assert (feed.title, feed.site_url, feed.language, feed.entries) == ("Example", "https://example.org/", "en", 2)
    assert feed.undated == 0.5
    bare = after_parse(feed, ParsedFeed(entries=(entry(3),), version="rss20"), 1, NOW + HOUR)
    assert (bare.title, bare.undated) == ("Example", 1.0)


def test_the_usual_number_of_new_entries_is_learned_but_not_from_the_first_run_or_a_flood() -> None:
    feed = after_parse(Feed(URL), parsed(entry(1)), 30, NOW)
    assert feed.usual_new == 0
    feed = after_parse(feed, parsed(entry(1)), 4, NOW + HOUR)
    assert feed.usual_new == 4
    feed = after_parse(feed, parsed(entry(1)), 500, NOW + 2 * HOUR, flooded=True)
    assert (feed.usual_new, feed.state) == (4, "flooded")
    assert released(feed).state == "active"
    assert after_parse(feed, parsed(entry(1)), 9, NOW + 3 * HOUR).usual_new == pytest.approx(5)


def test_the_first_run_remembers_where_the_archive_ends() -> None:
    start = NOW.replace(hour=0)
    feed = after_parse(Feed(URL), parsed(entry(1)), 1, NOW, day_start=start)
    assert feed.since == start
    assert after_parse(feed, parsed(entry(1)), 1, NOW + DAY, day_start=start + DAY).since == start


# --- cadence and silence -------------------------------------------------------------------------------------


def test_cadence_is_the_median_gap_and_the_longest_normal_one() -> None:
    times = [NOW - i * 20 * MINUTE for i in range(20)]
    assert cadence(times, NOW) == Cadence(1200, 1200)
    assert cadence(times[:4], NOW) is None
    assert cadence([*times, *times], NOW) == Cadence(1200, 1200), "the same time twice is one"
    nights = [NOW - day * DAY - i * HOUR for day in range(5) for i in range(12)]
    assert cadence(nights, NOW) == Cadence(3600, 13 * 3600)
    assert cadence([*nights, NOW - 40 * DAY], NOW) == Cadence(3600, 13 * 3600), "one outage is no rule"
    assert cadence([*times, NOW + 300 * DAY], NOW) == Cadence(1200, 1200), "the future is no history"


def test_what_was_learned_stays_and_a_long_gap_fades_over_weeks() -> None:
    old, new = Cadence(1000, 50_000), Cadence(2000, 2000)
    assert blend(None, new, 0) == new
    assert blend(old, None, 0) == old
    soon, late = blend(old, new, 3600), blend(old, new, 35 * 86_400)
    assert soon
    assert late
    assert soon.usual == pytest.approx(1300)
    assert soon.longest == pytest.approx(50_000, rel=0.01)
    assert late.longest == 2000


def test_silent_for_9_hours_usually_20_minutes() -> None:
    entries = [entry(i, NOW - i * 20 * MINUTE) for i in range(20)]
    feed = after_parse(Feed(URL), parsed(*entries), 18, NOW)
    assert feed.last_new == NOW
    assert silence(feed, NOW + 50 * MINUTE) is None
    found = silence(feed, NOW + 9 * HOUR)
    assert found
    assert (found.seconds, found.usual) == (9 * 3600, 1200)
    assert silence(replace(feed, state="gone"), NOW + 9 * HOUR) is None


def test_a_usual_night_is_no_silence() -> None:
    entries = [entry(day * 100 + i, NOW - day * DAY - i * 20 * MINUTE) for day in range(4) for i in range(48)]
    feed = after_parse(Feed(URL), parsed(*entries), 18, NOW)
    assert feed.cadence == 1200
    assert silence(feed, NOW + 8 * HOUR) is None
    assert silence(feed, NOW + 11 * HOUR)


def test_a_feed_that_has_been_dead_for_years_is_known_at_the_first_poll() -> None:
    entries = [entry(i, NOW - 700 * DAY - i * DAY) for i in range(10)]
    feed = after_parse(Feed(URL), parsed(*entries), 0, NOW)
    found = silence(feed, NOW)
    assert found
    assert found.seconds == 700 * 86_400


def test_the_rhythm_of_an_undated_feed_is_learned_from_what_its_polls_bring() -> None:
    feed = after_parse(Feed(URL), parsed(entry(0)), 1, NOW)
    assert silence(feed, NOW + 30 * DAY) is None, "nothing known, nothing claimed"
    for number in range(1, 6):
        feed = after_parse(feed, parsed(entry(number)), 1, NOW + number * HOUR)
    assert feed.cadence == pytest.approx(3600)
    assert silence(feed, NOW + 5 * HOUR + 2 * HOUR) is None
    assert silence(feed, NOW + 5 * HOUR + 4 * HOUR)
