"""`digest dkim keygen`: a key that only its owner can read, its DNS record, and a table for settings.toml."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from digest.deliver.mime.dkim import Signer, load_key
from digest.settings import load
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("domain", "selector", "kind", "record"),
    [
        ("press.org", "digest", "rsa", "digest._domainkey.press.org. IN TXT"),
        ("press.org", "2026.may", "ed25519", "2026.may._domainkey.press.org. IN TXT"),
        ("b\u00fccher.example", "s2", "ed25519", "s2._domainkey.xn--bcher-kva.example. IN TXT"),
    ],
)
def test_keygen_prints_dns_record_and_settings(
    desk: Path, run: Run, domain: str, selector: str, kind: str, record: str
) -> None:
    key_file = desk / "keys" / "it.pem"
    key_file.parent.mkdir()
    done = run("dkim", "keygen", domain, "--selector", selector, "--type", kind, "--out", str(key_file))
    assert done.exit_code == 0
    assert done.stdout.startswith(record)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    printed = "\n[dkim" + done.stderr.partition("\n[dkim")[2]
    ((name, table),) = tomllib.loads(printed)["dkim"].items()
    assert load_key(table["domain"], table["selector"], key_file.read_text()).zone_line + "\n" == done.stdout
    settings = desk / "settings.toml"
    settings.write_text(settings.read_text() + printed)
    read = load(settings, {}).dkim[name]
    assert read.key_file == key_file
    Signer([load_key(read.domain, read.selector, key_file.read_text())])


def test_keygen_never_overwrites(desk: Path, run: Run) -> None:
    key_file = desk / "it.pem"
    key_file.write_text("precious")
    done = run("dkim", "keygen", "press.org", "--out", str(key_file))
    assert done.exit_code == 1
    assert "exists already" in done.stderr
    assert key_file.read_text() == "precious"


@pytest.mark.parametrize(("domain", "selector"), [("a b/../c", "digest"), ("press.org", "x;y"), ("press", "../x")])
def test_keygen_refuses_invalid_names(desk: Path, run: Run, domain: str, selector: str) -> None:
    done = run("dkim", "keygen", domain, "--selector", selector, "--out", str(desk / "it.pem"))
    assert done.exit_code in {1, 78}
    assert "dkim key" in done.stderr
    assert not (desk / "it.pem").exists()
