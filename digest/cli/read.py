"""`digest read`: what is understood of one article, for a person or as JSON lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digest.collect.article import Article
    from digest.collect.reading import Item

SUFFIXES = frozenset((".html", ".htm", ".xhtml", ".txt"))


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--url", default="", help="The address that a file was saved from.")
@click.option("--lang", default="", help="The language of the text, if you know it: a code such as fr.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line and article.")
def read(sources: tuple[str, ...], url: str, lang: str, as_json: bool) -> None:
    """Show what is understood of one article, file or folder.

    SOURCE is a file, a folder (every .html, .htm and .txt in it), a URL, or - for standard input; HTML or plain text
    in any encoding. Pages of one host in a folder teach what that host repeats.
    """
    from digest.collect.reading import read_together

    items = [item for source in sources for item in _items(source, url, lang)]
    if not items:
        raise SystemExit(3)
    failed = 0
    for article in read_together(items):
        failed += bool(article.problem)
        if as_json:
            sys.stdout.write(json.dumps(as_object(article), ensure_ascii=False) + "\n")
        else:
            from rich.console import Console

            from digest.cli.article_view import show

            show(article, Console())
    sys.stdout.flush()
    if failed == len(items):
        raise SystemExit(1)


def _items(source: str, url: str, language: str) -> list[Item]:
    from digest.collect.reading import Item

    if source == "-":
        return [Item("-", sys.stdin.buffer.read(), url, language=language)]
    path = Path(source)
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
        return [Item(str(p), p.read_bytes(), url, language=language) for p in files]
    if path.is_file():
        return [Item(source, path.read_bytes(), url, language=language)]
    raise click.UsageError(f"{source}: no such file or folder, and no http(s) address")


def as_object(article: Article) -> dict[str, Any]:
    """The JSON contract of `digest read --json`."""
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
        "minutes": article.minutes,
        "text": article.text,
        "lead": [{"text": s.text, "start": s.start, "end": s.end} for s in article.lead.sentences],
        "lead_from": article.lead.rung,
        "removed": [{"text": r.text, "reason": r.reason} for r in article.removed],
        "problem": article.problem,
    }
