"""`digest run`, `scheduler`, `worker`, `serve`: the long-running processes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Final

import click

from digest.cli.common import open_app, say

#: Seconds between two looks at the signal to stop. A signal that arrives in another thread does not wake the main one,
#: which handles it, so it must not sleep for long.
POLL: Final = 0.5


@click.command()
@click.option("--host", help="Listen on this address instead of [web] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port instead of [web] port.")
@click.pass_context
def run(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Scheduler, worker and web in one process: the embedded default.

    SIGTERM (or Ctrl-C) finishes the messages in flight and ends within seconds; the next start goes on where this one
    stopped.
    """
    _work(ctx, ("collect", "compose", "deliver", "bounces", "prune"), web=True, host=host, port=port)


@click.command()
@click.pass_context
def scheduler(ctx: click.Context) -> None:
    """Only the scheduler: compose what is due and apply the review policies."""
    _work(ctx, ("compose",))


@click.command()
@click.pass_context
def worker(ctx: click.Context) -> None:
    """Only a worker: collect, read and hand over. Any number may run on one store."""
    _work(ctx, ("collect", "deliver", "bounces", "prune"))


@click.command()
@click.option("--host", help="Listen on this address instead of [web] host.")
@click.option("--port", type=click.IntRange(0, 65535), help="Listen on this port instead of [web] port.")
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Only the web: unsubscribe links, preferences, archive, pictures, health and metrics."""
    _work(ctx, (), web=True, host=host, port=port)


def _work(
    ctx: click.Context,
    names: tuple[str, ...],
    *,
    web: bool = False,
    host: str | None = None,
    port: int | None = None,
) -> None:
    """Run the named jobs and serve, until a signal."""
    from digest.jobs import Jobs
    from digest.log import configure
    from digest.scheduler import Scheduler

    with open_app(ctx) as app:
        configure(app.settings.log)
        jobs = Jobs(app)
        scheduler = Scheduler({name: job for name, job in jobs.table().items() if name in names})
        stop = threading.Event()

        def ask_to_stop(*_: object) -> None:
            app.stopping.set()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        ends: list[Callable[[], None]] = [scheduler.stop]
        if web:
            from digest.web.server import Server
            from digest.web.wiring import application

            settings = app.settings.web
            server = Server(
                application(app), host or settings.host, settings.port if port is None else port, settings.proxies
            )
            server.start()
            ends.append(server.stop)
            say(f"Listening on {server.url}")
        scheduler.start()
        say("Running; Ctrl-C or SIGTERM ends it.")
        while not stop.wait(POLL):
            pass
        say("Finishing what is under way ...")
        for end in ends:
            end()
    say("Done.")
