"""`digest approve`: bind an approval to the content, and freeze who gets it."""

from __future__ import annotations

import getpass

import click

from digest.cli.common import as_json, count, emit, house, newsletter_names


@click.command()
@click.argument("edition", shell_complete=newsletter_names)
@click.option("--hash", "content", metavar="HASH", help="Approve only if this is (the start of) its content hash.")
@as_json
@click.pass_context
def approve(ctx: click.Context, edition: str, content: str | None, json_: bool) -> None:
    """Approve an edition's content and plan its deliveries.

    The approval is bound to the content: any later edit voids it. EDITION is an id, or a newsletter's name for its
    newest edition.
    """
    with house(ctx) as home:
        found = home.edition(edition)
        planned = home.approve(found, by=getpass.getuser(), content=content)
    if json_:
        emit({"edition_id": found.id, "content_hash": found.content_hash, "planned": planned})
        return
    plans = count(planned, "delivery", "deliveries")
    click.echo(f"{found.id} approved (content {found.content_hash[:8]}), {plans} planned.")
    click.echo(f"Next: 'digest deliver {found.id}', or let 'digest run' send it in its time.")
