"""`digest edit`: what an editor does to an edition before it goes out."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from digest.cli.common import (
    NOTHING_TO_DO,
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
from digest.errors import EditConflict, EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from digest.bootstrap import House
    from digest.compose.difference import Changed
    from digest.compose.edit import Edit
    from digest.compose.edition import Edition


@click.group(invoke_without_command=True)
@click.argument("edition", shell_complete=newsletter_names)
@click.option("--author", default=getpass.getuser, help="Who does it, for the history; else you.")
@click.option("--version", "expected", type=int, help="Refuse if the edition is not at this version any more.")
@click.pass_context
def edit(ctx: click.Context, edition: str, author: str, expected: int | None) -> None:
    """Edit an edition, undo, insert late; alone it lists the stories.

    EDITION is an id, or a newsletter's name for its newest edition. A STORY is its number, its key, or its address.
    Any edit voids the approval.
    """
    ctx.meta["digest.edit"] = (edition, author, expected)
    if ctx.invoked_subcommand is None:
        with house(ctx) as home:
            seen = _seen(ctx, home)
        _listing(seen)


@edit.command()
@click.argument("story")
@click.argument("topic")
@click.argument("position", type=click.IntRange(1), default=1)
@click.pass_context
def move(ctx: click.Context, story: str, topic: str, position: int) -> None:
    """Put STORY at POSITION (1 first) of the section TOPIC."""
    from digest.compose.edit import Move

    _apply(ctx, lambda seen: Move(_key(seen, story), topic, position - 1))


@edit.command()
@click.argument("story")
@click.pass_context
def drop(ctx: click.Context, story: str) -> None:
    """Take STORY out."""
    from digest.compose.edit import Drop

    _apply(ctx, lambda seen: Drop(_key(seen, story)))


@edit.command()
@click.argument("story")
@click.pass_context
def pin(ctx: click.Context, story: str) -> None:
    """Make STORY the first of the edition."""
    from digest.compose.edit import Pin

    _apply(ctx, lambda seen: Pin(_key(seen, story)))


@edit.command()
@click.argument("story")
@click.argument("title")
@click.pass_context
def retitle(ctx: click.Context, story: str, title: str) -> None:
    """Give STORY another TITLE."""
    from digest.compose.edit import Retitle

    _apply(ctx, lambda seen: Retitle(_key(seen, story), title))


@edit.command()
@click.argument("story")
@click.argument("lead")
@click.pass_context
def rewrite(ctx: click.Context, story: str, lead: str) -> None:
    """Give STORY another LEAD."""
    from digest.compose.edit import Rewrite

    _apply(ctx, lambda seen: Rewrite(_key(seen, story), lead))


@edit.command()
@click.argument("text")
@click.option("--story", default="", help="At this story instead of the whole edition.")
@click.pass_context
def note(ctx: click.Context, text: str, story: str) -> None:
    """Write the editor's note; an empty TEXT removes it."""
    from digest.compose.edit import Note

    _apply(ctx, lambda seen: Note(text, _key(seen, story) if story else ""))


@edit.command()
@click.argument("text")
@click.pass_context
def subject(ctx: click.Context, text: str) -> None:
    """Set the subject line; an empty TEXT goes back to the newsletter's own."""
    from digest.compose.edit import Subject

    _apply(ctx, lambda seen: Subject(text))


@edit.command()
@click.argument("url")
@click.option("--topic", shell_complete=topic_names, default="", help="The section; else the newsletter's first.")
@click.option("--position", type=click.IntRange(1), default=1, help="Its place there, 1 first.")
@click.option("--late", is_flag=True, help="Into an approved edition that stays approved; once an edition.")
@click.pass_context
def add(ctx: click.Context, url: str, topic: str, position: int, late: bool) -> None:
    """Fetch and read the article at URL, and print it too."""
    _, author, _ = ctx.meta["digest.edit"]
    with house(ctx) as home:
        seen = _seen(ctx, home)
        wish = home.desk.addition(seen.newsletter, url, topic, position - 1)
        changed = home.desk.insert_late(seen, wish, author) if late else home.desk.edit(seen, wish, author)
    _told(seen, changed)


@edit.command()
@click.pass_context
def undo(ctx: click.Context) -> None:
    """Take back the last edit; again, the one before."""
    _, author, _ = ctx.meta["digest.edit"]
    with house(ctx) as home:
        seen = _seen(ctx, home)
        changed = home.desk.undo(seen, author)
    _told(seen, changed)


@edit.command()
@as_json
@click.pass_context
def history(ctx: click.Context, json_: bool) -> None:
    """List everything that was done to the edition, by whom and when."""
    from digest.pipeline import desk

    with house(ctx) as home:
        seen = _seen(ctx, home)
        lines = desk.history(home.store, seen.id)
    if json_:
        emit([asdict(line) for line in lines])
        return
    shown = [
        [str(line.version), local(line.at, seen.timezone), line.author, line.what, _words(line.changes) or line.detail]
        for line in lines
    ]
    table("", ["version", "when", "who", "what", ""], shown)


@edit.command()
@click.argument("version", type=int, default=1)
@as_json
@click.pass_context
def diff(ctx: click.Context, version: int, json_: bool) -> None:
    """Show what changed since VERSION; else since it was composed. Exit code 3 when nothing did."""
    from digest.pipeline import desk

    with house(ctx) as home:
        changes = desk.changes_since(home.store, _seen(ctx, home), version)
    if json_:
        emit([asdict(change) for change in changes])
    elif changes:
        click.echo(_words(changes))
    else:
        say("Nothing changed.")
    if not changes:
        stop(NOTHING_TO_DO)


def _seen(ctx: click.Context, home: House) -> Edition:
    name, _, expected = ctx.meta["digest.edit"]
    found = home.edition(name)
    if expected is not None and found.version != expected:
        raise EditConflict(f"edition {found.id} is at version {found.version}, not {expected}; nothing was changed")
    return found


def _apply(ctx: click.Context, wish: Callable[[Edition], Edit]) -> None:
    _, author, _ = ctx.meta["digest.edit"]
    with house(ctx) as home:
        seen = _seen(ctx, home)
        changed = home.desk.edit(seen, wish(seen), author)
    _told(seen, changed)


def _key(seen: Edition, story: str) -> str:
    """The key of a story by its number, key or address."""
    if story.isdigit() and 1 <= int(story) <= len(seen.stories):
        return seen.stories[int(story) - 1].key
    found = next((s.key for s in seen.stories if story in (s.key, s.url, *s.article_keys)), None)
    if found is None:
        raise EditionError(f"edition {seen.id} has no story {story!r}; 'digest edit {seen.id}' lists them")
    return found


def _listing(seen: Edition) -> None:
    click.echo(f"{seen.id}: version {seen.version}, {seen.state}, {count(len(seen.stories), 'story', 'stories')}")
    number = 0
    for section in seen.sections:
        click.echo(f"\n{section.title} ({section.topic})")
        for story in section.stories:
            number += 1
            click.echo(f"{number:3}  {story.title} — {story.outlet}")


def _told(before: Edition, after: Edition) -> None:
    from digest.compose.difference import difference

    click.echo(_words(difference(before, after)) or "Nothing reads otherwise now.")
    say(f"{after.id} is at version {after.version}, {after.state}.")


def _words(changes: Sequence[Changed]) -> str:
    return "\n".join(_sentence(change) for change in changes)


def _sentence(change: Changed) -> str:
    if change.kind in ("added", "dropped"):
        return f"{change.kind}: {change.title} ({change.before or change.after})"
    if change.kind == "moved":
        return f"moved: {change.title} ({change.before} → {change.after})"
    if change.kind == "retitled":
        return f"retitled: {change.before} → {change.after}"
    name = f"{change.kind}: {change.title}" if change.story else change.kind
    return f"{name}\n  - {change.before or '(nothing)'}\n  + {change.after or '(nothing)'}"
