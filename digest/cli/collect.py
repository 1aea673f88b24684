"""`digest collect`: poll the feeds and read what is new."""

from __future__ import annotations

from dataclasses import asdict

import click

from digest.cli.common import PARTLY, as_json, count, emit, newsletter_names, open_app, progress, say, stop


@click.command()
@click.argument("newsletter", required=False, shell_complete=newsletter_names)
@click.option("--due", is_flag=True, help="Only the feeds whose time has come, as the scheduler does; for cron.")
@as_json
@click.pass_context
def collect(ctx: click.Context, newsletter: str | None, due: bool, json_: bool) -> None:
    """Poll the feeds and read their new articles.

    A feed that is gone, or whose site asked to be left alone for a while, is skipped, and so is one whose site another
    program on this store is asking at the moment. With NEWSLETTER only the feeds of its topics. Exit code 5 when some
    feeds could not be used: the others were.
    """
    labels = {"feeds": "Polling feeds", "articles": "Reading articles"}
    with open_app(ctx) as app, progress(labels) as show:
        collected = app.collecting.collect(newsletter, forced=not due, progress=show)
    failed = [feed for feed in collected.feeds if feed.error and feed.status != "skipped"]
    if json_:
        names = ("url", "status", "entries", "new", "error")
        emit(
            {
                "feeds": [
                    {name: value for name, value in asdict(feed).items() if name in names} for feed in collected.feeds
                ],
                "articles": {"new": collected.new, "changed": collected.changed, "failed": collected.failed},
            }
        )
    else:
        polled = sum(1 for feed in collected.feeds if feed.status != "skipped")
        new = count(collected.new, "new article")
        click.echo(f"{polled} of {count(len(collected.feeds), 'feed')} polled; {new}, {collected.changed} read again.")
    if skipped := sum(1 for feed in collected.feeds if feed.elsewhere):
        say(f"{count(skipped, 'feed')} left to another program that is asking the same sites")
    for reason, number in collected.problems[:5]:
        say(f"{count(number, 'page')}, known by their feeds' text alone: {reason}")
    for feed in failed:
        say(f"{feed.url}: {feed.error}")
    for feed in collected.feeds:
        if feed.held:
            words = count(feed.held, "new entry is", "new entries at once are")
            say(f"{feed.url}: {words} held; 'digest feeds release {feed.url}' takes them")
    if failed:
        stop(PARTLY)
