"""Collecting many feeds twice, by digest and by lemon24/reader, from the same server in the same run.

python -m tests.benchmarks.collect [--feeds 200] [--real]

Each contender runs in a process of its own: fetch, parse and store every entry in SQLite, then once more. Half of the
feeds answer 304 to their ETag, the other half send the same bytes again. CPU counts all processes of a contender.
`--real` serves the real feeds of ../shared in turn instead of generated ones.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from tests.collect.site import Asked, Reply, Site
from tests.paths import SHARED

REAL = SHARED / "data" / "feeds"
ENTRIES = 30
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def generated(number: int) -> bytes:
    """A feed as many newspapers have it: 30 entries of a headline, a teaser and the article, about 60 kB."""
    items = []
    for entry in range(ENTRIES):
        when = (NOW - timedelta(minutes=20 * entry)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        text = f"<p>Paragraph of outlet {number} on event {entry}, with a <a href='/x'>link</a> and é à ü.</p>" * 18
        items.append(
            f"<item><title>Outlet {number} reports event {entry} &amp; more</title><guid>o{number}-e{entry}</guid>"
            f"<link>https://outlet{number}.example/2026/11/24/event-{entry}</link><pubDate>{when}</pubDate>"
            f"<description>What happened in {entry} words.</description><category>news</category>"
            f"<content:encoded><![CDATA[{text}]]></content:encoded></item>"
        )
    head = f"<title>Outlet {number}</title><link>https://outlet{number}.example/</link><language>en</language>"
    space = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<?xml version="1.0"?><rss version="2.0" {space}><channel>{head}{"".join(items)}</channel></rss>'.encode()


def answer(body: bytes, conditional: bool) -> Callable[[Asked], Reply]:
    """The body, or 304 to its ETag."""
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    headers = {"Content-Type": "application/rss+xml", **({"ETag": etag} if conditional else {})}

    def reply(asked: Asked) -> Reply:
        known = conditional and asked.headers.get("if-none-match") == etag
        return Reply(304) if known else Reply(200, body, headers)

    return reply


def serve(bodies: Sequence[bytes], started: Connection) -> None:
    """A site in a process of its own, until it is ended."""
    with Site() as site:
        for number, body in enumerate(bodies):
            site.routes[f"/{number}"] = answer(body, number % 2 == 0)
        started.send([site.url(path) for path in site.routes])
        started.poll(None)


def by_digest(urls: Sequence[str], folder: Path) -> dict[str, float]:
    """Our own pipeline; pages are not read, since reader reads none."""
    from digest.collect.http.fetch import HttpConfig, fetch_feeds
    from digest.collect.parse.feedparser import PRELOAD, parse_feeds
    from digest.collect.sandbox import Sandbox
    from digest.services.collect.collect_feeds import RoundOptions, collect
    from digest.store import open_store

    figures: dict[str, float] = {}
    config = HttpConfig(allow_private=True)
    with open_store(f"sqlite:///{folder}/digest.db", upgrade=True) as store:
        for name in ("first", "second"):
            started = time.perf_counter()
            with Sandbox(preload=PRELOAD) as sandbox:
                done = collect(
                    store,
                    urls,
                    fetch=lambda feeds: fetch_feeds(feeds, config),
                    parse=lambda outcomes, sandbox=sandbox: parse_feeds(outcomes, sandbox),  # type: ignore[misc]
                    read=lambda entries: iter(()),
                    now=NOW,
                    day_start=NOW - timedelta(hours=12),
                    options=RoundOptions(forced=True),
                )
            figures[name] = time.perf_counter() - started
            bad = [feed for feed in done.feeds if feed.error]
            if bad:
                raise SystemExit(f"digest: {bad[0].url}: {bad[0].error}")
        figures["entries"] = sum(len(store.feeds.known(url)) for url in urls)
    return figures


def by_reader(urls: Sequence[str], folder: Path) -> dict[str, float]:
    """lemon24/reader with as many workers as we have requests at once."""
    from reader import make_reader

    reader = make_reader(f"{folder}/reader.db")
    for url in urls:
        reader.add_feed(url)
    figures: dict[str, float] = {}
    for name in ("first", "second"):
        started = time.perf_counter()
        reader.update_feeds(scheduled=False, workers=64)
        figures[name] = time.perf_counter() - started
    figures["entries"] = float(reader.get_entry_counts().total or 0)
    return figures


def contend(name: str, urls: Sequence[str]) -> dict[str, float]:
    """Run one contender in a process of its own; its figures, with the CPU seconds of all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.collect", "--contender", name, "--folder", folder]
        done = subprocess.run(command, input=json.dumps(urls), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    with contextlib.suppress(ChildProcessError):  # its grandchildren, which are ours now, as they end
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout.splitlines()[-1]), "cpu": cpu}


def main() -> None:
    """Serve, let both collect, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=200)
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--contender", choices=["digest", "reader"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        urls = json.loads(sys.stdin.read())
        print(json.dumps((by_digest if asked.contender == "digest" else by_reader)(urls, asked.folder)))
        return
    if asked.real and not REAL.is_dir():
        raise SystemExit("--real: the real feeds are not there (shared/data/feeds)")
    files = sorted(REAL.glob("*.xml")) if asked.real else []
    bodies = [files[n % len(files)].read_bytes() if files else generated(n) for n in range(asked.feeds)]
    ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: workers that outlive a contender are counted too
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(bodies, there), daemon=True)
    server.start()
    try:
        urls = here.recv()
        results = {name: contend(name, urls) for name in ("digest", "reader")}
    finally:
        server.terminate()
    print(f"{asked.feeds} {'real' if files else 'generated'} feeds, {sum(map(len, bodies)) / 1e6:.1f} MB")
    print(f"{'':8}{'first pass':>12}{'second pass':>13}{'CPU in all':>12}{'entries':>9}")
    for name, r in results.items():
        print(f"{name:8}{r['first']:10.2f} s{r['second']:11.2f} s{r['cpu']:10.2f} s{r['entries']:9.0f}")
    ours, theirs = results["digest"], results["reader"]
    ratios = "".join(f"{theirs[k] / ours[k]:{w}.1f} x" for k, w in (("first", 10), ("second", 11), ("cpu", 10)))
    print(f"{'faster':8}{ratios}")


if __name__ == "__main__":
    main()
