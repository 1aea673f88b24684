"""`digest feeds import` and `export` on a real folder."""

from __future__ import annotations

from pathlib import Path

from digest.collect.opml import Outline, write
from digest.settings import load
from tests.cli.conftest import Run

LIST = (
    Outline("https://news.example/cn", topic="国际新闻"),
    Outline("https://news.example/ar", topic="اقتصاد"),
    Outline("https://news.example/ru", topic="Экономика"),
    Outline("https://news.example/top"),
)


def test_opml_folders_become_topics_with_their_titles(desk: Path, run: Run) -> None:
    (desk / "feeds.opml").write_bytes(write(LIST))
    assert run("feeds", "import", str(desk / "feeds.opml")).exit_code == 0
    topics = load(desk / "settings.toml", {}).topics
    found = {feed.url: (key, topic.title) for key, topic in topics.items() for feed in topic.feeds}
    assert found["https://news.example/cn"] == ("guojixinwen", "国际新闻")
    assert found["https://news.example/ar"] == ("qtsd", "اقتصاد")
    assert found["https://news.example/ru"] == ("ekonomika", "Экономика")
    assert found["https://news.example/top"] == ("news", "News")


def test_exported_opml_imports_into_same_topics(desk: Path, run: Run) -> None:
    (desk / "feeds.opml").write_bytes(write(LIST))
    run("feeds", "import", str(desk / "feeds.opml"))
    before = load(desk / "settings.toml", {}).topics
    (desk / "again.opml").write_text(run("feeds", "export").stdout, encoding="utf-8")
    assert run("feeds", "import", str(desk / "again.opml")).exit_code == 0
    after = load(desk / "settings.toml", {}).topics
    assert list(after) == list(before)
    assert [after[key].feeds for key in ("guojixinwen", "qtsd", "ekonomika", "news")] == [
        before[key].feeds for key in ("guojixinwen", "qtsd", "ekonomika", "news")
    ]


def test_import_with_topic_puts_all_feeds_there(desk: Path, run: Run) -> None:
    (desk / "feeds.opml").write_bytes(write(LIST))
    assert run("feeds", "import", str(desk / "feeds.opml"), "--topic", "abroad").exit_code == 0
    topic = load(desk / "settings.toml", {}).topics["abroad"]
    assert (topic.title, len(topic.feeds)) == ("Abroad", 4)
