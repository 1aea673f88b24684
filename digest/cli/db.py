"""`digest db`: the database as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.common import PROBLEMS, as_json, emit, progress, say, settings, stop
from digest.errors import Finding, StoreBusy, StoreError


@click.group()
def db() -> None:
    """Upgrade, check and back up the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Bring the database to this program's schema; one that is not there is made.

    A SQLite file is backed up beside itself first.
    """
    from digest.services import database

    database.upgrade(settings(ctx))
    say("The database is up to date.")


@db.command()
@as_json
@click.pass_context
def check(ctx: click.Context, json_: bool) -> None:
    """Check schema and integrity; exit code 4 when something is wrong."""
    from digest.services import database

    try:
        findings = database.check(settings(ctx))
    except StoreBusy:
        raise
    except StoreError as error:  # a newer, damaged or missing database is a finding here
        findings = [Finding("store", error.message, error.remedy)]
    if json_:
        emit([finding.as_json() for finding in findings])
    else:
        for finding in findings:
            click.echo(f"{finding.severity:<8}{finding.problem}" + (f"; {finding.remedy}" if finding.remedy else ""))
    if any(finding.severity == "error" for finding in findings):
        stop(PROBLEMS)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def backup(ctx: click.Context, file: Path) -> None:
    """Write a consistent copy of the database to FILE, while everything runs, and check that it opens.

    A restored copy starts with sending paused, so that nobody is mailed twice.
    """
    from digest.services import database

    say(f"Backup written and checked: {database.backup(settings(ctx), file)}")


@db.command()
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy(source: str, target: str) -> None:
    """Copy a whole installation from database FROM into the empty database TO.

    Both are URLs as in [store] url: sqlite:///digest.db or postgresql://USER@HOST/NAME. Every table is compared after
    the copy. The copy starts with sending paused, so that nobody is mailed twice: stop the programs that use FROM, name
    TO in [store] url, then 'digest schedule pause --resume'.
    """
    from digest.services import database

    with progress({"copy": "Copy rows", "check": "Compare with the source"}) as show:
        tables = database.copy(source, target, show)
    say(f"{sum(tables.values())} rows of {len(tables)} tables are copied and equal. Sending is paused in the copy.")
