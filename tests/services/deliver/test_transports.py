"""Transports: a folder that fills up, and mail servers as the settings describe them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digest.deliver.outbox import Outbox
from digest.errors import DigestError
from digest.failpoint import arm
from digest.services.deliver.transports import OutboxTransport, relay
from digest.settings import load
from tests.deliver.samples import messages
from tests.fakes.ledger import Ledger


def test_outbox_on_full_disk_keeps_written_and_returns_rest(tmp_path: Path) -> None:
    ledger = Ledger()
    arm("outbox.written:3:full")
    try:
        with pytest.raises(DigestError, match="make room"):
            OutboxTransport(Outbox(tmp_path))(messages(5), ledger.record, lambda: False)
    finally:
        arm("")
    assert ledger.having("accepted") == {1, 2}
    assert ledger.having("planned") == {3, 4, 5}
    assert len(list(tmp_path.rglob("*.eml"))) == 2


def test_relay_gets_every_setting(tmp_path: Path) -> None:
    asked = {
        "host": "mx.example.org",
        "port": 2525,
        "security": "tls",
        "username": "ada",
        "password": "secret",
        "hello": "news.example.org",
        "connections": 3,
        "pipeline": 16,
        "chunking": False,
        "messages_per_connection": 50,
        "per_domain": 2,
        "domain_rate": 1.5,
        "rate": 20.0,
        "weight": 2.0,
        "token_command": "print-token",
    }
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in asked.items())
    (tmp_path / "settings.toml").write_text(f"[smtp]\n{lines}\ntimeout = '7s'\nca_file = 'ca.pem'\n")
    settings = load(tmp_path / "settings.toml", {"DIGEST_SITE__SECRET": "s" * 32})
    made = relay(settings.smtp, settings)
    assert {name: getattr(made, name) for name in asked} == asked
    assert made.timeout == 7
    assert made.ca_file == tmp_path / "ca.pem"
    handled = {*asked, "timeout", "ca_file"}
    assert handled == set(type(settings.smtp).model_fields), "a setting that no mail server ever hears of"
