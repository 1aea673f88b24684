"""`digest deliver`: hand an approved edition's messages over."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from digest.cli.common import (
    LATER,
    NOTHING_TO_DO,
    PARTLY,
    as_json,
    count,
    emit,
    local,
    newsletter_names,
    open_app,
    progress,
    say,
    stop,
)
from digest.errors import AlreadySent

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.compose.edition import Edition
    from digest.services.context import Progress
    from digest.services.deliver.send_options import Delivered

_STDERR: Final = 2


@click.command()
@click.argument("name", metavar="EDITION", shell_complete=newsletter_names)
@click.option(
    "--test", "test_address", metavar="ADDRESS", help="Send one copy, marked as a test, to this address only."
)
@click.option(
    "--dry-run", type=click.Path(path_type=Path, file_okay=False), help="Write .eml files there; send nothing."
)
@click.option("--now", "at_once", is_flag=True, help="Send at once, without waiting for the edition's time.")
@click.option("--resume", is_flag=True, help="Go on with a paused edition.")
@click.option("--in-doubt", "doubtful", is_flag=True, help="Send again what no server answered for.")
@click.option("--pause", is_flag=True, help="Stop every sender of it within a few messages.")
@click.option("--cancel", is_flag=True, help="Send nothing more of it, for good.")
@as_json
@click.pass_context
def deliver(
    ctx: click.Context,
    name: str,
    test_address: str | None,
    dry_run: Path | None,
    at_once: bool,
    resume: bool,
    doubtful: bool,
    pause: bool,
    cancel: bool,
    json_: bool,
) -> None:
    """Hand an approved edition's messages over.

    Delivering again sends only what was not sent (exit code 3 when there is nothing). --dry-run opens no connection.
    EDITION is an id, or a newsletter's name for its newest edition.
    """
    alone = {"--test": test_address is not None, "--dry-run": dry_run is not None, "--pause": pause, "--cancel": cancel}
    options = {**alone, "--resume": resume, "--now": at_once, "--in-doubt": doubtful}
    given = [option for option, present in options.items() if present]
    if len(given) > 1 and any(alone.values()):
        raise click.UsageError(f"{' and '.join(given)} do not go together: give one of them.")
    label = "Handing over" if dry_run is None else "Writing messages"
    with open_app(ctx) as app, progress({"messages": label}) as show:
        edition = app.editions.get(name)
        if any(alone.values()):  # a signal may interrupt these at once
            report = _test(app, edition, test_address) if test_address is not None else {}
            report |= _dry_run(app, edition, dry_run, show) if dry_run is not None else {}
            report |= _halt(app, edition, "paused" if pause else "cancelled") if pause or cancel else {}
            if json_:
                emit({"edition_id": edition.id, **report})
            if edition.state == report.get("state"):
                stop(NOTHING_TO_DO)
            return
        _stop_at_signals(app.stopping)
        waiting = app.sending.counts(edition).get("planned", 0)
        if waiting and (at_once or app.clock() >= edition.send_at):
            show("messages", 0, waiting)  # the first answer of a server may take long
        try:
            done = app.sending.deliver(edition, resume=resume, at_once=at_once, doubtful=doubtful, progress=show)
        except AlreadySent as error:
            if json_:
                counts = dict(app.sending.counts(edition))
                emit(
                    {
                        "edition_id": edition.id,
                        "state": edition.state,
                        "sent": 0,
                        "counts": counts,
                        "stopped": "",
                        "open": 0,
                    }
                )
            say(str(error))
            stop(NOTHING_TO_DO)
        due = edition.send_at if done.state == "approved" else app.sending.next_due(edition)
        stopped = app.stopping.is_set()
    if stopped and done.open and not done.stopped:
        done = replace(done, stopped=f"by a signal; 'digest deliver {edition.id}' goes on")
    _report(done, due, edition, json_)


def _test(app: App, edition: Edition, address: str) -> dict[str, Any]:
    problems = app.sending.send_test(edition, address)
    say(f"One test copy of {edition.id} handed over for {address}.")
    for problem in problems:
        say(f"Readers will not get it as it is: {problem.problem}; {problem.remedy}.")
    return {"test": address, "problems": [problem.as_json() for problem in problems]}


def _dry_run(app: App, edition: Edition, folder: Path, show: Progress) -> dict[str, Any]:
    written = app.sending.dry_run(edition, folder, progress=show)
    say(f"{count(written, 'message')} written to {folder}; nothing was sent.")
    return {"written": written, "folder": str(folder)}


def _halt(app: App, edition: Edition, state: str) -> dict[str, Any]:
    if edition.state == state:
        say(f"{edition.id} is {state} already.")
    else:
        (app.sending.pause if state == "paused" else app.sending.cancel)(edition)
        say(f"{edition.id} is {state}.")
    return {"state": state}


def _report(done: Delivered, due: datetime | None, edition: Edition, json_: bool) -> None:
    """Report how far it came and when the rest is due; exit with a code when there is a rest."""
    if json_:
        emit({**asdict(done), "open": done.open})
    else:
        counts = ", ".join(f"{number} {state}" for state, number in sorted(done.counts.items()) if number)
        click.echo(f"{done.edition_id} is {done.state}: {done.sent} handed over now; {counts or 'nobody to send to'}.")
    if done.stopped:
        say(f"stopped: {done.stopped}")
    if doubt := done.counts.get("unknown"):
        text = f"{count(doubt, 'message')} may have arrived or not: no answer came"
        say(f"{text}; 'digest deliver {done.edition_id} --in-doubt' sends {'it' if doubt == 1 else 'them'} again.")
    if done.state == "paused":
        say(f"When that is put right: 'digest deliver {done.edition_id} --resume'.")
    claimed = done.counts.get("claimed", 0) + done.counts.get("handed_over", 0)
    if done.open and done.open == claimed and not done.stopped:
        say(f"Another sender is at work on the last {count(done.open, 'message')}.")
    elif done.open and due is not None and not done.stopped:
        say(f"The next are due at {local(due, edition.timezone)} ({edition.timezone}); --now sends at once.")
    if done.open or done.stopped:
        stop(LATER)
    if doubt:
        stop(PARTLY)


def _stop_at_signals(stopping: threading.Event) -> None:
    """At SIGTERM or Ctrl-C finish the messages under way, start no more, and print that at once."""

    def ask_to_stop(*_: object) -> None:
        if not stopping.is_set():
            stopping.set()
            with suppress(OSError):
                os.write(_STDERR, b"Finishing what is under way ...\n")  # the stream may be in use now

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
