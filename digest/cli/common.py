"""What the commands share: settings, output as data or for people, progress, exit codes."""

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
    from digest.errors import StoreError
    from digest.services.context import Progress
    from digest.settings import Settings

#: Exit codes, documented in README.md. 0 is done, 1 failed, 2 wrong usage, 78 bad settings.
NOTHING_TO_DO: Final = 3
PROBLEMS: Final = 4
PARTLY: Final = 5
LATER: Final = 75

#: What counts as a year of a slot: far from both ends of what Python can reckon with.
_YEARS: Final = range(1970, 3000)
_FITTED: Final = 2000  # rows that a table is fitted to a terminal with
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # what a terminal would obey, and the ends of lines

as_json = click.option(
    "--json", "json_", is_flag=True, help="Print data (JSON) on standard output, all else elsewhere."
)


def newsletter_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """For shell completion: the newsletters' names, which also stand for their newest editions."""
    return _names(ctx, "newsletters", incomplete)


def topic_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """For shell completion: the topics' keys."""
    return _names(ctx, "topics", incomplete)


def _names(ctx: click.Context, kind: str, incomplete: str) -> list[str]:
    """None when the settings cannot be read: a half-typed command is no place for errors."""
    from digest.errors import SettingsError
    from digest.settings import load

    try:
        known = load(ctx.find_root().params.get("settings_path"))
    except SettingsError:
        return []
    return [name for name in getattr(known, kind) if name.startswith(incomplete)]


def settings(ctx: click.Context) -> Settings:
    """The settings that the whole command line goes by. Raises SettingsError with every problem at once."""
    from digest.settings import load

    return load(ctx.find_root().obj)


@contextmanager
def open_app(ctx: click.Context) -> Iterator[App]:
    """Open the program for one command."""
    from digest import bootstrap

    with bootstrap.open_app(settings(ctx)) as app:
        yield app


def emit(data: Any) -> None:
    """One JSON value on standard output; times as ISO 8601, whatever else JSON does not know as its text."""
    click.echo(json.dumps(data, ensure_ascii=False, default=_told))


def _told(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def say(text: str) -> None:
    """A line for a person, on standard error, where it never mixes with data."""
    click.echo(text, err=True)


def count(number: int, one: str, many: str = "") -> str:
    """'1 story', '2 stories': a number with its noun; `many` is needed where an s does not do."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def trouble(error: StoreError) -> tuple[str, str]:
    """What is wrong with a store, and the remedy; what a server said stands in brackets at the end, colons and all."""
    found = re.fullmatch(r"(.*): ([^:()]*(?: \(.*\))?)", str(error), re.DOTALL)
    return (found[1], found[2]) if found else (str(error), "")


def stop(code: int) -> NoReturn:
    """End the command with one of the codes above."""
    sys.exit(code)


def local(moment: Any, zone: str) -> str:
    """An aware time in a zone, to the minute, for a listing; '' for None."""
    from zoneinfo import ZoneInfo

    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def local_time(text: str) -> datetime:
    """A local time as a person writes it. Raises click.BadParameter for anything else, or one that names a zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a local time; write it as in 2026-11-24T07:00") from error
    if found.year not in _YEARS:
        raise click.BadParameter(f"{text!r} is in no year that has editions")
    if found.tzinfo is not None:
        raise click.BadParameter(f"{text!r} names a zone; a slot is in the newsletter's own local time")
    return found


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A listing for a person on standard output: fitted to a terminal's width; elsewhere a line a row, for grep."""
    from rich.table import Table
    from rich.text import Text

    rows = [[_CONTROLS.sub(" ", cell) for cell in row] for row in rows]
    out = paper()
    if (not out.is_terminal and "COLUMNS" not in os.environ) or len(rows) > _FITTED:
        _aligned(title, columns, rows)
        return
    shown = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    if title:
        out.print(Text(title, "italic"), soft_wrap=True)  # as a title the table would break it at its own width
    out.print(shown)


def _aligned(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """The same without fitting, which takes a quarter of a millisecond a row."""
    from rich.cells import cell_len

    lines = [columns, *rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    told = [title] if title else []
    for line in lines:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        told.append("  ".join(padded).rstrip())
    click.echo("\n".join(told))


def paper(**options: Any) -> Console:
    """Standard output for people. rich would end the program with code 1 when nobody reads on; we decide that."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Ours(**options)


@contextmanager
def progress(labels: dict[str, str] | None = None) -> Iterator[Progress]:
    """A progress bar a stage on a terminal, with its rate and the time that is left (at the end: that it took), and one
    plain line a finished stage elsewhere; both on standard error.
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
    left = TimeRemainingColumn(elapsed_when_finished=True)
    with Progress(*columns, MofNCompleteColumn(), Rate(), left, console=console) as bars:
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
