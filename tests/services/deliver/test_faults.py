"""The store fails in the middle of a send: a full disk, a file that is locked or gone, a server that is restarted.

Nothing is sent while nothing can be written down, and what was answered meanwhile is written down when that works
again: nobody is lost, nobody gets a copy, nobody is in doubt. Where it never works again, only what was under way is.
"""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.deliver.delivery import Delivery
from digest.deliver.mime.message import Message
from digest.errors import StoreError
from digest.services.deliver.deliver_edition import deliver
from digest.services.deliver.send_options import SendOptions
from digest.store import open_store
from tests.conftest import administer
from tests.fakes.smtp_server import Moment, SmtpServer
from tests.services import sender
from tests.services.deliver.test_kill import prepare
from tests.services.sender import CONNECTIONS, DEPTH, EDITION, run
from tests.store.broken import lost_answer

READERS = 300
AT = 100  # it fails while this message is under way


class Trouble:
    """Begins at the message AT, and ends at the third wait; or never."""

    def __init__(self, begin: Callable[[], object], end: Callable[[], object], ends: bool = True) -> None:
        self.begin, self.end, self.ends = begin, end, ends
        self.waits: list[float] = []
        self.accepted_while: list[int] = []

    @contextmanager
    def server(self) -> Iterator[SmtpServer]:
        def behave(moment: Moment) -> None:
            if moment.phase == "content" and moment.number == AT:
                self.begin()

        with SmtpServer(behave=behave) as running:
            self.running = running
            yield running

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.accepted_while.append(len(self.running.accepted))
        if self.ends and len(self.waits) == 3:
            self.end()


def states(url: str) -> Counter[str]:
    with open_store(url) as store:
        return Counter(store.deliveries.summary(EDITION))


def nobody_twice_nobody_lost(url: str, server: SmtpServer, readers: int = READERS) -> None:
    assert states(url) == {"accepted": readers}
    assert Counter(server.recipients) == {f"reader{n}@example.org": 1 for n in range(readers)}


def full_disk() -> tuple[Callable[[], object], Callable[[], object]]:
    """No file may grow, which is how a disk quota ends: every write of the database fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    return (
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1])),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before),
    )


def locked(path: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """Another program holds the database."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def begin() -> None:
        other.execute("PRAGMA busy_timeout=20000")
        other.execute("BEGIN EXCLUSIVE")

    return begin, lambda: other.execute("ROLLBACK")


def moved(path: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """Somebody moves the file away."""
    away = path.with_name("away.db")
    return lambda: path.rename(away), lambda: away.rename(path)


def crash(postgres: Any) -> None:
    """The server ends at once, as after a kill: what it was doing is rolled back when it starts again."""
    process = postgres.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    process.wait(30)


def revive(postgres: Any) -> None:
    """Start it again. While it recovers from the crash, its keeper calls it 'not ready' and fails."""
    for _ in range(100):
        with suppress(AssertionError):
            postgres.ensure_postgres_running()
            return
        time.sleep(0.1)


SQLITE_TROUBLES = {"full": lambda path: full_disk(), "locked": locked, "moved": moved}


@pytest.mark.parametrize("kind", SQLITE_TROUBLES)
@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_temporarily_unwritable_database_file_costs_nothing(
    kind: str, in_doubt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "BUSY", 0.3)
    url = f"sqlite:///{tmp_path}/digest.db"
    with open_store(url, upgrade=True) as store:
        prepare(store, READERS)
    trouble = Trouble(*SQLITE_TROUBLES[kind](tmp_path / "digest.db"))
    with trouble.server() as server:
        try:
            done = run(url, server.port, in_doubt, wait=trouble.wait)
        finally:
            if len(trouble.waits) < 3:
                trouble.end()
        assert done.state == "sent"
        assert len(trouble.waits) >= 3
        assert max(trouble.accepted_while) <= trouble.accepted_while[0] + CONNECTIONS  # what was under way, no more
        nobody_twice_nobody_lost(url, server)


@pytest.mark.postgresql
@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_restarted_database_server_costs_nothing(in_doubt: Any, postgres_server: Any, postgres_database: str) -> None:
    with open_store(postgres_database) as store:
        prepare(store, READERS)
    trouble = Trouble(lambda: crash(postgres_server), lambda: revive(postgres_server))
    with trouble.server() as server:
        try:
            done = run(postgres_database, server.port, in_doubt, wait=trouble.wait)
        finally:
            revive(postgres_server)
        assert done.state == "sent"
        assert len(trouble.waits) >= 3
        nobody_twice_nobody_lost(postgres_database, server)


@pytest.fixture
def small_disk(postgres_server: Any, postgres_database: str) -> Iterator[Path]:
    """A disk of a few MB of its own, on which the tables are that a sender writes."""
    keeper = postgres_server.get_postmaster_info().process.username()
    with tempfile.TemporaryDirectory(prefix="digest-disk-", ignore_cleanup_errors=True) as folder:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size=4m,uid={keeper},mode=700", "tmpfs", folder],
            check=False,
            capture_output=True,
        )
        if mounted.returncode:
            pytest.skip("a small disk can only be mounted by root")
        try:
            administer(postgres_database, f"CREATE TABLESPACE small_disk LOCATION '{folder}'")
            move(postgres_database, "small_disk")
            yield Path(folder)
            move(postgres_database, "pg_default")
            administer(postgres_database, "DROP TABLESPACE small_disk")
        finally:
            subprocess.run(["umount", folder], check=True)


def move(url: str, tablespace: str) -> None:
    for table in ("deliveries", "claims"):
        administer(url, f"ALTER TABLE {table} SET TABLESPACE {tablespace}")


def filled(disk: Path) -> tuple[Callable[[], object], Callable[[], object]]:
    """Something else takes all that is left of it."""
    other = disk / "other"

    def begin() -> None:
        with other.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass

    return begin, other.unlink


@pytest.mark.postgresql
@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_temporarily_full_database_disk_costs_nothing(in_doubt: Any, postgres_database: str, small_disk: Path) -> None:
    readers = 10 * READERS  # the tables must want to grow
    with open_store(postgres_database) as store:
        prepare(store, readers)
    trouble = Trouble(*filled(small_disk))
    with trouble.server() as server:
        done = run(postgres_database, server.port, in_doubt, wait=trouble.wait)
        assert done.state == "sent"
        assert len(trouble.waits) >= 3
        nobody_twice_nobody_lost(postgres_database, server, readers)


@pytest.mark.parametrize("in_doubt", ["resend", "hold"])
def test_full_disk_stops_run_with_few_in_doubt(in_doubt: Any, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    with open_store(url, upgrade=True) as store:
        prepare(store, READERS)
    trouble = Trouble(*full_disk(), ends=False)
    with trouble.server() as server:
        try:
            with pytest.raises(StoreError):
                run(url, server.port, in_doubt, wait=trouble.wait)
        finally:
            trouble.end()
        assert sum(trouble.waits) >= 299  # it was patient
        assert len(server.accepted) <= AT + CONNECTIONS
        # The same process may go on at once: it knows that the run which holds the claims is over.
        done = run(url, server.port, in_doubt)
        copies = len(server.accepted) - len(set(server.recipients))
        counts = states(url)
    assert done.state == "sent"
    assert copies <= (CONNECTIONS * DEPTH if in_doubt == "resend" else 0)
    assert counts["accepted"] + counts["unknown"] == READERS
    assert counts["unknown"] <= (0 if in_doubt == "resend" else CONNECTIONS * DEPTH)
    everybody = {f"reader{n}@example.org" for n in range(READERS)}
    with open_store(url) as store:
        doubtful = list(store.deliveries.listing(EDITION, "unknown"))
    assert everybody - set(server.recipients) <= {d.address for d in doubtful}
    assert all(d.reason for d in doubtful)


def test_stop_while_store_is_unreachable_is_prompt(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    with open_store(url, upgrade=True) as store:
        prepare(store, READERS)
    trouble = Trouble(*moved(tmp_path / "digest.db"), ends=False)
    stopping: list[bool] = []
    with trouble.server() as server:
        begin = trouble.begin

        def begin_and_stop() -> None:
            stopping.append(True)  # before: the run cannot end while this message waits for its answer
            begin()

        trouble.begin = begin_and_stop
        try:
            with pytest.raises(StoreError, match="removed or replaced"):
                run(url, server.port, "hold", wait=trouble.wait, should_stop=lambda: bool(stopping))
        finally:
            trouble.end()
        assert len(trouble.waits) <= 1
        assert len(server.accepted) <= AT + CONNECTIONS


def test_lost_claim_reply_is_released_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    now = datetime.now(UTC)
    with open_store(url, upgrade=True) as store:
        prepare(store, READERS)
        edition = store.editions.get(EDITION)
        assert edition is not None

        def transport(messages: Iterable[Message], *_: object, **__: object) -> tuple[str, None]:
            with lost_answer():
                assert not list(messages)  # they are ours, and we do not know
            return "", None

        terms = SendOptions("me", edition.send_at + timedelta(hours=3), wait=lambda _seconds: None)
        filler = sender.template(edition)
        done = deliver(store, edition, lambda _variant: filler, transport, terms, clock=lambda: now)
        assert done.counts == {"planned": READERS}
        assert store.deliveries.due(now) == [EDITION]
    with SmtpServer() as server:
        assert run(url, server.port, "resend").state == "sent"
        nobody_twice_nobody_lost(url, server)


def test_invalid_address_costs_only_its_reader(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/digest.db"
    with open_store(url, upgrade=True) as store:
        prepare(store, 5)
        variant = next(iter(store.deliveries.listing(EDITION))).variant
        bad = Delivery(EDITION, 999, "Ada <ada@example.org>\r\nRCPT TO:<eve@example.org>", variant)
        store.deliveries.plan(EDITION, [bad], now=datetime.now(UTC) - timedelta(minutes=5))
    with SmtpServer() as server:
        done = run(url, server.port, "resend")
    assert (done.state, done.counts) == ("sent", {"accepted": 5, "skipped": 1})
    assert len(server.recipients) == 5
    with open_store(url) as store:
        assert "address" in next(store.deliveries.listing(EDITION, "skipped")).reason
