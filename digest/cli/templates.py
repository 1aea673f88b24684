"""`digest templates`: list the mail templates, copy one to change it, compare one's own with the built-in ones."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.common import NOTHING_TO_DO, as_json, emit, say, settings, stop, table


@click.group()
def templates() -> None:
    """List, eject or compare the mail templates."""


@templates.command(name="list")
@as_json
@click.pass_context
def list_(ctx: click.Context, json_: bool) -> None:
    """Show every template in use, its origin, and the blocks that can be replaced alone."""
    from digest.services.deliver.templates import listing

    files = listing(settings(ctx))
    if json_:
        emit([{"name": f.name, "path": str(f.path), "origin": f.origin, "blocks": f.blocks} for f in files])
    else:
        table("", ["template", "whose", "blocks"], [[f.name, f.origin, ", ".join(f.blocks)] for f in files])


@templates.command()
@click.argument("name")
@click.option("--block", default="", help="Only this block; the rest keeps following the built-in template.")
@click.pass_context
def eject(ctx: click.Context, name: str, block: str) -> None:
    """Copy NAME, a theme or one of its templates, beside the settings to change it.

    For example 'classic/mail.mjml.j2 --block footer', or 'compact'. Nothing is overwritten.
    """
    from digest.services.deliver import templates

    for path in templates.eject(settings(ctx), name, block):
        click.echo(_short(path))


@templates.command()
@click.pass_context
def diff(ctx: click.Context) -> None:
    """Show what your templates change of the built-in ones. Exit code 3 when there is nothing."""
    from digest.services.deliver import templates

    changes = templates.diff(settings(ctx))
    if not changes:
        say("No template of yours says anything else than the built-in ones.")
        stop(NOTHING_TO_DO)
    click.echo(changes, nl=False)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
