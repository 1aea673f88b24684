"""`digest subscribers`: the people who read."""

from __future__ import annotations

import codecs
import csv
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    NOTHING_TO_DO,
    PARTLY,
    as_json,
    count,
    emit,
    local,
    newsletter_names,
    open_app,
    say,
    stop,
    table,
    topic_names,
)
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.deliver.subscriber import Subscription
    from digest.services.subscriber_lists import ImportSummary


@click.group()
def subscribers() -> None:
    """List, add, import, export, erase and explain readers."""


@subscribers.command(name="list")
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one's readers.")
@as_json
@click.pass_context
def list_(ctx: click.Context, newsletter: str | None, json_: bool) -> None:
    """List everybody with their subscriptions."""
    rows: list[list[str]] = []
    with open_app(ctx) as app:
        for subscriber, subscriptions in app.subscriptions.listing(newsletter):
            if json_:
                emit(asdict(subscriber) | {"subscriptions": [asdict(each) for each in subscriptions]})
            else:
                words = ", ".join(map(_words, subscriptions))
                rows.append([subscriber.address, subscriber.name, subscriber.language, words])
    if not json_:
        table("", ["address", "name", "language", "subscriptions"], rows)


def _words(subscription: Subscription) -> str:
    """Return a subscription in words: 'morning (world) [unsubscribed]'."""
    topics = f" ({', '.join(subscription.topics)})" if subscription.topics else ""
    state = "" if subscription.state == "confirmed" else f" [{subscription.state}]"
    return f"{subscription.newsletter}{topics}{state}"


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
    with open_app(ctx) as app:
        subscriber = app.subscriptions.add(
            address, newsletter, name=name, language=language, topics=topics, again=again
        )
    click.echo(f"{subscriber.address} gets {newsletter}.")


@subscribers.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--newsletter", shell_complete=newsletter_names, help="For rows that name none.")
@as_json
@click.pass_context
def import_(ctx: click.Context, file: Path, newsletter: str | None, json_: bool) -> None:
    """Import subscribers from a CSV file with a heading line, our own export or another program's.

    Columns: address (or email), and optionally name, language, timezone, newsletter, topics (separated by spaces) and
    the state of the consent, in the words of many programs. A row without certain consent is not taken; who left,
    bounced or complained elsewhere is not mailed here. Bad rows are listed with line and reason (exit code 5).
    """
    text = _text(sys.stdin.buffer.read() if str(file) == "-" else _bytes(file), file)
    with open_app(ctx) as app:
        summary = app.subscriber_lists.import_csv(text, newsletter)
    for row in summary.bad:
        say(f"line {row.line}: {row.reason}")
    if json_:
        emit(asdict(summary))
    else:
        _say_imported(summary)
    nothing = not (summary.added or summary.known or summary.suppressed)
    if summary.bad:
        stop(1 if nothing else PARTLY)
    if nothing:
        stop(NOTHING_TO_DO)


def _say_imported(summary: ImportSummary) -> None:
    click.echo(
        f"{summary.added} new, {summary.known} known, {count(summary.subscriptions, 'subscription')}, "
        f"{count(len(summary.bad), 'bad line')}"
    )
    if summary.ended:
        click.echo(f"{count(summary.ended, 'subscription')} of known people ended: they left elsewhere.")
    if summary.suppressed:
        click.echo(f"{count(summary.suppressed, 'address', 'addresses')} suppressed: bounced, complained or blocked.")
    if summary.left:
        click.echo(f"{count(summary.left, 'person', 'people')} of the list had left here and stay unsubscribed.")
    if summary.held_back:
        click.echo(f"{count(summary.held_back, 'address', 'addresses')} of the list suppressed here, and not mailed.")
    if summary.unused:
        say(f"Columns not used: {', '.join(summary.unused)}")


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
        raise DigestError(f"{file}: is not UTF-8 text", "save it as 'CSV UTF-8'") from error


@subscribers.command()
@click.option("--newsletter", shell_complete=newsletter_names, help="Only this one's readers.")
@click.pass_context
def export(ctx: click.Context, newsletter: str | None) -> None:
    """Write everybody as CSV to standard output, one line a subscription; `import` reads it back.

    Suppressed addresses carry the reason as their state, so that an import elsewhere does not mail them either.
    """
    from digest.services.subscriber_lists import COLUMNS

    with open_app(ctx) as app:
        rows = app.subscriber_lists.export(newsletter)
        first = next(rows, None)  # raises for an unknown newsletter before anything is written
        out = csv.writer(sys.stdout)
        out.writerow(COLUMNS)
        out.writerows(chain((first,) if first else (), rows))


@subscribers.command()
@click.argument("address")
@click.confirmation_option(prompt="Forget this person for good?")
@click.pass_context
def erase(ctx: click.Context, address: str) -> None:
    """Forget a person: address, name, subscriptions and history. Counts of past deliveries stay, without a name."""
    with open_app(ctx) as app:
        known = app.subscriptions.erase(address)
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
    with open_app(ctx) as app:
        known = app.subscriptions.known(address)
    if json_:
        emit(known.as_json())
    if known.is_unknown:
        say("Nobody is known by that address.")
        stop(NOTHING_TO_DO)
    if json_:
        return
    if known.suppression is not None:
        detail = f" ({known.suppression.detail})" if known.suppression.detail else ""
        click.echo(f"Not mailed: {known.suppression.reason} since {known.suppression.since:%Y-%m-%d}{detail}")
        say("If that is over: 'digest subscribers add ADDRESS NEWSLETTER --again'.")
    for subscription in known.subscriptions:
        click.echo(_words(subscription))
    events = [[local(e.at, "UTC"), e.what, e.newsletter, e.detail] for e in known.events]
    table("\nWhat happened", ["when (UTC)", "what", "newsletter", ""], events)
    rows = [[local(when, "UTC"), edition, state, reason] for edition, state, reason, when in known.deliveries]
    if rows:
        table("\nDeliveries", ["when (UTC)", "edition", "state", "reason"], rows)
    bounces = [[local(record.at, "UTC"), record.kind, record.edition_id, record.detail] for record in known.bounces]
    if bounces:
        table("\nReturned", ["when (UTC)", "kind", "edition", "reason"], bounces)
