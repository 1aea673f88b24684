"""Changes of files: feeds and topics in settings.toml, and a secret beside it."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digest.errors import SettingsError
from digest.resources import example_settings
from digest.settings import add_feed, add_topic, ensure_secret, load, remove_feed
from digest.settings.file import Added, add_feeds, drop_examples
from tests.settings.samples import SMALL, write

# the secret that signs links


def test_no_secret_is_an_error_only_where_one_is_needed(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALL), {})
    with pytest.raises(SettingsError, match="DIGEST_SITE__SECRET"):
        settings.require_secret()
    assert load(write(tmp_path, SMALL), {"DIGEST_SITE__SECRET": "given"}).require_secret() == "given"


def test_a_generated_secret_is_kept_for_its_owner_only_and_stays_the_same(tmp_path: Path) -> None:
    file = write(tmp_path, SMALL)
    first = ensure_secret(load(file, {})).require_secret()
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / ".digest-secret").stat().st_mode) == 0o600
    assert load(file, {}).require_secret() == first
    assert ensure_secret(load(file, {})).require_secret() == first
    assert load(file, {"DIGEST_SITE__SECRET": "own"}).require_secret() == "own"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".digest-secret", "settings.toml"]


def test_an_empty_secret_file_is_told_and_never_used(tmp_path: Path) -> None:
    file = write(tmp_path, SMALL)
    (tmp_path / ".digest-secret").touch()
    with pytest.raises(SettingsError, match="empty; remove it"):
        load(file, {})


def test_processes_that_start_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    settings = load(write(tmp_path, SMALL), {})
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: ensure_secret(settings).require_secret(), range(64)))
    assert len(set(made)) == 1


# changing feeds


COMMENTED = """# my feeds
[topics.world]  # the world
title = "World"
feeds = [
    "https://example.org/world.rss",  # since 2019
    { url = "https://example.com/feed", weight = 1.5 },
]
limit = 4  # enough

[topics.science]
title = "Science"
"""


def test_adding_and_removing_a_feed_keeps_comments_and_form(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTED)
    assert add_feed(file, "world", "https://example.net/atom.xml")
    assert add_feed(file, "science", "https://example.net/science", weight=2.0)
    assert not add_feed(file, "world", "https://example.com/feed")
    text = file.read_text()
    for kept in ("# my feeds", "# the world", "# since 2019", "# enough"):
        assert kept in text
    settings = load(file, {})
    assert [feed.url for feed in settings.topics["world"].feeds][-1] == "https://example.net/atom.xml"
    assert settings.topics["science"].feeds[0].weight == 2.0
    assert remove_feed(file, "https://example.net/atom.xml") == ("world",)
    assert remove_feed(file, "https://example.net/science", "science") == ("science",)
    assert load(file, {}).topics["world"] == load(write(tmp_path, COMMENTED), {}).topics["world"]


def test_a_feed_that_is_not_there_leads_to_where_it_is_and_never_to_a_list_of_hundreds(tmp_path: Path) -> None:
    feeds = ", ".join(f'"https://example.org/{n}"' for n in range(300))
    text = f'[topics.world]\ntitle = "World"\nfeeds = [{feeds}]\n[topics.sport]\ntitle = "Sport"\n'
    file = write(tmp_path, text)
    for url, topic, told in (
        ("https://example.org/7", "wrld", ("topics.wrld: no such topic", "did you mean 'world'?")),
        ("https://example.org/7", "sport", ("https://example.org/7: no such feed in topic sport", "it is in world")),
        ("x", None, (f"x: no such feed in {file}", "'digest feeds list' shows them all")),
    ):
        with pytest.raises(SettingsError) as caught:
            remove_feed(file, url, topic)
        assert (caught.value.message, caught.value.remedy) == told
    assert file.read_text(encoding="utf-8") == text


def test_a_feed_is_removed_from_every_topic_that_has_it(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTED)
    add_feed(file, "science", "https://example.com/feed")
    assert remove_feed(file, "https://example.com/feed") == ("world", "science")
    assert [feed.url for feed in load(file, {}).topics["world"].feeds] == ["https://example.org/world.rss"]


def test_a_topic_can_be_added_for_an_import(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTED)
    assert add_topic(file, "sport", "Sport")
    assert not add_topic(file, "world", "Again")
    assert add_feed(file, "sport", "https://example.org/sport.rss")
    assert list(load(file, {}).topics) == ["world", "science", "sport"]
    with pytest.raises(SettingsError, match="not a key"):
        add_topic(file, "Local News", "Local")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda file: add_feed(file, "wrold", "https://a.test/"), "did you mean 'world'"),
        (lambda file: add_feed(file, "world", "ftp://a.test/"), "not a web address"),
        (lambda file: remove_feed(file, "https://example.com/fed"), "did you mean 'https://example.com/feed'"),
        (lambda file: add_feed(file.with_name("none.toml"), "world", "https://a.test/"), "digest init"),
    ],
)
def test_a_change_that_cannot_be_made_leaves_the_file_alone(
    tmp_path: Path, call: Callable[[Path], object], message: str
) -> None:
    file = write(tmp_path, COMMENTED)
    with pytest.raises(SettingsError, match=re.escape(message)):
        call(file)
    assert file.read_text() == COMMENTED


def test_changing_keeps_permissions_and_a_symbolic_link(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTED)
    file.chmod(0o640)
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert add_feed(link, "world", "https://a.test/")
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert "https://a.test/" in file.read_text()


def test_many_feeds_are_added_at_once_and_what_is_wrong_with_some_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, COMMENTED)
    many = [("sport", "Sport", f"https://example.net/{n}") for n in range(300)]
    wanted = [*many, ("world", "", "https://example.com/feed"), ("world", "", "ftp://a.test/"), ("No Key", "", "x")]
    done = add_feeds(file, wanted)
    assert (done.feeds, done.topics) == (300, ("sport",))
    assert [url for url, _ in done.bad] == ["ftp://a.test/", "x"]
    assert len(load(file, {}).topics["sport"].feeds) == 300
    assert "# enough" in file.read_text()
    assert add_feeds(file, wanted[:301]) == Added()


def test_the_feeds_of_the_example_go_and_ones_own_stay(tmp_path: Path) -> None:
    file = write(tmp_path, example_settings().read_text(encoding="utf-8"))
    add_feed(file, "world", "https://news.test/feed.xml")
    gone = drop_examples(file)
    assert len(gone) == 3
    settings = load(file, {})
    assert [feed.url for topic in settings.topics.values() for feed in topic.feeds] == ["https://news.test/feed.xml"]
    assert drop_examples(file) == ()
