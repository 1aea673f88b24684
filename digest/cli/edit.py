"""`digest edit`: change an edition before it is sent."""

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
    local,
    newsletter_names,
    open_app,
    say,
    stop,
    table,
    topic_names,
)
from digest.errors import EditConflict, EditionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from digest.bootstrap import App
    from digest.compose.diff import Changed
    from digest.compose.edit import Edit
    from digest.compose.edition import Edition


class _EditionFirst(click.Group):
    """Accepts the group's options after EDITION too, as in 'digest edit morning --json'."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after moving the options that follow EDITION before it."""
        rest = self.make_parser(ctx).parse_args([*args])[1]
        if rest and rest[0].startswith("-"):
            options, after, _ = self.make_parser(ctx).parse_args([*rest])
            end = len(rest) - len(after) - isinstance(options["edition"], str)  # where options end and a command begins
            at = len(args) - len(rest) - 1
            args = [*args[:at], *rest[:end], args[at], *rest[end:]]
        return super().parse_args(ctx, args)


@click.group(cls=_EditionFirst, invoke_without_command=True)
@click.argument("edition", shell_complete=newsletter_names)
@click.option("--author", default=getpass.getuser, help="Who does it, for the history; else you.")
@click.option("--version", "expected", type=int, help="Refuse if the edition is not at this version any more.")
@as_json
@click.pass_context
def edit(ctx: click.Context, edition: str, author: str, expected: int | None, json_: bool) -> None:
    """Edit an edition, undo, insert late; alone it lists the stories.

    EDITION is an id, or a newsletter's name for its newest edition. A STORY is its number, its key, or its address.
    Any change voids the approval. Options may stand before or after EDITION.
    """
    ctx.meta["digest.edit"] = (edition, author, expected)
    ctx.meta["digest.json"] = json_
    if ctx.invoked_subcommand is None:
        with open_app(ctx) as app:
            seen = _seen(ctx, app)
        _listing(seen, json_)


@edit.command()
@click.argument("story")
@click.argument("topic")
@click.argument("position", type=click.IntRange(1), default=1)
@as_json
@click.pass_context
def move(ctx: click.Context, story: str, topic: str, position: int, json_: bool) -> None:
    """Put STORY at POSITION (1 first) of the section TOPIC."""
    from digest.compose.edit import Move

    _apply(ctx, json_, lambda seen: Move(_key(seen, story), topic, position - 1))


@edit.command()
@click.argument("story")
@as_json
@click.pass_context
def drop(ctx: click.Context, story: str, json_: bool) -> None:
    """Take STORY out."""
    from digest.compose.edit import Drop

    _apply(ctx, json_, lambda seen: Drop(_key(seen, story)))


@edit.command()
@click.argument("story")
@as_json
@click.pass_context
def pin(ctx: click.Context, story: str, json_: bool) -> None:
    """Make STORY the first of the edition."""
    from digest.compose.edit import Pin

    _apply(ctx, json_, lambda seen: Pin(_key(seen, story)))


@edit.command()
@click.argument("story")
@click.argument("title")
@as_json
@click.pass_context
def retitle(ctx: click.Context, story: str, title: str, json_: bool) -> None:
    """Give STORY another TITLE."""
    from digest.compose.edit import Retitle

    _apply(ctx, json_, lambda seen: Retitle(_key(seen, story), title))


@edit.command()
@click.argument("story")
@click.argument("lead")
@as_json
@click.pass_context
def rewrite(ctx: click.Context, story: str, lead: str, json_: bool) -> None:
    """Give STORY another LEAD."""
    from digest.compose.edit import Rewrite

    _apply(ctx, json_, lambda seen: Rewrite(_key(seen, story), lead))


@edit.command()
@click.argument("text")
@click.option("--story", default="", help="At this story instead of the whole edition.")
@as_json
@click.pass_context
def note(ctx: click.Context, text: str, story: str, json_: bool) -> None:
    """Write the editor's note; an empty TEXT removes it."""
    from digest.compose.edit import Note

    _apply(ctx, json_, lambda seen: Note(text, _key(seen, story) if story else ""))


@edit.command()
@click.argument("text")
@as_json
@click.pass_context
def subject(ctx: click.Context, text: str, json_: bool) -> None:
    """Set the subject line; an empty TEXT goes back to the newsletter's own."""
    from digest.compose.edit import Subject

    _apply(ctx, json_, lambda seen: Subject(text))


@edit.command()
@click.argument("url")
@click.option("--topic", shell_complete=topic_names, default="", help="The section; else the newsletter's first.")
@click.option("--position", type=click.IntRange(1), default=1, help="Its place there, 1 first.")
@click.option("--late", is_flag=True, help="Into an approved edition that stays approved; once an edition.")
@as_json
@click.pass_context
def add(ctx: click.Context, url: str, topic: str, position: int, late: bool, json_: bool) -> None:
    """Fetch and read the article at URL, and print it too."""
    _, author, _ = ctx.meta["digest.edit"]
    with open_app(ctx) as app:
        seen = _seen(ctx, app)
        addition = app.editing.addition(seen.newsletter, url, topic, position - 1)
        changed = app.editing.insert_late(seen, addition, author) if late else app.editing.edit(seen, addition, author)
    _report(ctx, seen, changed, json_)


@edit.command()
@as_json
@click.pass_context
def undo(ctx: click.Context, json_: bool) -> None:
    """Take back the last edit; again, the one before."""
    _, author, _ = ctx.meta["digest.edit"]
    with open_app(ctx) as app:
        seen = _seen(ctx, app)
        changed = app.editing.undo(seen, author)
    _report(ctx, seen, changed, json_)


@edit.command()
@as_json
@click.pass_context
def history(ctx: click.Context, json_: bool) -> None:
    """List everything that was done to the edition, by whom and when."""
    with open_app(ctx) as app:
        seen = _seen(ctx, app)
        lines = app.editions.history(seen)
    if _wants_json(ctx, json_):
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
    with open_app(ctx) as app:
        changes = app.editions.changes_since(_seen(ctx, app), version)
    if _wants_json(ctx, json_):
        emit([asdict(change) for change in changes])
    elif changes:
        click.echo(_words(changes))
    else:
        say("Nothing changed.")
    if not changes:
        stop(NOTHING_TO_DO)


def _wants_json(ctx: click.Context, json_: bool) -> bool:
    """Whether --json was given to the command or to 'digest edit' itself."""
    return json_ or bool(ctx.meta["digest.json"])


def _seen(ctx: click.Context, app: App) -> Edition:
    name, _, expected = ctx.meta["digest.edit"]
    edition = app.editions.get(name)
    if expected is not None and edition.version != expected:
        raise EditConflict(f"edition {edition.id} is at version {edition.version}, not {expected}; nothing was changed")
    return edition


def _apply(ctx: click.Context, json_: bool, edit_of: Callable[[Edition], Edit]) -> None:
    _, author, _ = ctx.meta["digest.edit"]
    with open_app(ctx) as app:
        seen = _seen(ctx, app)
        changed = app.editing.edit(seen, edit_of(seen), author)
    _report(ctx, seen, changed, json_)


def _key(seen: Edition, story: str) -> str:
    """Return the key of a story by its number, key or URL."""
    if story.isdigit() and 1 <= int(story) <= len(seen.stories):
        return seen.stories[int(story) - 1].key
    key = next((s.key for s in seen.stories if story in (s.key, s.url, *s.article_keys)), None)
    if key is None:
        raise EditionError(f"edition {seen.id} has no story {story!r}", f"'digest edit {seen.id}' lists them")
    return key


def _listing(seen: Edition, json_: bool) -> None:
    if json_:
        from digest.services.compose.editions import to_json

        click.echo(to_json(seen))
        return
    click.echo(f"{seen.id}: version {seen.version}, {seen.state}, {count(len(seen.stories), 'story', 'stories')}")
    number = 0
    for section in seen.sections:
        click.echo(f"\n{section.title} ({section.topic})")
        for story in section.stories:
            number += 1
            click.echo(f"{number:3}  {story.title} — {story.outlet}")


def _report(ctx: click.Context, before: Edition, after: Edition, json_: bool) -> None:
    from digest.compose.diff import difference

    changes = difference(before, after)
    if _wants_json(ctx, json_):
        at = {"edition_id": after.id, "version": after.version, "state": after.state}
        emit({**at, "content_hash": after.content_hash, "changes": [asdict(change) for change in changes]})
    else:
        click.echo(_words(changes) or "Nothing changed.")
    say(f"{after.id} is at version {after.version}, {after.state}.")
    if after.version == before.version:
        stop(NOTHING_TO_DO)


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
