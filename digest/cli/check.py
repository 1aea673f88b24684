"""`digest check`: problems of tomorrow's editions, today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import click

from digest.cli.common import (
    PROBLEMS,
    as_json,
    count,
    emit,
    newsletter_names,
    open_app,
    say,
    stdout_console,
    stop,
)
from digest.errors import Finding, StoreBusy, StoreError


@click.command()
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@as_json
@click.pass_context
def check(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """Check settings, store, templates, feeds, mail server and DNS.

    Every finding comes with its remedy. With NEWSLETTER its newest mail is checked as it would be sent. Exit code 4
    when something is wrong.
    """
    findings: list[Finding] = []
    show = _printer()
    for finding in _brief(_findings(ctx, newsletter), findings):
        if not json_:
            show(finding)
    levels = Counter(finding.severity for finding in findings)
    if json_:
        emit([finding.as_json() for finding in findings])
    else:
        counts = [count(levels[level], level) for level in ("error", "warning") if levels[level]]
        say(f"{', '.join(counts)}." if counts else "All is well.")
    if levels["error"]:
        stop(PROBLEMS)


def _printer() -> Callable[[Finding], None]:
    """Return a function that prints a finding, and its remedy below it."""
    from rich.text import Text

    marks = {"ok": Text("✓", "green"), "warning": Text("!", "yellow bold"), "error": Text("✗", "red bold")}
    console = stdout_console(soft_wrap=True)

    def show(finding: Finding) -> None:
        console.print(marks[finding.severity], Text(f"{finding.where:<9}", "dim"), Text(finding.problem))
        if finding.remedy:
            console.print(Text(f"            → {finding.remedy}", "dim"))

    return show


def _brief(findings: Iterable[Finding], kept: list[Finding]) -> Iterator[Finding]:
    """Yield the findings for people and append all to `kept`. All healthy feeds are one line."""
    well = 0
    for finding in findings:
        kept.append(finding)
        quiet = (finding.where, finding.severity) == ("feeds", "ok")
        well += quiet
        if well and finding.where != "feeds":
            yield Finding("feeds", f"{count(well, 'feed is', 'feeds are')} well", severity="ok")
            well = 0
        if not quiet:
            yield finding
    if well:
        yield Finding("feeds", f"{count(well, 'feed is', 'feeds are')} well", severity="ok")


def _findings(ctx: click.Context, newsletter: str | None) -> Iterator[Finding]:
    """Yield all findings. A store that cannot be used is one of them; a busy one raises, as it may be free soon."""
    from digest import checks

    try:
        with open_app(ctx) as app:
            yield from checks.check(app, newsletter)
    except StoreBusy:
        raise
    except StoreError as error:
        yield Finding("store", error.message, error.remedy)
