"""`digest subscribers`: the people who read."""

from __future__ import annotations

import codecs
import csv
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import click

from digest.cli.common import (
    NOTHING_TO_DO,
    PARTLY,
    as_json,
    count,
    emit,
    house,
    local,
    newsletter_names,
    say,
    stop,
    table,
    topic_names,
)
from digest.errors import DigestError

_EVER = datetime.fromtimestamp(0, UTC)


@click.group()
def subscribers() -> None:
    """List, add, import, export, erase and explain readers."""


@subscribers.command(name="list")
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one's readers.")
@as_json
@click.pass_context
def list_(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """List everybody with their subscriptions."""
    from digest.services.compose_edition import newsletter_of

    with house(ctx) as home:
        rows: list[list[str]] = []
        found = False
        for person, ties in home.store.readers.all():
            chosen = [tie for tie in ties if newsletter in (None, tie.newsletter)]
            if newsletter and not chosen:
                continue
            if json_:
                emit(asdict(person) | {"subscriptions": [asdict(tie) for tie in chosen]})
            else:
                wishes = ", ".join(_wish(tie) for tie in chosen)
                rows.append([person.address, person.name, person.language, wishes])
            found = True
        if newsletter and not found:
            newsletter_of(home.settings, newsletter)  # raises for a name that is neither in use nor in the settings
    if not json_:
        table("", ["address", "name", "language", "subscriptions"], rows)


def _wish(tie: Any) -> str:
    topics = f" ({', '.join(tie.topics)})" if tie.topics else ""
    return f"{tie.newsletter}{topics}" + ("" if tie.state == "confirmed" else f" [{tie.state}]")


@subscribers.command()
@click.argument("address")
@click.argument("newsletter", shell_complete=newsletter_names)
@click.option("--name", default="", help="How the person is called.")
@click.option("--language", default="", help="Two-letter code, when it is not the newsletter's.")
@click.option(
    "--topic", "topics", multiple=True, shell_complete=topic_names, help="Only this topic; may be given several times."
)
@click.option("--again", is_flag=True, help="Mail an address again that bounced, or whose owner complained.")
@click.pass_context
def add(
    ctx: click.Context,
    address: str,
    newsletter: str,
    name: str,
    language: str,
    topics: tuple[str, ...],
    again: bool,
) -> None:
    """Subscribe ADDRESS to NEWSLETTER, confirmed: you answer for their consent."""
    from digest.settings.types import language as code

    try:
        language = language and code(language)
    except ValueError as error:
        raise click.BadParameter(f"{language!r} is {error}", param_hint="--language") from error
    with house(ctx) as home:
        person = home.subscribe(address, newsletter, name=name, language=language, topics=topics, again=again)
    click.echo(f"{person.address} gets {newsletter}.")


@subscribers.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--newsletter", shell_complete=newsletter_names, help="For rows that name none.")
@as_json
@click.pass_context
def import_(ctx: click.Context, file: Path, newsletter: str | None, json_: bool) -> None:
    """Import readers from a CSV file with a heading line.

    Columns: address (or email), and optionally name, language, timezone, newsletter, topics (separated by blanks).
    Good rows are taken; bad ones are listed with line and reason (exit code 5). Nobody who left is subscribed again.
    """
    from digest.deliver.subscriber_csv import read_rows
    from digest.services.compose_edition import newsletter_of

    text = _text(sys.stdin.buffer.read() if str(file) == "-" else _bytes(file), file)
    with house(ctx) as home:
        if newsletter:
            newsletter_of(home.settings, newsletter)  # raises for one that is not there, though no row may need it
        roll = read_rows(text, home.settings.offered, newsletter)
        done = home.store.readers.import_many(roll.people, now=home.clock())
    for line, reason in roll.bad:
        say(f"line {line}: {reason}")
    if json_:
        emit({**done._asdict(), "bad": [{"line": line, "reason": reason} for line, reason in roll.bad]})
    else:
        click.echo(
            f"{done.added} new, {done.known} known, {count(done.subscriptions, 'subscription')}, "
            f"{count(len(roll.bad), 'bad line')}"
        )
    if roll.bad:
        stop(PARTLY if roll.people else 1)
    if not roll.people:
        stop(NOTHING_TO_DO)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DigestError(f"{file}: cannot be read ({error.strerror})") from error


def _text(body: bytes, file: Path) -> str:
    """UTF-8, or UTF-16 with its mark, which spreadsheets call 'Unicode text'; a guess could spoil people's names."""
    try:
        return body.decode("utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DigestError(f"{file}: is not UTF-8 text; save it as 'CSV UTF-8'") from error


@subscribers.command()
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one's readers.")
@click.pass_context
def export(ctx: click.Context, newsletter: str | None) -> None:
    """Write everybody as CSV to standard output, one line a subscription; `import` reads it back."""
    from digest.services.compose_edition import newsletter_of

    with house(ctx) as home:
        ties = ((person, tie) for person, all_of_theirs in home.store.readers.all() for tie in all_of_theirs)
        chosen = ((person, tie) for person, tie in ties if newsletter in (None, tie.newsletter))
        first = next(chosen, None)
        if newsletter and first is None:
            newsletter_of(home.settings, newsletter)  # raises for a name that is neither in use nor in the settings
        out = csv.writer(sys.stdout)
        out.writerow(["address", "name", "language", "timezone", "newsletter", "topics", "state"])
        for person, tie in chain((first,) if first else (), chosen):
            wish = [tie.newsletter, " ".join(tie.topics), tie.state]
            out.writerow([person.address, person.name, person.language, person.timezone, *wish])


@subscribers.command()
@click.argument("address")
@click.confirmation_option(prompt="Forget this person for good?")
@click.pass_context
def erase(ctx: click.Context, address: str) -> None:
    """Forget a person: address, name, subscriptions and history. Counts of past deliveries stay, without a name."""
    with house(ctx) as home:
        known = home.store.readers.erase(address)
    if not known:
        say("Nobody is known by that address.")
        stop(NOTHING_TO_DO)
    click.echo("Forgotten.")


@subscribers.command()
@click.argument("address")
@as_json
@click.pass_context
def why(ctx: click.Context, address: str, json_: bool) -> None:
    """Explain everything known of ADDRESS: what they get, what they got, why not."""
    with house(ctx) as home:
        known = home.store.readers.why(address)
        returned = home.store.bounces.of(address, _EVER)
    if json_:
        emit(_plain(known) | {"returned": [record._asdict() for record in returned]})
    if known.subscriber is None and known.suppression is None:
        say("Nobody is known by that address.")
        stop(NOTHING_TO_DO)
    if json_:
        return
    if known.suppression is not None:
        detail = f" ({known.suppression.detail})" if known.suppression.detail else ""
        click.echo(f"Not mailed: {known.suppression.reason} since {known.suppression.since:%Y-%m-%d}{detail}")
        say("If that is over: 'digest subscribers add ADDRESS NEWSLETTER --again'.")
    for tie in known.subscriptions:
        click.echo(f"{_wish(tie)}")
    events = [[local(e.at, "UTC"), e.what, e.newsletter, e.detail] for e in known.events]
    table("\nWhat happened", ["when (UTC)", "what", "newsletter", ""], events)
    rows = [[local(when, "UTC"), edition, state, reason] for edition, state, reason, when in known.deliveries]
    if rows:
        table("\nDeliveries", ["when (UTC)", "edition", "state", "reason"], rows)
    back = [[local(record.at, "UTC"), record.kind, record.edition_id, record.detail] for record in returned]
    if back:
        table("\nReturned", ["when (UTC)", "kind", "edition", "reason"], back)


def _plain(known: Any) -> dict[str, Any]:
    return {
        "subscriber": known.subscriber and asdict(known.subscriber),
        "subscriptions": [asdict(tie) for tie in known.subscriptions],
        "suppression": known.suppression and asdict(known.suppression),
        "events": [event._asdict() for event in known.events],
        "deliveries": [list(row) for row in known.deliveries],
    }
