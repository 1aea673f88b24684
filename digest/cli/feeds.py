"""`digest feeds`: where the news comes from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from digest.cli.common import (
    NOTHING_TO_DO,
    PARTLY,
    PROBLEMS,
    as_json,
    count,
    emit,
    local,
    open_app,
    say,
    settings,
    stop,
    table,
    topic_names,
)
from digest.errors import DigestError

#: The topic of feeds that a list has in no folder.
_NO_FOLDER = "News"

_EXAMPLES = "The example's feeds, which lead nowhere, were taken out."


@click.group()
def feeds() -> None:
    """List, add, remove, test, import and export feeds."""


@feeds.command(name="list")
@as_json
@click.pass_context
def list_(ctx: click.Context, json_: bool) -> None:
    """List every feed with its health: last news, usual rhythm, errors."""
    with open_app(ctx) as app:
        feeds_, unread = app.feeds.listing()
    rows: list[dict[str, Any]] = [
        {
            "url": listed.feed.url,
            "topics": list(listed.topics),
            "title": listed.feed.title,
            "state": listed.feed.state,
            "last_new": listed.feed.last_new,
            "failures": listed.feed.failures,
            "error": listed.feed.last_error,
            "silent": asdict(listed.silence) if listed.silence else None,
            "undated": round(listed.feed.undated, 3),
            "problems": list(listed.problems),
        }
        for listed in feeds_
    ]
    if json_:
        emit(rows)
        return
    shown = [
        [r["url"], ", ".join(r["topics"]), r["state"], local(r["last_new"], "UTC"), "; ".join(r["problems"]) or "well"]
        for r in rows
    ]
    table("", ["feed", "topics", "state", "last news (UTC)", "health"], shown)
    for issue in unread:
        say(str(issue))


@feeds.command()
@click.argument("url")
@click.option(
    "--topic", shell_complete=topic_names, help="The topic that gets it; it may be left out when there is only one."
)
@click.pass_context
def add(ctx: click.Context, url: str, topic: str | None) -> None:
    """Add a feed, or the feed of a site: its address is discovered.

    The settings file is edited with its comments kept.
    """
    from digest.settings.file import add_feed, drop_examples

    known = settings(ctx)
    topic = topic or (next(iter(known.topics)) if len(known.topics) == 1 else None)
    if topic is None:
        raise click.UsageError(f"name the topic with --topic; there are: {', '.join(known.topics) or 'none yet'}")
    with open_app(ctx) as app:
        feed, *others = app.feeds.discover(url)
    added = add_feed(known.path, topic, feed.url)
    click.echo(f"{'Added' if added else 'Already there:'} {feed.url} ({feed.title or 'no title'}) in topic {topic}.")
    if added and drop_examples(known.path):
        say(_EXAMPLES)
    for other in others:
        say(f"The site also has {other.url} ({other.title or 'no title'}).")


@feeds.command()
@click.argument("url")
@click.option("--topic", shell_complete=topic_names, help="Only from this topic.")
@click.pass_context
def remove(ctx: click.Context, url: str, topic: str | None) -> None:
    """Remove a feed from the settings file. What was read from it stays."""
    from digest.settings.file import remove_feed

    topics = remove_feed(settings(ctx).path, url, topic)
    click.echo(f"Removed from {', '.join(topics)}.")


@feeds.command()
@click.argument("urls", nargs=-1)
@as_json
@click.pass_context
def test(ctx: click.Context, urls: tuple[str, ...], json_: bool) -> None:
    """Fetch feeds now and show what they hold, storing nothing. Without URLS every feed in the settings."""
    with open_app(ctx) as app:
        results = app.feeds.test(urls)
    if json_:
        emit(results)
    else:
        shown = [[r["url"], r["version"] or "–", str(r["entries"]), r["newest"] or "", r["problem"]] for r in results]
        table("", ["feed", "kind", "entries", "newest", "problem"], shown)
    if any(r["problem"] for r in results):
        stop(PROBLEMS)


@feeds.command()
@click.argument("url")
@click.option("--drop", is_flag=True, help="Refuse them for good instead.")
@click.pass_context
def release(ctx: click.Context, url: str, drop: bool) -> None:
    """Accept the entries of URL that were held because so many came at once (exit code 3: there are none)."""
    with open_app(ctx) as app:
        number = app.feeds.release(url, drop=drop)
    if not number:
        say(f"{url} has nothing that is held.")
        stop(NOTHING_TO_DO)
    click.echo(f"{count(number, 'entry', 'entries')} {'refused' if drop else 'accepted'}.")


@feeds.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--topic", shell_complete=topic_names, help="Put all of them into this topic instead of those the file names."
)
@click.pass_context
def import_(ctx: click.Context, file: Path, topic: str | None) -> None:
    """Import feeds from an OPML file; its folders become topics."""
    from digest.collect import opml
    from digest.settings.file import add_feeds, drop_examples

    known = settings(ctx)
    try:
        outlines = opml.read(file.read_bytes())
    except OSError as error:
        raise DigestError(f"{file}: cannot be read ({error.strerror})") from error
    except DigestError as error:
        raise DigestError(f"{file}: {error}") from error
    folders = [outline.topic or _NO_FOLDER for outline in outlines]
    keys = opml.keys_of(folders, {key: found.title for key, found in known.topics.items()})
    places = [(topic, topic.title()) if topic else (keys[folder], folder) for folder in folders]
    done = add_feeds(known.path, [(*place, outline.url) for place, outline in zip(places, outlines, strict=True)])
    for url, reason in done.bad:
        say(f"{url}: {reason}")
    there = len(outlines) - done.feeds - len(done.bad)
    click.echo(f"{count(done.feeds, 'feed')} added, {there} there already, {len(done.bad)} could not be used.")
    if done.feeds and drop_examples(known.path):
        say(_EXAMPLES)
    if done.topics:
        say(f"New topics: {', '.join(done.topics)}. A newsletter brings them once its 'topics' name them.")
    if done.bad:
        stop(PARTLY if done.feeds or there else 1)


@feeds.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """Write all feeds as OPML to standard output, one folder a topic."""
    from digest.collect import opml

    known = settings(ctx)
    outlines = [opml.Outline(feed.url, topic=topic.title) for topic in known.topics.values() for feed in topic.feeds]
    click.echo(opml.write(outlines).decode(), nl=False)
