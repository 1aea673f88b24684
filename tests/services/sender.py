"""A sender as a process of its own, to be killed: it claims, sends to a real server and records everything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from digest import process
from digest.compose.edition import Edition
from digest.deliver.links import Links
from digest.deliver.mime.message import EditionMetadata, MessageFactory
from digest.deliver.mime.template import MessageTemplate
from digest.deliver.render.rendered import ADDRESS, UNSUBSCRIBE_URL, Rendered
from digest.deliver.return_path import ReturnPath
from digest.deliver.smtp.connect import Relay
from digest.failpoint import arm
from digest.services.deliver.deliver_edition import deliver
from digest.services.deliver.send_options import Delivered, LeaseLost, SendOptions
from digest.services.deliver.transports import SmtpTransport
from digest.store import open_store

CONNECTIONS = 3
DEPTH = 2  # messages under way on each, unless a test says otherwise
BUSY = 10.0  # seconds to wait for another writer
EDITION = "morning-2026-11-24-0700"
SECRET = "a secret of at least thirty-two characters"


def template(edition: Edition) -> MessageTemplate:
    """The one variant: small, personal, always the same bytes."""
    html = f'<html lang="en"><body><h1>News</h1><p>{ADDRESS}</p><a href="{UNSUBSCRIBE_URL}">Leave</a></body></html>'
    rendered = Rendered("News", "The day", html, f"News for {ADDRESS}\n{UNSUBSCRIBE_URL}\n", "en")
    metadata = EditionMetadata(
        edition.id, "morning", "The Morning", "The Morning", "morning@example.org", edition.send_at
    )
    return MessageTemplate.build(
        rendered, metadata, Links("https://news.example.org", SECRET), ReturnPath("bounce@example.org", SECRET)
    )


def run(
    url: str,
    port: int,
    in_doubt: Literal["resend", "hold"],
    fault: str = "",
    lease: float = 1200,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], object] = time.sleep,
    should_stop: Callable[[], bool] = lambda: False,
    pipeline: int = DEPTH,
) -> Delivered:
    """One run over the edition, as `digest deliver` does it. `fault` arms a fault point; `lease` is in seconds."""
    arm(fault)
    with process.run() as name, open_store(url, busy_seconds=BUSY) as store:
        edition = store.editions.get(EDITION)
        assert edition is not None
        filler: MessageFactory = template(edition)
        relay = Relay(
            "127.0.0.1",
            port,
            security="none",
            connections=CONNECTIONS,
            pipeline=pipeline,
            hello="client.test",
            timeout=min(20.0, lease / 4),
            answer_timeout=min(600.0, lease / 4),
        )
        options = SendOptions(
            owner=name,
            last_moment=edition.send_at + timedelta(hours=3),
            in_doubt=in_doubt,
            lease=timedelta(seconds=lease),
            is_gone=process.is_gone,
            wait=wait,
            should_stop=should_stop,
        )
        transport = SmtpTransport([relay], timedelta(seconds=lease * 3 / 4))
        return deliver(store, edition, lambda _variant: filler, transport, options, clock=clock)


def main(
    url: str,
    port: int,
    in_doubt: Literal["resend", "hold"],
    fault: str = "",
    lease: float = 1200,
    pipeline: int = DEPTH,
) -> None:
    """As a child: ends without any clean-up, as a process that is done for does; 3 when the lease was lost."""
    try:
        run(url, port, in_doubt, fault, lease, pipeline=pipeline)
    except LeaseLost:
        os._exit(3)
    os._exit(0)
