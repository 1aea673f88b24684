"""`digest deliver`: hand an approved edition's messages over."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from pathlib import Path

import click

from digest.cli.common import (
    LATER,
    NOTHING_TO_DO,
    as_json,
    count,
    emit,
    house,
    local,
    newsletter_names,
    progress,
    say,
    stop,
)
from digest.errors import AlreadySent


@click.command()
@click.argument("edition", shell_complete=newsletter_names)
@click.option(
    "--test", "test_address", metavar="ADDRESS", help="Send one copy, marked as a test, to this address only."
)
@click.option(
    "--dry-run", type=click.Path(path_type=Path, file_okay=False), help="Write .eml files there; send nothing."
)
@click.option("--now", "at_once", is_flag=True, help="Send at once, without waiting for the edition's time.")
@click.option("--resume", is_flag=True, help="Go on with a paused edition.")
@click.option("--pause", is_flag=True, help="Stop every sender of it within a few messages.")
@click.option("--cancel", is_flag=True, help="Send nothing more of it, for good.")
@as_json
@click.pass_context
def deliver(
    ctx: click.Context,
    edition: str,
    test_address: str | None,
    dry_run: Path | None,
    at_once: bool,
    resume: bool,
    pause: bool,
    cancel: bool,
    json_: bool,
) -> None:
    """Hand an approved edition's messages over.

    Delivering again sends only what was not sent (exit code 3 when there is nothing). --dry-run opens no connection.
    EDITION is an id, or a newsletter's name for its newest edition.
    """
    from digest.pipeline.deliver import Delivered

    ways = {"--test": test_address is not None, "--dry-run": dry_run is not None, "--pause": pause, "--cancel": cancel}
    asked = [name for name, wanted in {**ways, "--resume": resume, "--now": at_once}.items() if wanted]
    if len(asked) > 1 and asked != ["--resume", "--now"]:
        raise click.UsageError(f"{' and '.join(asked)} do not go together: give one of them.")
    with house(ctx) as home, progress({"messages": "Handing over"}) as show:
        found = home.edition(edition)
        _stop_at_signals(home.stopping)
        told: dict[str, object] = {"edition_id": found.id}
        if test_address is not None:
            problems = home.deliver_test(found, test_address)
            told |= {"test": test_address, "problems": [asdict(problem) for problem in problems]}
            say(f"One test copy of {found.id} handed over for {test_address}.")
            for problem in problems:
                say(f"Readers will not get it as it is: {problem.message}; {problem.remedy}.")
        elif dry_run is not None:
            written = home.dry_run(found, dry_run, progress=show)
            told |= {"written": written, "folder": str(dry_run)}
            say(f"{count(written, 'message')} written to {dry_run}; nothing was sent.")
        elif pause or cancel:
            told["state"] = "paused" if pause else "cancelled"
            home.halt(found, "paused" if pause else "cancelled")
            say(f"{found.id} is {told['state']}.")
        if any(ways.values()):
            if json_:
                emit(told)
            return
        try:
            done = home.deliver(found, resume=resume, at_once=at_once, progress=show)
        except AlreadySent as error:
            if json_:
                by_state = dict(home.store.deliveries.summary(found.id))
                emit({**asdict(Delivered(found.id, found.state, counts=by_state)), "open": 0})
            say(str(error))
            stop(NOTHING_TO_DO)
        due = home.store.deliveries.next_work(found.id)
    if json_:
        emit({**asdict(done), "open": done.open})
    else:
        counts = ", ".join(f"{number} {state}" for state, number in sorted(done.counts.items()) if number)
        click.echo(f"{done.edition_id} is {done.state}: {done.sent} handed over now; {counts or 'nobody to send to'}.")
    if done.stopped:
        say(f"stopped: {done.stopped}")
    if done.open and due is not None and not done.stopped:
        say(f"The next are due at {local(due, found.timezone)} ({found.timezone}); --now sends at once.")
    if done.open or done.stopped:
        stop(LATER)


def _stop_at_signals(stopping: threading.Event) -> None:
    """At SIGTERM or Ctrl-C what is under way is finished, and nothing more is begun."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
