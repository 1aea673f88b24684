"""`digest read`: articles as they are read from pages, for a person or as JSON lines."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from digest.cli import common

if TYPE_CHECKING:
    from digest.collect.article import Article
    from digest.collect.extract.reading import Item
    from digest.collect.http.page import FetchedPage

SUFFIXES: Final = frozenset((".html", ".htm", ".xhtml", ".txt"))
_LARGEST: Final = 50_000_000  # most bytes of a file that are loaded; of a page, five million are read
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_MANY: Final = 20  # least sources for which progress is shown


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--url", default="", help="The address that a file was saved from.")
@click.option("--lang", "language", default="", help="The language of the text, if you know it: a code such as fr.")
@common.as_json
@click.pass_context
def read(ctx: click.Context, sources: tuple[str, ...], url: str, language: str, json_: bool) -> None:
    """Show what is understood of one article, file or folder.

    SOURCE is a file, a folder (every .html, .htm and .txt in it), a URL, or - for standard input; HTML or plain text
    in any encoding. Pages of one host in a folder teach what that host repeats.
    """
    from digest.services.collect.reading import read_pages

    _check(url, language)
    places = [place for source in sources for place in _expand(source)]
    if not places:
        common.say("nothing to read: the folder has no .html, .htm or .txt files")
        common.stop(common.NOTHING_TO_DO)
    failed: list[Article] = []
    with common.progress({"pages": "Pages read"}) as show:
        items = (item for place in places for item in _items(ctx, place, url, language, failed))
        many = len(places) >= _MANY
        articles = read_pages(items, lambda number: show("pages", number, len(places)) if many else None)
    for article in (*articles, *failed):
        _print(article, json_=json_)
    sys.stdout.flush()
    if not any(article.text for article in articles):
        common.stop(1)
    if failed:
        common.stop(common.PARTLY)


def _check(url: str, language: str) -> None:
    """Raise click.BadParameter for what is no URL or language code."""
    if url and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is no http(s) address", param_hint="--url")
    if language and not _LANGUAGE.fullmatch(language):
        raise click.BadParameter(f"{language} is no code of a language, such as fr or pt-BR", param_hint="--lang")


def _expand(source: str) -> list[str]:
    """Return the files of a folder in order, or the source itself if it is a file, a URL or '-'."""
    if source == "-" or source.startswith(("http://", "https://")):
        return [source]
    path = Path(source)
    if path.is_dir():
        return sorted(str(p) for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if path.is_file():
        return [source]
    raise click.UsageError(f"{source}: no such file or folder, and no http(s) address")


def _items(ctx: click.Context, place: str, url: str, language: str, failed: list[Article]) -> Iterator[Item]:
    """Yield the item to read; for one that cannot be loaded, append an article with the problem to `failed` instead."""
    from digest.collect.article import Article
    from digest.collect.extract.reading import Item

    if place == "-":
        yield Item("-", sys.stdin.buffer.read(_LARGEST), url, language=language)
    elif place.startswith(("http://", "https://")):
        page = _fetch(ctx, place)
        if page.error:
            failed.append(Article(place, place, "", language=language, problem=page.error))
        else:
            yield Item(place, page.body, url or page.final_url, page.content_type, language=language)
    else:
        try:
            with Path(place).open("rb") as file:
                body = file.read(_LARGEST)
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror or error}"
            failed.append(Article(place, url, "", language=language, problem=reason))
        else:
            yield Item(place, body, url, language=language)


def _fetch(ctx: click.Context, address: str) -> FetchedPage:
    """Fetch a page through the guard; private networks only where the settings allow them."""
    from digest.errors import SettingsError
    from digest.services.collect.reading import fetch_page

    try:
        private = common.settings(ctx).collect.allow_private_networks
    except SettingsError:
        if ctx.find_root().obj:  # the person named this file, so it should be right
            raise
        private = False
    return fetch_page(address, allow_private=private)


def _print(article: Article, *, json_: bool) -> None:
    if json_:
        sys.stdout.write(json.dumps(as_object(article), ensure_ascii=False) + "\n")
        return

    from digest.cli.article_view import show
    from digest.cli.common import stdout_console

    show(article, stdout_console())


def as_object(article: Article) -> dict[str, Any]:
    """Return the JSON object of `digest read --json`."""
    image = article.image
    return {
        "source": article.source,
        "url": article.url,
        "title": article.title,
        "language": article.language,
        "author": article.author,
        "credit": article.credit,
        "published": article.published.isoformat() if article.published else None,
        "modified": article.modified.isoformat() if article.modified else None,
        "section": article.section,
        "site": article.site_name,
        "image": {"url": image.url, "alt": image.alt, "width": image.width, "height": image.height} if image else None,
        "minutes": article.minutes if article.text else None,
        "text": article.text,
        "lead": [{"text": s.text, "start": s.start, "end": s.end} for s in article.lead.sentences],
        "lead_from": article.lead.rung,
        "removed": [{"text": r.text, "reason": r.reason} for r in article.removed],
        "problem": article.problem,
    }
