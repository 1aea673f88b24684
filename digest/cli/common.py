"""Shared by the commands: settings, output as data or for people, progress, exit codes."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from digest.bootstrap import App
    from digest.services.context import Progress
    from digest.settings import Settings

#: Exit codes, documented in README.md. 0 is done, 1 failed, 2 wrong usage, 78 bad settings.
NOTHING_TO_DO: Final = 3
PROBLEMS: Final = 4
PARTLY: Final = 5
LATER: Final = 75

#: Years that a slot may be in: far from both ends of Python's calendar.
_YEARS: Final = range(1970, 3000)
_FITTED: Final = 2000  # most rows of a table that is fitted to a terminal
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # control characters of a terminal, and line ends

as_json = click.option(
    "--json", "json_", is_flag=True, help="Print data (JSON) on standard output, all else elsewhere."
)


def newsletter_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the names of newsletters, which also stand for their newest editions."""
    return _names(ctx, "newsletters", incomplete)


def topic_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete the keys of topics."""
    return _names(ctx, "topics", incomplete)


def _names(ctx: click.Context, kind: str, incomplete: str) -> list[str]:
    """Return no names when the settings cannot be read: completion must not print errors."""
    from digest.errors import SettingsError
    from digest.settings import load

    try:
        known = load(ctx.find_root().params.get("settings_path"))
    except SettingsError:
        return []
    return [name for name in getattr(known, kind) if name.startswith(incomplete)]


def settings(ctx: click.Context) -> Settings:
    """Load the settings of this command line. Raises SettingsError with every problem at once."""
    from digest.settings import load

    return load(ctx.find_root().obj)


@contextmanager
def open_app(ctx: click.Context) -> Iterator[App]:
    """Open the program for one command."""
    from digest import bootstrap

    with bootstrap.open_app(settings(ctx)) as app:
        yield app


def emit(data: Any) -> None:
    """Print one JSON value on standard output; times as ISO 8601, other values that JSON does not know as text."""
    click.echo(json.dumps(data, ensure_ascii=False, default=_json_text))


def _json_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def say(text: str) -> None:
    """Print a line for a person on standard error, where it never mixes with data."""
    click.echo(text, err=True)


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: '1 story', '2 stories'; `many` is the plural where it is not `one` with an s."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def stop(code: int) -> NoReturn:
    """Exit with one of the codes above."""
    sys.exit(code)


def local(moment: Any, zone: str) -> str:
    """Return an aware time in a zone, to the minute, for a listing; '' for None."""
    from zoneinfo import ZoneInfo

    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def local_time(text: str) -> datetime:
    """Parse a local time. Raises click.BadParameter for anything else, also for a time with a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a local time; write it as in 2026-11-24T07:00") from error
    if moment.year not in _YEARS:
        raise click.BadParameter(f"{text!r} is in no year that has editions")
    if moment.tzinfo is not None:
        raise click.BadParameter(f"{text!r} names a zone; a slot is in the newsletter's own local time")
    return moment


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a listing on standard output: fitted to a terminal's width, or else one line a row, for grep."""
    from rich.table import Table
    from rich.text import Text

    rows = [[_CONTROLS.sub(" ", cell) for cell in row] for row in rows]
    out = stdout_console()
    if (not out.is_terminal and "COLUMNS" not in os.environ) or len(rows) > _FITTED:
        _aligned(title, columns, rows)
        return
    grid = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    if title:
        out.print(Text(title, "italic"), soft_wrap=True)  # a table would wrap it at its own width
    out.print(grid)


def _aligned(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print without fitting, which takes a quarter of a millisecond a row."""
    from rich.cells import cell_len

    lines = [columns, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    output = [title] if title else []
    for line in lines:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        output.append("  ".join(padded).rstrip())
    click.echo("\n".join(output))


def stdout_console(**options: Any) -> Console:
    """Return standard output as a rich console that raises BrokenPipeError; rich itself would exit with code 1."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return PipeConsole(**options)


@contextmanager
def progress(labels: dict[str, str] | None = None) -> Iterator[Progress]:
    """Yield a progress that draws on standard error.

    On a terminal each stage has a bar with its rate and the time left (at the end, the time taken); elsewhere each
    finished stage is one plain line.
    """
    from rich.console import Console

    names = labels or {}
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(names)
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f}/s" if speed and speed >= 1 else "", style="dim")

    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description:<22}"), BarColumn(bar_width=32))
    remaining = TimeRemainingColumn(elapsed_when_finished=True)
    with Progress(*columns, MofNCompleteColumn(), Rate(), remaining, console=console) as bars:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(names.get(stage, stage), total=total)
            bars.update(tasks[stage], completed=done, total=max(total, 1) if done else total)

        yield show


def _lines(names: dict[str, str]) -> Callable[[str, int, int], None]:
    finished: set[str] = set()

    def show(stage: str, done: int, total: int) -> None:
        if done >= total and stage not in finished:
            finished.add(stage)
            say(f"{names.get(stage, stage)}: {done}")

    return show
