"""`digest editors`: who is reminded of drafts, and may sign in at the desk."""

from __future__ import annotations

import click

from digest.cli.common import as_json, emit, house, local, table
from digest.errors import DigestError


@click.group()
def editors() -> None:
    """List, add and remove editors."""


@editors.command(name="list")
@as_json
@click.pass_context
def list_(ctx: click.Context, json_: bool) -> None:
    """List every editor."""
    with house(ctx) as home:
        known = home.store.editors.all()
    rows = [
        {"name": e.name, "address": e.address, "role": e.role, "signs_in": bool(e.password_hash), "since": e.created_at}
        for e in known
    ]
    if json_:
        emit(rows)
        return
    shown = [[e.name, e.address, e.role, "yes" if e.password_hash else "no", local(e.created_at, "UTC")] for e in known]
    table("", ["name", "address", "role", "signs in", "since (UTC)"], shown)


@editors.command()
@click.argument("name")
@click.argument("address")
@click.option("--role", type=click.Choice(["editor", "admin"]), default="editor", help="What they may do.")
@click.option("--password", is_flag=True, help="Ask for a password, so that they can sign in at the desk.")
@click.pass_context
def add(ctx: click.Context, name: str, address: str, role: str, password: bool) -> None:
    """Add an editor NAME, who is told at ADDRESS when a draft waits."""
    from digest.deliver.address import canonical

    if not name.strip() or not name.isprintable():
        raise click.BadParameter(f"{name!r} is no name; write some letters", param_hint="NAME")
    known = canonical(address).text
    hashed = _hashed(click.prompt("Password", hide_input=True, confirmation_prompt=True)) if password else ""
    with house(ctx) as home:
        if not home.store.editors.add(name, known, hashed, role, now=home.clock()):
            raise DigestError(f"there is an editor {name!r} already; remove that one first, or choose another name")
    click.echo(f"{name} is told at {known} when a draft waits.")


@editors.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Take an editor's access and reminders away. What they did stays in the history."""
    with house(ctx) as home:
        if not home.store.editors.remove(name):
            raise DigestError(f"there is no editor {name!r}; 'digest editors list' shows those there are")
    click.echo(f"{name} is no editor any more.")


def _hashed(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)
