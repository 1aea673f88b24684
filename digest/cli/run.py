"""`digest run`, `scheduler`, `worker`, `serve`: the long-running processes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Final

import click

from digest.cli.common import house, say

#: A signal that another thread takes does not wake this one: Python asks its main thread at the next instruction, so
#: that one must not sleep for long. In seconds.
LOOK: Final = 0.5


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
    """Ring the named jobs and serve, until a signal."""
    from digest.jobs import Jobs
    from digest.log import configure
    from digest.scheduler import Bell

    with house(ctx) as home:
        configure(home.settings.log)
        jobs = Jobs(home)
        bell = Bell({name: job for name, job in jobs.table().items() if name in names})
        stop = threading.Event()

        def ask_to_stop(*_: object) -> None:
            home.stopping.set()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask_to_stop)
        ends: list[Callable[[], None]] = [bell.stop]
        if web:
            from digest.web.server import Server
            from digest.web.wiring import application

            asked = home.settings.web
            server = Server(application(home), host or asked.host, asked.port if port is None else port, asked.proxies)
            server.start()
            ends.append(server.stop)
            say(f"Listening on {server.url}")
        bell.start()
        say("Running; Ctrl-C or SIGTERM ends it.")
        while not stop.wait(LOOK):
            pass
        say("Finishing what is under way ...")
        for end in ends:
            end()
    say("Done.")
