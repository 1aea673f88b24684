"""The command line: one thin file per command group, imported only when its command is called.

`digest --help` must answer at once, so the table below holds each command's module and its one-line help; a test keeps
these lines equal to the commands' own.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import importlib
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import click
from click.exceptions import NoSuchCommand

from digest import __version__
from digest.errors import DigestError

#: command -> (module of digest.cli, attribute, one line of help), in the order of use.
COMMANDS: Final[dict[str, tuple[str, str, str]]] = {
    "init": ("init", "init", "Write a commented settings.toml and the folders beside it."),
    "demo": ("demo", "demo", "See a whole day with sample feeds, without any network."),
    "check": ("check", "check", "Check settings, store, templates, feeds, mail server and DNS."),
    "collect": ("collect", "collect", "Poll the feeds and read their new articles."),
    "read": ("read", "read", "Show what is understood of one article, file or folder."),
    "stories": ("stories", "stories", "Group articles given as JSON lines into stories."),
    "compose": ("compose", "compose", "Compose a newsletter's edition for a slot."),
    "why": ("why", "why", "Explain why each candidate is in an edition or out of it."),
    "preview": ("preview", "preview", "Render an edition as its readers will see it."),
    "edit": ("edit", "edit", "Edit an edition, undo, insert late; alone it lists the stories."),
    "approve": ("approve", "approve", "Approve an edition's content and plan its deliveries."),
    "deliver": ("deliver", "deliver", "Hand an approved edition's messages over."),
    "run": ("run", "run", "Scheduler, worker and web in one process."),
    "scheduler": ("run", "scheduler", "Only the scheduler: compose and deliver when due."),
    "worker": ("run", "worker", "Only a worker: collect, read and hand over."),
    "serve": ("run", "serve", "Only the web: unsubscribe links and pages."),
    "schedule": ("schedule", "schedule", "Show, skip or pause what is due next."),
    "deliveries": ("deliveries", "deliveries", "List who got an edition, who did not, and why."),
    "bounces": ("bounces", "bounces", "Take in returned mail and complaints."),
    "dkim": ("dkim", "dkim", "Make a signing key and its DNS record."),
    "templates": ("templates", "templates", "List, eject or compare the mail templates."),
    "feeds": ("feeds", "feeds", "List, add, remove, test, import and export feeds."),
    "subscribers": ("subscribers", "subscribers", "List, add, import, export, erase and explain readers."),
    "editors": ("editors", "editors", "List, add and remove editors."),
    "db": ("db", "db", "Upgrade, check and back up the database."),
}


class LazyGroup(click.Group):
    """A group that imports its commands when called, and turns our errors into one line and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error of ours becomes a line on standard error and its exit code."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                if sys.stdout is not None:
                    sys.stdout.flush()  # here, where a failure can still be reported
        except DigestError as error:
            for line in str(error).splitlines():
                click.echo(f"digest: {line}", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:  # 'digest ... | head' is no error
            _drop_output()
            ctx.exit(0)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                _drop_output()
                target = error.filename or "output"
                click.echo(f"digest: {target}: {error.strerror}; make room and try again", err=True)
                ctx.exit(1)
            if error.filename is None:  # not a file that the user named
                raise
            click.echo(
                f"digest: {error.filename}: {error.strerror}; name another place, or make this one yours", err=True
            )
            ctx.exit(1)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, but take the nearest names from the table, importing no command."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as error:
            names = self.list_commands(ctx)
            raise NoSuchCommand(error.command_name, possibilities=names, ctx=ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command whose module is installed, in the order of use."""
        here = Path(__file__).parent
        return [name for name, (module, _, _) in COMMANDS.items() if (here / f"{module}.py").exists()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None for an unknown one."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(f"digest.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, importing none."""
        if rows := [(name, COMMANDS[name][2]) for name in self.list_commands(ctx)]:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with 'digest demo', then 'digest init'. Each command has its own --help.",
)
@click.option(
    "--settings",
    "settings_path",
    type=click.Path(path_type=Path),
    help="The settings file; else $DIGEST_SETTINGS, else ./settings.toml.",
)
@click.version_option(__version__, prog_name="digest")
@click.pass_context
def cli(ctx: click.Context, settings_path: Path | None) -> None:
    """Collect the day's articles by topic, cut each to its lead, mail every subscriber one beautiful digest."""
    ctx.obj = settings_path


def main() -> None:
    """Entry point of the `digest` program."""
    _set_encoding()
    cli(prog_name="digest")


def _set_encoding() -> None:
    """Write UTF-8 into files and pipes, whatever the locale; on a terminal replace what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            if stream.isatty():
                stream.reconfigure(errors="replace")
            else:
                stream.reconfigure(encoding="utf-8")


def _drop_output() -> None:
    """Discard buffered output, so that the interpreter does not try to flush it again when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
