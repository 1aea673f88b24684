"""`digest deliveries`: the deliveries of an edition with their states and reasons."""

from __future__ import annotations

from typing import get_args

import click

from digest.cli.common import as_json, emit, newsletter_names, open_app, table
from digest.deliver.delivery import DeliveryState


@click.command()
@click.argument("name", metavar="EDITION", shell_complete=newsletter_names)
@click.option(
    "--state", type=click.Choice(get_args(DeliveryState)), metavar="STATE", help="Only these, as in 'refused'."
)
@as_json
@click.pass_context
def deliveries(ctx: click.Context, name: str, state: str | None, json_: bool) -> None:
    """List who got an edition, who did not, and why.

    'accepted' means that the next mail server took it; nobody can know more. EDITION is an id, or a newsletter's name
    for its newest edition.
    """
    with open_app(ctx) as app:
        edition = app.editions.get(name)
        rows = app.sending.deliveries(edition)
        chosen = (row for row in rows if state is None or row.state == state)
        if json_:
            for row in chosen:
                emit(row._asdict())
            return
        counts = app.sending.counts(edition)
        shown = [[r.address, r.state, r.reason, str(r.attempts or "")] for r in chosen]
    if shown:
        table(f"{edition.id} ({edition.state})", ["address", "state", "reason", "attempts"], shown)
    else:
        click.echo(f"{edition.id} ({edition.state}): {f'nobody is {state!r}' if counts else 'nothing planned yet'}")
    if counts:
        click.echo(", ".join(f"{number} {state_}" for state_, number in sorted(counts.items())))
