"""`digest dkim`: signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from digest.cli.common import say


@click.group()
def dkim() -> None:
    """Make a signing key and its DNS record."""


@dkim.command()
@click.argument("domain")
@click.option(
    "--selector", default="digest", show_default=True, help="Its name under the domain; a new key, a new name."
)
@click.option("--type", "kind", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it; else SELECTOR.DOMAIN.pem."
)
def keygen(domain: str, selector: str, kind: Literal["rsa", "ed25519"], out: Path | None) -> None:
    """Make a private key for DOMAIN and print the DNS record to publish.

    RSA is what every verifier knows; add an Ed25519 key under another selector if you like. The file is readable by
    its owner only, and never overwritten.
    """
    from digest.services.deliver.signing import make_key

    key, path = make_key(domain, selector, kind, out)
    say(f"Private key: {path} (keep it secret). Publish this record:\n")
    click.echo(key.zone_line)
    name = selector.replace(".", "-").lower()  # a dot would begin a table in the table
    table = f'[dkim.{name}]\ndomain = "{key.domain}"\nselector = "{selector}"\nkey_file = "{path}"'
    say(f"\nThen, in settings.toml:\n\n{table}")
