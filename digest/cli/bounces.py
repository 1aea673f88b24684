"""`digest bounces`: returned mail and complaints."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from digest.cli.common import NOTHING_TO_DO, as_json, emit, open_app, stop
from digest.errors import DigestError


@click.group()
def bounces() -> None:
    """Take in returned mail and complaints."""


@bounces.command()
@as_json
@click.pass_context
def poll(ctx: click.Context, json_: bool) -> None:
    """Read the mailbox of [bounces] once. What was read is moved to a folder of its own, never deleted."""
    with open_app(ctx) as app:
        counts = app.returned_mail.poll()
    _report(counts, json_)


@bounces.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, allow_dash=True))
@click.option("--to", "arrived_at", default="", help="The address it came to, as a mail server's pipe knows it.")
@as_json
@click.pass_context
def ingest(ctx: click.Context, files: tuple[Path, ...], arrived_at: str, json_: bool) -> None:
    """Take in returned mails from FILES (one each, or an mbox), a Maildir, or standard input (a mail server's pipe).

    Only what proves by a signature of ours that it is about our mail counts; anything else is ignored. What was
    taken in before counts once, and the files stay as they are.
    """
    from digest.deliver.inbound.mailfile import mails_in, mails_of

    counts: Counter[str] = Counter()
    with open_app(ctx) as app:
        for path in files or (Path("-"),):
            try:
                mails = mails_of(sys.stdin.buffer) if str(path) == "-" else mails_in(path)
                counts.update(app.returned_mail.ingest(mail, arrived_at) for mail in mails)
            except OSError as error:
                raise DigestError(f"{error.filename or path}: cannot be read ({error.strerror})") from error
    _report(counts, json_)


def _report(counts: Counter[str], json_: bool) -> None:
    if json_:
        emit(dict(counts))
    else:
        click.echo(", ".join(f"{number} {effect}" for effect, number in sorted(counts.items())) or "no mail")
    if not counts:
        stop(NOTHING_TO_DO)
