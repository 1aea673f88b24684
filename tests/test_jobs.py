"""Several programs on one store: each site is polled by one at a time, and the sites of a dead one are free."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App
from digest.jobs import Jobs
from digest.settings import load
from digest.store import Store
from digest.store.leases import SITES_LEASE
from tests.collect.site import Asked, Reply, Site
from tests.services.samples import FEED, NOW, Clock, app_of, settings_of

ITEM = "<item><title>Bridge closed</title><link>{}</link><description>It is closed.</description></item>"
BODY = '<rss version="2.0"><channel><title>Herald</title>{}</channel></rss>'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        body = BODY.format(ITEM.format(site.url("/bridge"))).encode()
        site.routes["/feed"] = Reply(200, body, {"Content-Type": "application/rss+xml"})
        site.routes["/bridge"] = Reply(200, b"<p>Engineers closed the bridge.</p>", {"Content-Type": "text/html"})
        yield site


def open_on(store: Store, folder: Path, site: Site, clock: Clock) -> App:
    """A app that may fetch from the test's own site."""
    settings = settings_of(folder, "[collect]\nallow_private_networks = true")
    path = folder / "settings.toml"
    path.write_text(path.read_text().replace(FEED, site.url("/feed")))
    return app_of(load(settings.path, {"DIGEST_SITE__SECRET": "s" * 32}), store, clock)


@pytest.mark.parametrize("path", ["/feed", "/bridge"])
def test_site_is_polled_by_one_collector_at_a_time(store: Store, tmp_path: Path, site: Site, path: str) -> None:
    one, other = (open_on(store, tmp_path, site, Clock(NOW)) for _ in range(2))
    answer, left = site.routes[path], []

    def ask_meanwhile(asked: Asked) -> Reply:
        left.append([feed.elsewhere for feed in other.collecting.collect(forced=True).feeds])
        assert isinstance(answer, Reply)
        return answer

    site.routes[path] = ask_meanwhile
    Jobs(one).collect()
    assert site.paths == ["/feed", "/bridge"]
    assert left == [[True]]


def test_collect_releases_its_sites(store: Store, tmp_path: Path, site: Site) -> None:
    one, other = (open_on(store, tmp_path, site, Clock(NOW)) for _ in range(2))
    one.collecting.collect(forced=True)
    other.collecting.collect(forced=True)
    assert site.paths.count("/feed") == 2


@pytest.mark.parametrize("ago", [SITES_LEASE, -timedelta(hours=1)], ids=["long ago", "before the clock went back"])
def test_site_lease_expires(store: Store, tmp_path: Path, site: Site, ago: timedelta) -> None:
    app = open_on(store, tmp_path, site, Clock(NOW))
    store.sites.acquire(["127.0.0.1"], "one/1/1", now=NOW - SITES_LEASE / 2)
    Jobs(app).collect()
    assert site.paths == []
    store.sites.acquire(["127.0.0.1"], "one/1/1", now=NOW - ago)
    Jobs(app).collect()
    assert site.paths == ["/feed", "/bridge"]


def test_site_lease_of_killed_process_is_free_at_once(store: Store, tmp_path: Path, site: Site) -> None:
    tell = "from digest import process\nwith process.run() as name: print(name)"
    killed = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout.strip()
    store.sites.acquire(["127.0.0.1"], killed, now=NOW)
    Jobs(open_on(store, tmp_path, site, Clock(NOW))).collect()
    assert site.paths == ["/feed", "/bridge"]
