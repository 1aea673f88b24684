"""`digest demo`: a whole day without any network."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import count, progress, say, stdout_console

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.demo.show import Summary

LABELS = {
    "yesterday feeds": "Yesterday's feeds",
    "yesterday articles": "Yesterday's articles",
    "feeds": "Today's feeds",
    "articles": "Today's articles",
    "editions": "Composing editions",
    "messages": "Writing messages",
}


@click.command()
@click.option("--once", is_flag=True, help="End when the messages are written; open no page.")
@click.option(
    "--outbox", type=click.Path(path_type=Path, file_okay=False), help="Write the messages (.eml) into this folder."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Of the page; 0 takes any."
)
def demo(once: bool, outbox: Path | None, port: int) -> None:
    """See a whole day with sample feeds, without any network.

    Six invented outlets are served on this machine; their articles are collected, read, composed into an English and a
    French newsletter and delivered to sample subscribers, as files. Then a page shows every mail at phone and desk
    width. Nothing of yours is touched.
    """
    from digest.demo.content import ZONE
    from digest.demo.show import open_day, run_days

    folder = Path(tempfile.mkdtemp(prefix="digest-demo-"))
    day = datetime.now(ZONE).date()
    port = port if once else _free_port(port)
    site_url = "https://news.example.org" if once else f"http://127.0.0.1:{port}"
    with open_day(folder, outbox or folder / "outbox", site_url, day) as (app, clock):
        with progress(LABELS) as show:
            summary = run_days(app, clock, day, show)
        _print_summary(summary, folder)
        if not once:
            _show(app, port)


def _free_port(preferred: int) -> int:
    """Return the preferred port if it is free, or else any free one."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return preferred


def _print_summary(summary: Summary, folder: Path) -> None:
    """Print the day in a few lines, and the commands to try next."""
    from rich.panel import Panel
    from rich.text import Text

    lines = Text()
    for edition in summary.editions:
        stories = edition.stories
        merged = [story for story in stories if story.also]
        updates = sum(1 for story in stories if story.update)
        lines.append(f"{edition.title}  ", "bold").append(f"{summary.subjects[edition.id]}\n", "italic")
        lines.append(f"  {count(len(stories), 'story', 'stories')} in {count(len(edition.sections), 'section')}", "dim")
        lines.append(f", {len(merged)} told by several outlets", "dim")
        lines.append(f", {updates} an update of yesterday's\n\n" if updates else "\n\n", "dim")
    lines.append(
        f"{summary.articles} articles of {summary.outlets} outlets read from {summary.feeds} feeds, "
        f"{summary.removed} pieces of noise taken out.\n"
    )
    if summary.unread:
        lines.append(f"{summary.unread} known by their feeds' text alone (a paywall, as on a real day).\n", "dim")
    lines.append(f"{summary.messages} messages written in {summary.seconds:.0f} s: ").append(
        str(summary.outbox), "bold"
    )
    console = stdout_console()
    console.print(Panel(lines, title="[bold]Good morning[/bold]", border_style="red", padding=(1, 2), expand=False))
    first = summary.editions[0].id if summary.editions else "EDITION"
    console.print("\nLook closer:", style="bold")
    program = _program()
    prefix = f"{program} --settings {folder / 'settings.toml'}"
    for command, purpose in (
        (f"{prefix} why {first}", "why each article is in or out"),
        (f"{prefix} preview {first} --open", "the mail in your browser"),
        (f"{prefix} deliveries {first}", "who got it"),
        (f"{program} init", "start with your own feeds"),
    ):
        console.print(f"  [bold]{command}[/bold]  [dim]# {purpose}[/dim]", soft_wrap=True, highlight=False)


def _program() -> str:
    """Return the program as a shell would find it, for commands to copy."""
    invoked = Path(sys.argv[0])
    installed = shutil.which("digest")
    if invoked.name != "digest" or (installed and Path(installed).resolve() == invoked.resolve()):
        return "digest"
    return shlex.quote(sys.argv[0])


def _show(app: App, port: int) -> None:
    """Serve the page with every mail until Ctrl-C or SIGTERM."""
    from digest.web.server import Server
    from digest.web.wiring import application

    server = Server(application(app, previews=True), "127.0.0.1", port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    say(f"\nThe mails at phone and desk width: {server.url}  (Ctrl-C ends)")
    if sys.stdout.isatty() and (os.environ.get("DISPLAY") or sys.platform == "darwin"):
        webbrowser.open(server.url)
    while not stop.wait(3600):
        pass
    server.stop()
