"""`digest approve`: bind an approval to the content, and freeze the recipients."""

from __future__ import annotations

import getpass

import click

from digest.cli.common import as_json, count, emit, newsletter_names, open_app


@click.command()
@click.argument("name", metavar="EDITION", shell_complete=newsletter_names)
@click.option("--hash", "content", metavar="HASH", help="Approve only if this is (the start of) its content hash.")
@as_json
@click.pass_context
def approve(ctx: click.Context, name: str, content: str | None, json_: bool) -> None:
    """Approve an edition's content and plan its deliveries.

    The approval is bound to the content: any later edit voids it. EDITION is an id, or a newsletter's name for its
    newest edition.
    """
    with open_app(ctx) as app:
        edition = app.editions.get(name)
        planned = app.approving.approve(edition, by=getpass.getuser(), content=content)
    if json_:
        emit({"edition_id": edition.id, "content_hash": edition.content_hash, "planned": planned})
        return
    plans = count(planned, "delivery", "deliveries")
    click.echo(f"{edition.id} approved (content {edition.content_hash[:8]}), {plans} planned.")
    click.echo(f"Next: 'digest deliver {edition.id}', or let 'digest run' send it in its time.")
