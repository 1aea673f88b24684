"""The Date of a copy is the time of its first hand-over, and the same in every later attempt."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from digest.store import open_store
from tests.fakes.smtp_server import Drop, Moment, Say, SmtpServer
from tests.services.deliver.test_kill import prepare
from tests.services.deliver.test_local_time import at, send_at
from tests.services.sender import EDITION, run


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a store with an edition for one subscriber."""
    found = f"sqlite:///{tmp_path}/digest.db"
    with open_store(found, upgrade=True) as store:
        prepare(store, 1)
    return found


def dates(server: SmtpServer) -> list[datetime]:
    """The Date of each accepted message."""
    heads = [BytesHeaderParser().parsebytes(message.data) for message in server.accepted]
    return [parsedate_to_datetime(head["Date"]) for head in heads]


@pytest.mark.parametrize("hours", [0, 2, 2.5])
def test_date_is_the_time_of_handing_over(url: str, hours: float) -> None:
    moment = (send_at(url) + timedelta(hours=hours)).replace(microsecond=0)
    with SmtpServer() as server:
        run(url, server.port, "resend", clock=at(moment))
        assert dates(server) == [moment]


def test_date_stays_the_same_after_a_temporary_refusal(url: str) -> None:
    start = send_at(url).replace(microsecond=0)

    def behave(moment: Moment) -> Say | None:
        return Say(451, "4.3.0 later") if moment.phase == "content" and moment.number == 1 else None

    with SmtpServer(behave=behave) as server:
        assert run(url, server.port, "resend", clock=at(start)).counts == {"deferred": 1}
        assert run(url, server.port, "resend", clock=at(start + timedelta(hours=1))).counts == {"accepted": 1}
        assert dates(server) == [start]


def test_copy_sent_again_from_doubt_is_the_same_octet_for_octet(url: str) -> None:
    start = send_at(url)

    def behave(moment: Moment) -> Drop | None:
        return Drop(take=True) if moment.phase == "content" and moment.number == 1 else None

    with SmtpServer(behave=behave) as server:
        run(url, server.port, "resend", clock=at(start))
        run(url, server.port, "resend", clock=at(start + timedelta(hours=1)))
        first, second = server.accepted
    assert first.data == second.data


def test_date_is_kept_for_deliveries_that_a_dead_sender_left_in_doubt(url: str) -> None:
    start = send_at(url)
    seconds = int(start.timestamp())
    with open_store(url) as store:
        store.editions.set_state(EDITION, ["approved"], "sending", now=start)
        claim = store.claims.acquire(EDITION, "dead", now=start, lease=timedelta(minutes=20), limit=10)
        (delivery,) = claim.deliveries
        assert delivery.sent_at == 0
        claim.record_progress((), [delivery], now=start, dates={delivery.id: seconds})
        store.claims.release_owner("dead", now=start)
        store.deliveries.requeue(EDITION, ["unknown"], now=start)
        again = store.claims.acquire(EDITION, "next", now=start, lease=timedelta(minutes=20), limit=10)
        assert [one.sent_at for one in again.deliveries] == [seconds]


def test_message_that_no_server_had_gets_a_new_date(url: str) -> None:
    start = send_at(url).replace(microsecond=0)
    with SmtpServer(behave=lambda m: Say(554, "5.7.1 no") if m.phase == "connect" else None) as server:
        assert run(url, server.port, "resend", clock=at(start)).counts == {"planned": 1}
    with open_store(url) as store:
        store.editions.set_state(EDITION, ["paused"], "sending", now=start)
    later = start + timedelta(hours=2)
    with SmtpServer() as server:
        run(url, server.port, "resend", clock=at(later))
        assert dates(server) == [later]
