"""`digest feeds`: the feeds, their health, and the list of them in the settings file."""

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
    from digest.services.collect import feed_list

    known = settings(ctx)
    topic = topic or (next(iter(known.topics)) if len(known.topics) == 1 else None)
    if topic is None:
        raise click.UsageError(f"name the topic with --topic; there are: {', '.join(known.topics) or 'none yet'}")
    with open_app(ctx) as app:
        feed, *others = app.feeds.discover(url)
    added, examples_dropped = feed_list.add(known, feed.url, topic)
    click.echo(f"{'Added' if added else 'Already there:'} {feed.url} ({feed.title or 'no title'}) in topic {topic}.")
    if examples_dropped:
        say(_EXAMPLES)
    for other in others:
        say(f"The site also has {other.url} ({other.title or 'no title'}).")


@feeds.command()
@click.argument("url")
@click.option("--topic", shell_complete=topic_names, help="Only from this topic.")
@click.pass_context
def remove(ctx: click.Context, url: str, topic: str | None) -> None:
    """Remove a feed from the settings file. What was read from it stays."""
    from digest.services.collect import feed_list

    topics = feed_list.remove(settings(ctx), url, topic)
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
    from digest.services.collect import feed_list

    try:
        added, known, examples_dropped = feed_list.import_opml(settings(ctx), file.read_bytes(), topic)
    except OSError as error:
        raise DigestError(f"{file}: cannot be read ({error.strerror})") from error
    except DigestError as error:
        raise DigestError(f"{file}: {error.message}", error.remedy) from error
    for url, reason in added.bad:
        say(f"{url}: {reason}")
    click.echo(f"{count(added.feeds, 'feed')} added, {known} there already, {len(added.bad)} could not be used.")
    if examples_dropped:
        say(_EXAMPLES)
    if added.topics:
        say(f"New topics: {', '.join(added.topics)}. A newsletter brings them once its 'topics' name them.")
    if added.bad:
        stop(PARTLY if added.feeds or known else 1)


@feeds.command()
@click.pass_context
def export(ctx: click.Context) -> None:
    """Write all feeds as OPML to standard output, one folder a topic."""
    from digest.services.collect.feed_list import export_opml

    click.echo(export_opml(settings(ctx)), nl=False)
