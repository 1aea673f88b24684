"""`digest compose`: make the edition of a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from digest.cli.common import NOTHING_TO_DO, as_json, count, local_time, newsletter_names, open_app, say, stop

if TYPE_CHECKING:
    from digest.compose.edition import Edition


@click.command()
@click.argument("newsletter", shell_complete=newsletter_names)
@click.option("--slot", metavar="LOCAL-TIME", help="Another slot than the next one, as in 2026-11-24T07:00.")
@as_json
@click.pass_context
def compose(ctx: click.Context, newsletter: str, slot: str | None, json_: bool) -> None:
    """Compose a newsletter's edition for a slot.

    Without --slot it is the slot just due, else the next one. A slot that has an edition keeps it: edit that one, or
    cancel it. With too few stories the edition is skipped and says so (exit code 3).
    """
    local = None if slot is None else local_time(slot)
    with open_app(ctx) as app:
        edition, composed = app.composing.compose(newsletter, local)
        stored = app.composing.is_stored(edition)
        extra = local is not None and not app.composing.in_calendar(newsletter, local)
    if json_:
        from digest.services.compose.editions import to_json

        click.echo(to_json(edition))
    elif not composed:
        say(f"The slot has its edition already: {edition.id} ({edition.state}); 'digest preview {edition.id}'")
    elif edition.state == "skipped":
        say(f"{edition.id} is skipped: {edition.reason}. {_next_step(edition.id, stored)}")
    else:
        _summary(edition)
    if extra and composed:
        say(f"'digest schedule next' has no slot at {edition.slot}: this edition comes on top of those.")
    if not composed or edition.state == "skipped":
        stop(NOTHING_TO_DO)


def _next_step(edition_id: str, stored: bool) -> str:
    if stored:
        return f"'digest why {edition_id}' explains each candidate."
    step = "add feeds, or 'digest collect' once more, then compose again"
    return f"Nothing is decided before its cut-off: {step}; 'min_stories' in settings.toml is how many it takes."


def _summary(edition: Edition) -> None:
    click.echo(f"{edition.id}: {count(len(edition.stories), 'story', 'stories')}, {edition.state}")
    for section in edition.sections:
        click.echo(f"\n{section.title}")
        for story in section.stories:
            also = f" (also in {', '.join(a.outlet for a in story.also)})" if story.also else ""
            update = "[update] " if story.update else ""
            click.echo(f"  {update}{story.title} — {story.outlet}{also}")
    verb = "preview" if edition.state == "approved" else "approve"
    click.echo(f"\nNext: digest preview {edition.id}" + (f", digest {verb} {edition.id}" if verb == "approve" else ""))
