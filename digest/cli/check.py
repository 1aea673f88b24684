"""`digest check`: what could go wrong, before it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from digest.cli.common import PROBLEMS, as_json, emit, house, newsletter_names, paper, stop
from digest.errors import StoreBusy, StoreError

if TYPE_CHECKING:
    from digest.checkup import Finding


@click.command()
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@as_json
@click.pass_context
def check(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """Check settings, store, templates, feeds, mail server and DNS.

    Every finding comes with its remedy. With NEWSLETTER its newest mail is checked as it would be sent. Exit code 4
    when something is wrong.
    """
    from rich.text import Text

    marks = {"ok": Text("✓", "green"), "warning": Text("!", "yellow bold"), "error": Text("✗", "red bold")}
    findings = []
    console = paper(soft_wrap=True)
    for finding in _look(ctx, newsletter):
        findings.append(finding)
        if not json_:
            console.print(marks[finding.level], Text(f"{finding.area:<9}", "dim"), Text(finding.message))
            if finding.remedy:
                console.print(Text(f"            → {finding.remedy}", "dim"))
    if json_:
        emit([asdict(finding) for finding in findings])
    if any(finding.level == "error" for finding in findings):
        stop(PROBLEMS)


def _look(ctx: click.Context, newsletter: str | None) -> Iterator[Finding]:
    """A store that cannot be used is a finding like others; one that is busy may be free in a moment."""
    from digest.checkup import Finding
    from digest.checkup import check as look

    try:
        with house(ctx) as home:
            yield from look(home, newsletter)
    except StoreBusy:
        raise
    except StoreError as error:
        what, _, remedy = str(error).rpartition(": ")
        yield Finding("store", "error", what, remedy)
