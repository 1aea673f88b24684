"""The promise of delivery under kill -9: nobody is lost, and possible second copies are bounded and listed.

The suite kills a few times; the long form is
DIGEST_KILLS=100 DIGEST_RECIPIENTS=5000 pytest tests/services/deliver/test_kill.py
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import pytest

from digest.compose.edition import Edition, EditionStory, Section, frozen
from digest.deliver.audience import VariantOptions
from digest.deliver.delivery import MAX_RESENDS
from digest.deliver.subscriber import Subscriber, Subscription
from digest.failpoint import NAMES
from digest.services.deliver.plan_recipients import plan
from tests.fakes.smtp_server import CHUNKING, Drop, SmtpServer
from tests.services.sender import CONNECTIONS, DEPTH, EDITION, main, run

KILLS = int(os.environ.get("DIGEST_KILLS", "15"))
RECIPIENTS = int(os.environ.get("DIGEST_RECIPIENTS", "800"))
#: Messages under way on a connection: one after another by DATA, and in windows by BDAT.
PIPELINES = {"data": DEPTH, "bdat": 8}
#: The outbox has its own tests.
FAULTS = [name for name in NAMES if not name.startswith("outbox.") and name != "deliver.planned"]

CONTEXT = multiprocessing.get_context("forkserver")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """The URL of a store with an approved edition and its plan."""
    from digest.store import open_store

    found = f"sqlite:///{tmp_path}/digest.db"
    if request.param == "postgresql":
        found = request.getfixturevalue("postgres_database")
    with open_store(found, upgrade=True) as store:
        prepare(store, RECIPIENTS)
    return found


def prepare(store: Any, recipients: int) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    story = EditionStory("k", "https://example.org/k", "Title", "Lead.", "en", "Herald")
    edition = frozen(
        Edition(
            EDITION,
            "morning",
            "2026-11-24T07:00",
            now - timedelta(minutes=1),
            now - timedelta(minutes=46),
            "The Morning",
            "en",
            "UTC",
            (Section("world", "World", (story,)),),
            state="in_review",
        )
    )
    people = (
        (Subscriber(0, f"reader{n}@example.org"), (Subscription(0, "morning", "confirmed"),)) for n in range(recipients)
    )
    store.subscribers.import_many(people, now=now)
    store.editions.create(edition, "{}", now=now)
    store.editions.approve(EDITION, edition.content_hash, "ada", now=now)
    planned = plan(store, edition, store.subscriptions.audience("morning"), VariantOptions("en", "classic"), now)
    assert planned == recipients


@pytest.fixture(params=PIPELINES)
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    offers = CHUNKING if request.param == "bdat" else CHUNKING[:-1]
    with SmtpServer(delay=0.001, extensions=offers) as running:
        yield running


def pipeline(server: SmtpServer) -> int:
    return PIPELINES["bdat" if "CHUNKING" in server.extensions else "data"]


def start(url: str, server: SmtpServer, in_doubt: str, fault: str = "", lease: float = 1200) -> BaseProcess:
    CONTEXT.set_forkserver_preload(["tests.services.sender"])
    asked = (url, server.port, in_doubt, fault, lease, pipeline(server))
    child = CONTEXT.Process(target=main, args=asked, daemon=True)
    child.start()
    return child


def killed(child: BaseProcess) -> None:
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(30)


def finish(url: str, server: SmtpServer, in_doubt: str) -> None:
    """Run to the end, undisturbed."""
    child = start(url, server, in_doubt)
    child.join(120)
    assert child.exitcode == 0


def check(url: str, server: SmtpServer, in_doubt: Literal["resend", "hold"], kills: int) -> None:
    """Hold the books against what the server truly took."""
    from digest.store import open_store

    with open_store(url) as store:
        states = Counter(delivery.state for delivery in store.deliveries.listing(EDITION))
        doubtful = list(store.deliveries.listing(EDITION, "unknown"))
        edition = store.editions.get(EDITION)
    unknown = {delivery.address for delivery in doubtful}
    bound = kills * CONNECTIONS * pipeline(server)
    assert edition is not None
    assert edition.state == "sent"
    assert states["accepted"] + states["unknown"] == RECIPIENTS
    taken = Counter(accepted.recipients[0] for accepted in server.accepted)
    lost = {f"reader{n}@example.org" for n in range(RECIPIENTS)} - set(taken) - unknown
    copies = sum(number - 1 for number in taken.values())
    assert lost == set()
    assert len(unknown) <= bound
    assert copies <= (bound if in_doubt == "resend" else 0)
    if in_doubt == "resend":
        assert all(delivery.attempts >= MAX_RESENDS for delivery in doubtful)  # a crash loop is no licence to flood
    bodies: dict[str, set[bytes]] = {}
    for accepted in server.accepted:
        bodies.setdefault(accepted.recipients[0], set()).add(accepted.data)
    assert all(len(versions) == 1 for versions in bodies.values()), "a copy differs from its original"
    print(f"{in_doubt}: {kills} kills, lost {len(lost)}, copies {copies}, in doubt {len(unknown)} of {bound}")


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
@pytest.mark.timeout(900)
def test_repeated_kills_lose_no_reader(url: str, server: SmtpServer, in_doubt: Literal["resend", "hold"]) -> None:
    chance = random.Random(f"{url}{in_doubt}" if "DIGEST_KILLS" in os.environ else in_doubt)
    kills = 0
    while kills < KILLS:
        before = len(server.accepted)
        child = start(url, server, in_doubt)
        # Killed some messages after its first: a moment no clock of ours has chosen.
        goal = before + chance.randrange(max(2, 2 * RECIPIENTS // (3 * KILLS)))
        while child.is_alive() and len(server.accepted) <= goal:
            child.join(0.002)
        if not child.is_alive():
            break
        killed(child)
        kills += 1
    finish(url, server, in_doubt)
    check(url, server, in_doubt, kills)


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
@pytest.mark.timeout(300)
def test_kill_at_any_point_loses_no_reader(url: str, server: SmtpServer, in_doubt: Literal["resend", "hold"]) -> None:
    kills = 0
    for name in FAULTS:
        child = start(url, server, in_doubt, f"{name}:{1 if name.startswith('deliver.') else 4}")
        child.join(60)
        assert child.exitcode == -signal.SIGKILL, f"{name} was never passed"
        kills += 1
    finish(url, server, in_doubt)
    check(url, server, in_doubt, kills)


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def is_stopped(child: BaseProcess) -> bool:
    return Path(f"/proc/{child.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


@pytest.mark.timeout(120)
def test_sender_past_its_lease_sends_and_writes_nothing(url: str, server: SmtpServer) -> None:
    lease = 3.0
    child = start(url, server, "hold", "smtp.after_record:3:stop", lease)
    wait_until(lambda: is_stopped(child))
    asleep = time.monotonic()
    wait_until(lambda: time.monotonic() - asleep > lease)
    finish(url, server, "hold")
    taken = len(server.accepted)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGCONT)
    child.join(30)
    assert child.exitcode == 3
    assert len(server.accepted) == taken
    check(url, server, "hold", kills=1)


@pytest.mark.timeout(120)
def test_concurrent_senders_mail_nobody_twice(url: str, server: SmtpServer) -> None:
    children = [start(url, server, "resend") for _ in range(3)]
    for child in children:
        child.join(90)
    assert [child.exitcode for child in children] == [0, 0, 0]
    check(url, server, "resend", kills=0)


@pytest.mark.parametrize(("in_doubt", "copies"), [("resend", MAX_RESENDS), ("hold", 1)])
def test_server_breaking_off_gets_few_copies(tmp_path: Path, in_doubt: Literal["resend", "hold"], copies: int) -> None:
    from digest.store import open_store

    url, start = f"sqlite:///{tmp_path}/digest.db", datetime.now(UTC)
    with open_store(url, upgrade=True) as store:
        prepare(store, 1)
    with SmtpServer(behave=lambda moment: Drop(take=True) if moment.phase == "content" else None) as server:
        early = [run(url, server.port, in_doubt, clock=lambda: start) for _ in range(3 if in_doubt == "resend" else 1)]
        assert len(server.accepted) == 1  # a pause comes first: the next look is seconds away
        state = early[-1].state
        for minute in range(10, 150, 10):
            if state == "sent":
                break
            moment = start + timedelta(minutes=minute)
            state = run(url, server.port, in_doubt, clock=partial(lambda at: at, moment)).state
        assert len(server.accepted) == copies
    with open_store(url) as store:
        assert (state, store.deliveries.summary(EDITION)) == ("sent", {"unknown": 1})
