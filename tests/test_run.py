"""`digest run`: a day by itself, a clean end by SIGTERM, and a restart that loses and repeats nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.demo.content import ZONE
from digest.demo.server import serve
from digest.demo.site import settings_text, subscribers_csv
from digest.settings import load
from digest.store import open_store

PATIENCE = 90.0


def wait_for(what: Callable[[], object], patience: float = PATIENCE) -> None:
    """Ask until it is true; the bound is generous, the steps are small."""
    deadline = time.monotonic() + patience
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@contextmanager
def running(desk: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`digest run` as a process of its own; yields it and the address it listens on."""
    command = [sys.executable, "-m", "digest", "--settings", str(desk / "settings.toml"), "run", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found, line + process.stderr.read()
    try:
        yield process, found[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A desk whose only slot of the day is due right now: sent at this minute, frozen an hour before."""
    now = datetime.now(ZONE)
    with serve(now.date(), now=lambda: now.replace(hour=23)) as url:
        text = settings_text(url, "https://news.example.org")
        text = re.sub(r'send_at = "[\d:]+"', f'send_at = "{now:%H:%M}"\nreview = "auto"\nmax_age = "3d"', text)
        text = text.replace('cut_off = "45m"', 'cut_off = "0m"')
        path = tmp_path / "settings.toml"
        path.write_text(text, encoding="utf-8")
        with open_store(load(path, {}).store.url, upgrade=True) as store:
            from digest.deliver.subscriber_list.rows import Person, read_rows

            settings = load(path, {})
            rows = [row for row in read_rows(subscribers_csv(), settings.offered) if isinstance(row, Person)]
            people = [(row.subscriber, (row.subscription,)) for row in rows]
            store.subscribers.import_many(people, now=now.astimezone(UTC))
            for key in settings.newsletters:  # followed since yesterday
                store.meta.set(f"newsletter since {key}", (now - timedelta(hours=2)).astimezone(UTC).isoformat())
        yield tmp_path


def mails(desk: Path) -> list[Path]:
    return sorted((desk / "outbox").rglob("*.eml"))


def test_run_survives_kill_and_ends_on_sigterm(desk: Path) -> None:
    with running(desk) as (process, url):
        assert urllib.request.urlopen(f"{url}/health", timeout=10).read() == b"ok"
        wait_for(lambda: (desk / "digest.db").stat().st_size > 0 and _articles(desk) > 5)
        process.kill()  # in the middle of the day
        process.wait(timeout=10)
    before = {path: path.read_bytes() for path in mails(desk)}
    with running(desk) as (process, _):
        wait_for(lambda: len(mails(desk)) == 9 or _skipped(desk))
        settled = {path: path.read_bytes() for path in mails(desk)}
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert time.monotonic() - began < 10
    assert all(settled[path] == data for path, data in before.items())
    with running(desk) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    assert {path: path.read_bytes() for path in mails(desk)} == settled


def test_run_ends_on_signal_in_other_thread(desk: Path) -> None:
    with running(desk) as (process, _):
        assert process.stderr is not None
        while "Running" not in process.stderr.readline():
            pass
        threads = [int(path.name) for path in Path(f"/proc/{process.pid}/task").iterdir()]
        another = next(number for number in threads if number != process.pid)
        os.kill(another, signal.SIGTERM)  # the kernel lets that thread of the process run the handler
        assert process.wait(timeout=20) == 0


def _articles(desk: Path) -> int:
    settings = load(desk / "settings.toml", {})
    with open_store(settings.store.url) as store:
        urls = [feed.url for topic in settings.topics.values() for feed in topic.feeds]
        now = datetime.now(UTC)
        return len(store.articles.candidates(urls, now - timedelta(days=1), now + timedelta(days=1)))


def _skipped(desk: Path) -> bool:
    with open_store(load(desk / "settings.toml", {}).store.url) as store:
        return any(slot.outcome == "skipped" for key in ("morning", "matin") for slot in store.slots.of(key))
