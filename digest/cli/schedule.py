"""`digest schedule`: what is due, and when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from digest.cli.common import as_json, emit, house, local, local_time, newsletter_names, say, table

if TYPE_CHECKING:
    from digest.store.records import Slot


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
    from digest.compose.slot import next_slots
    from digest.services.compose_edition import calendar_of, newsletter_of

    now = datetime.now(UTC)
    with house(ctx) as home:
        known = home.settings
        wanted = [newsletter] if newsletter else list(known.newsletters)
        calendars = {key: calendar_of(newsletter_of(known, key)) for key in wanted}
        taken = {(slot.newsletter, slot.slot): slot for key in wanted for slot in home.store.editions.slots(key)}
    coming = [(key, slot) for key in wanted for slot in next_slots(calendars[key], now, count)]
    coming.sort(key=lambda pair: (pair[1].send_at, pair[0]))
    rows = [
        {
            "newsletter": key,
            "slot": slot.key,
            "timezone": known.newsletters[key].timezone,
            "send_at": slot.send_at.isoformat(),
            "cut_off": slot.cut_off.isoformat(),
            "closed": slot.closed or _skipped(taken.get((key, slot.key))),
        }
        for key, slot in coming[:count]
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


def _skipped(slot: Slot | None) -> str:
    """Why a slot of the calendar has no edition although its day is open; "" when it may have one."""
    return slot.reason if slot is not None and slot.outcome == "skipped" else ""


@schedule.command(name="list")
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one.")
@as_json
@click.pass_context
def list_(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """List the slots that were taken, with what became of them."""
    from digest.services.compose_edition import newsletter_of

    with house(ctx) as home:
        if newsletter:
            newsletter_of(home.settings, newsletter)  # raises for one that is not there
        keys = [newsletter] if newsletter else list(home.settings.newsletters)
        rows = [slot for key in keys for slot in home.store.editions.slots(key)]
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
    with house(ctx) as home:
        home.skip(newsletter, moment)
    click.echo(f"{newsletter} {moment:%Y-%m-%dT%H:%M} will be skipped.")
    say(f"If you change your mind after its cut-off: 'digest compose {newsletter} --slot {moment:%Y-%m-%dT%H:%M}'.")


@schedule.command()
@click.option("--resume", is_flag=True, help="Go on again.")
@click.pass_context
def pause(ctx: click.Context, resume: bool) -> None:
    """Pause all sending at once, on every machine that shares this store; --resume goes on."""
    with house(ctx) as home:
        if resume:
            home.store.meta.resume_sending()
        else:
            home.store.meta.pause_sending("paused by hand")
    click.echo("Sending goes on." if resume else "Sending is paused; 'digest schedule pause --resume' goes on.")
