"""Pausing, resuming and cancelling from another process while messages are under way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from digest.compose.edition import EditionState
from digest.store import open_store
from digest.store.claim import PAUSED_KEY
from tests.fakes.smtp_server import Moment, SmtpServer
from tests.services.deliver.test_kill import prepare
from tests.services.sender import CONNECTIONS, DEPTH, EDITION, run
from tests.store.samples import NOW

READERS = 300
AT = 60
EVERYBODY = {f"reader{n}@example.org": 1 for n in range(READERS)}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def readers_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store with an approved edition for READERS."""
    found = f"sqlite:///{tmp_path}/digest.db"
    if request.param == "postgresql":
        found = request.getfixturevalue("postgres_database")
    with open_store(found, upgrade=True) as store:
        prepare(store, READERS)
    return found


def halting(url: str, state: EditionState) -> Any:
    """A server during whose AT-th message somebody else halts the edition."""

    def behave(moment: Moment) -> None:
        if moment.phase == "content" and moment.number == AT:
            with open_store(url) as store:
                assert store.editions.set_state(EDITION, ["sending"], state, "by hand", now=NOW)
                if state == "cancelled":
                    store.deliveries.close_open(EDITION, "skipped", "the edition was cancelled", now=NOW)

    return behave


def test_pause_stops_sender_and_resume_continues(readers_url: str) -> None:
    with SmtpServer(behave=halting(readers_url, "paused")) as server:
        done = run(readers_url, server.port, "resend")
        assert done.state == "paused"
        assert len(server.accepted) <= AT + CONNECTIONS * DEPTH
        assert done.counts == {"accepted": len(server.accepted), "planned": READERS - len(server.accepted)}
        with open_store(readers_url) as store:
            store.editions.set_state(EDITION, ["paused"], "sending", now=NOW)
        assert run(readers_url, server.port, "resend").state == "sent"
        assert Counter(server.recipients) == EVERYBODY


def test_cancel_closes_open_deliveries(readers_url: str) -> None:
    with SmtpServer(behave=halting(readers_url, "cancelled")) as server:
        done = run(readers_url, server.port, "resend")
    assert done.state == "cancelled"
    assert len(server.accepted) <= AT + CONNECTIONS * DEPTH
    assert done.counts == {"accepted": len(server.accepted), "skipped": READERS - len(server.accepted)}
    with open_store(readers_url) as store:
        assert {d.reason for d in store.deliveries.listing(EDITION, "skipped")} == {"the edition was cancelled"}


def test_pause_of_all_sending_stops_running_sender(readers_url: str) -> None:
    def behave(moment: Moment) -> None:
        if moment.phase == "content" and moment.number == AT:
            with open_store(readers_url) as store:
                store.meta.set(PAUSED_KEY, "moving house")

    with SmtpServer(behave=behave) as server:
        done = run(readers_url, server.port, "resend")
    assert done.state == "sending"
    assert len(server.accepted) <= AT + CONNECTIONS * DEPTH
    assert done.counts == {"accepted": len(server.accepted), "planned": READERS - len(server.accepted)}
