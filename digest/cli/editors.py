"""`digest editors`: the people who are reminded of drafts and may sign in at the desk."""

from __future__ import annotations

import click

from digest.cli.common import as_json, emit, local, open_app, table


@click.group()
def editors() -> None:
    """List, add and remove editors."""


@editors.command(name="list")
@as_json
@click.pass_context
def list_(ctx: click.Context, json_: bool) -> None:
    """List every editor."""
    with open_app(ctx) as app:
        people = app.editors.all()
    rows = [
        {"name": e.name, "address": e.address, "role": e.role, "signs_in": bool(e.password_hash), "since": e.created_at}
        for e in people
    ]
    if json_:
        emit(rows)
        return
    shown = [
        [e.name, e.address, e.role, "yes" if e.password_hash else "no", local(e.created_at, "UTC")] for e in people
    ]
    table("", ["name", "address", "role", "signs in", "since (UTC)"], shown)


@editors.command()
@click.argument("name")
@click.argument("address")
@click.option("--role", type=click.Choice(["editor", "admin"]), default="editor", help="What they may do.")
@click.option("--password", is_flag=True, help="Ask for a password, so that they can sign in at the desk.")
@click.pass_context
def add(ctx: click.Context, name: str, address: str, role: str, password: bool) -> None:
    """Add an editor NAME, who is told at ADDRESS when a draft waits."""
    if not name.strip() or not name.isprintable():
        raise click.BadParameter(f"{name!r} is no name; write some letters", param_hint="NAME")
    entered = click.prompt("Password", hide_input=True, confirmation_prompt=True) if password else ""
    with open_app(ctx) as app:
        address = app.editors.add(name, address, role, entered)
    click.echo(f"{name} is told at {address} when a draft waits.")


@editors.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Take an editor's access and reminders away. What they did stays in the history."""
    with open_app(ctx) as app:
        app.editors.remove(name)
    click.echo(f"{name} is no editor any more.")
