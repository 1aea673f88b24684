"""Several programs on one store: each site is asked once, whoever asks, and whoever died asking."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import House
from digest.jobs import TURN, TURN_KEY, Jobs
from digest.settings import load
from digest.store import Store
from tests.collect.site import Asked, Reply, Site
from tests.pipeline.samples import FEED, NOW, Clock, house_of, settings_of

BODY = b'<rss version="2.0"><channel><title>Herald</title></channel></rss>'


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.routes["/feed"] = Reply(200, BODY, {"Content-Type": "application/rss+xml"})
        yield site


def house(store: Store, folder: Path, site: Site, clock: Clock) -> House:
    """A house that may fetch from the test's own site."""
    settings = settings_of(folder, "[collect]\nallow_private_networks = true")
    path = folder / "settings.toml"
    path.write_text(path.read_text().replace(FEED, site.url("/feed")))
    return house_of(load(settings.path, {"DIGEST_SITE__SECRET": "s" * 32}), store, clock)


def test_while_one_collects_another_leaves_it_to_that_one(store: Store, tmp_path: Path, site: Site) -> None:
    clock = Clock(NOW)
    one, other = (house(store, tmp_path, site, clock) for _ in range(2))

    def ask_meanwhile(asked: Asked) -> Reply:
        Jobs(other).collect()
        return Reply(200, BODY)

    site.routes["/feed"] = ask_meanwhile
    Jobs(one).collect()
    assert site.paths == ["/feed"]
    clock.moment += timedelta(hours=1)
    site.routes["/feed"] = Reply(200, BODY)
    Jobs(other).collect()
    assert site.paths == ["/feed", "/feed"], "the turn was given back"


@pytest.mark.parametrize("ago", [TURN, -timedelta(hours=1)], ids=["long ago", "before the clock went back"])
def test_a_turn_is_not_waited_for_for_ever(store: Store, tmp_path: Path, site: Site, ago: timedelta) -> None:
    home = house(store, tmp_path, site, Clock(NOW))
    store.meta.set(TURN_KEY, f"one/1/1 {(NOW - TURN / 2).isoformat()}")
    Jobs(home).collect()
    assert site.paths == []
    store.meta.set(TURN_KEY, f"one/1/1 {(NOW - ago).isoformat()}")
    Jobs(home).collect()
    assert site.paths == ["/feed"]


def test_the_turn_of_a_process_that_was_killed_is_free_at_once(store: Store, tmp_path: Path, site: Site) -> None:
    tell = "from digest import owner\nwith owner.run() as name: print(name)"
    killed = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True).stdout.strip()
    store.meta.set(TURN_KEY, f"{killed} {NOW.isoformat()}")
    Jobs(house(store, tmp_path, site, Clock(NOW))).collect()
    assert site.paths == ["/feed"]
