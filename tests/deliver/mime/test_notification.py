"""Editors are written to in the newsletter's language, with its plurals, dates and spans of time."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from digest.collect.health import Issue
from digest.compose.edition import Section
from digest.deliver.mime.notification import (
    ReviewOutcome,
    issue_text,
    paused,
    paused_subject,
    reminder,
    reminder_subject,
    warning,
    warning_subject,
)
from digest.text.catalogue import available, locale
from tests.compose.samples import edition, story

LATE = timedelta(hours=3)
QUIET = Issue("https://a.example/feed", "silent", "silent", "look", seconds=9 * 3600, usual=1200)
SICK = (
    QUIET,
    Issue("https://b.example/feed", "gone", "gone", "remove"),
    Issue("https://c.example/feed", "failing", "failed", "test", number=3, detail="HTTP 503"),
    Issue("https://d.example/feed", "flood", "flood", "release"),
    Issue("https://e.example/feed", "undated", "undated", "none", share=0.6),
    Issue("https://f.example/feed", "broken", "not well formed", "test", detail="not well formed"),
    Issue("g.example", "unread", "3 of 4", "read", number=3, total=4, detail="consent wall"),
)
OTHERS = [language for language in available() if language != "en"]


def test_a_reminder_says_what_waits_and_what_to_type() -> None:
    assert reminder(edition(), "", LATE, (), locale("en")) == (
        "Tuesday, November 24, 2026, 7:00\u00a0AM\n\n"
        "This edition waits for review: 3 stories.\n\n"
        " 1. Title a\n 2. Title b\n 3. Title c\n\n"
        "Look:     digest preview morning-2026-11-24-0700\n"
        "Change:   digest edit morning-2026-11-24-0700\n"
        "Approve:  digest approve morning-2026-11-24-0700\n"
    )


def test_the_last_reminder_says_what_becomes_of_the_edition_and_what_its_sources_do() -> None:
    text = reminder(edition(), "hold", LATE, [QUIET], locale("fr"))
    assert "Mardi 24 novembre 2026, 07:00" in text
    assert "Cette édition attend toujours une relecture." in text
    assert "sautée 3\u00a0heures après l’heure d’envoi" in text
    assert "https://a.example/feed: muette depuis 9\u00a0heures, d’habitude 20 minutes" in text


@pytest.mark.parametrize(
    ("count", "said"), [(0, "أي خبر"), (1, "خبر واحد"), (2, "خبران"), (3, "3 أخبار"), (11, "11 خبرًا")]
)
def test_stories_are_counted_as_the_language_counts(count: int, said: str) -> None:
    stories = tuple(story(str(number)) for number in range(count))
    some = edition(sections=(Section("world", "World", stories),))
    assert said in reminder(some, "", LATE, (), locale("ar"))


@pytest.mark.parametrize("language", OTHERS)
def test_no_language_speaks_english_to_its_editors(language: str) -> None:
    translated, english = locale(language), locale("en")
    for fate in ("", *get_args(get_args(ReviewOutcome)[0])):
        ours, theirs = (reminder(edition(), fate, LATE, SICK, words_of) for words_of in (translated, english))
        for line, foreign in zip(ours.splitlines(), theirs.splitlines(), strict=True):
            assert line != foreign or not line or re.match(r" \d\. |- https://f", line), line
    assert reminder_subject(edition(), translated) != reminder_subject(edition(), english)
    assert warning_subject(translated) != warning_subject(english)
    assert not set(warning("2026-11-24T07:00", SICK[:1], translated).splitlines()) & set(
        warning("2026-11-24T07:00", SICK[:1], english).splitlines()
    ) - {""}
    ours, theirs = (paused("e", "554 blocked", {"accepted": 7}, words_of) for words_of in (translated, english))
    assert set(ours.splitlines()) & set(theirs.splitlines()) == {"", "554 blocked", "       7 accepted"}
    assert paused_subject("e", translated) != paused_subject("e", english)


def test_what_a_server_said_stays_as_it_was_said() -> None:
    assert issue_text(SICK[2], locale("de")) == "3-mal hintereinander gescheitert: HTTP 503"
    assert issue_text(replace(SICK[2], number=1), locale("de")) == "einmal gescheitert: HTTP 503"
    assert issue_text(SICK[5], locale("de")) == "not well formed"
    assert issue_text(SICK[4], locale("de")) == "60\u00a0% ihrer Einträge haben kein Datum"
