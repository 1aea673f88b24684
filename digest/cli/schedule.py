"""`digest schedule`: slots to come and past, and the pause of all sending."""

from __future__ import annotations

from datetime import datetime

import click

from digest.cli.common import as_json, emit, local, local_time, newsletter_names, open_app, say, table


@click.group()
def schedule() -> None:
    """Show, skip or pause what is due next."""


@schedule.command(name="next")
@click.argument("count", type=click.IntRange(1, 1000), default=10)
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one.")
@as_json
@click.pass_context
def next_(ctx: click.Context, count: int, newsletter: str | None, json_: bool) -> None:
    """Show the next COUNT slots in local time and UTC, days off and skipped ones included."""
    with open_app(ctx) as app:
        upcoming = app.scheduling.upcoming(count, newsletter)
    rows = [
        {
            "newsletter": each.newsletter,
            "slot": each.slot.key,
            "timezone": each.timezone,
            "send_at": each.slot.send_at.isoformat(),
            "cut_off": each.slot.cut_off.isoformat(),
            "closed": each.closed,
        }
        for each in upcoming
    ]
    if json_:
        emit(rows)
        return
    table(
        "",
        ["newsletter", "local time", "zone", "UTC", "content frozen (UTC)", ""],
        [
            [
                row["newsletter"],
                datetime.fromisoformat(row["slot"]).strftime("%a %Y-%m-%d %H:%M"),
                row["timezone"],
                local(datetime.fromisoformat(row["send_at"]), "UTC"),
                local(datetime.fromisoformat(row["cut_off"]), "UTC"),
                row["closed"] and f"no edition: {row['closed']}",
            ]
            for row in rows
        ],
    )


@schedule.command(name="list")
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one.")
@as_json
@click.pass_context
def list_(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """List the slots that were taken, with what became of them."""
    with open_app(ctx) as app:
        rows = app.scheduling.taken(newsletter)
    if json_:
        emit([row._asdict() for row in rows])
        return
    shown = [[r.newsletter, r.slot, r.outcome or "at work", r.edition_id, r.reason] for r in rows]
    table("", ["newsletter", "slot", "outcome", "edition", "reason"], shown)


@schedule.command()
@click.argument("newsletter", shell_complete=newsletter_names)
@click.argument("slot", metavar="LOCAL-TIME")
@click.pass_context
def skip(ctx: click.Context, newsletter: str, slot: str) -> None:
    """Skip one slot (as in 2026-12-24T07:00); its stories go into the next edition."""
    moment = local_time(slot)
    with open_app(ctx) as app:
        app.scheduling.skip(newsletter, moment)
    click.echo(f"{newsletter} {moment:%Y-%m-%dT%H:%M} will be skipped.")
    say(f"If you change your mind after its cut-off: 'digest compose {newsletter} --slot {moment:%Y-%m-%dT%H:%M}'.")


@schedule.command()
@click.option("--resume", is_flag=True, help="Go on again.")
@click.pass_context
def pause(ctx: click.Context, resume: bool) -> None:
    """Pause all sending at once, on every machine that shares this store; --resume goes on."""
    with open_app(ctx) as app:
        if resume:
            app.scheduling.resume_sending()
        else:
            app.scheduling.pause_sending()
    click.echo("Sending goes on." if resume else "Sending is paused; 'digest schedule pause --resume' goes on.")
