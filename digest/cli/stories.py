"""`digest stories`: group articles given as JSON lines, one story a line."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click

from digest.compose.grouping import Document, cluster
from digest.errors import DigestError

FIELDS = {"id", "title", "text", "published", "language", "url"}


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a story: story, ids, title.")
def stories(file: BinaryIO, as_json: bool) -> None:
    """Group articles given as JSON lines into stories.

    FILE ('-' is standard input) holds one object a line: id, title, text, published (ISO 8601 or null) and, if known,
    language (two letters) and url. Every id comes back in exactly one story.
    """
    documents = read(file)
    if not documents:
        click.echo("no articles in the file", err=True)
        sys.exit(3)
    for number, group in enumerate(cluster(documents), 1):
        first = documents[group[0]]
        if as_json:
            row = {"story": f"s{number}", "ids": [documents[i].id for i in group], "title": first.title}
            click.echo(json.dumps(row, ensure_ascii=False))
        else:
            click.echo(f"{len(group):4}  {first.title}")
            for i in group[1:]:
                click.echo(f"      {documents[i].title}")


def read(file: BinaryIO) -> list[Document]:
    """The documents of a JSON-lines file; DigestError names the file and line of the first that cannot be used."""
    documents: list[Document] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{getattr(file, 'name', '-')} line {number}"
        document = _document(line, where)
        if document.id in lines:
            raise DigestError(f"{where}: id {document.id!r} was already used on line {lines[document.id]}")
        lines[document.id] = number
        documents.append(document)
    return documents


def _document(line: bytes, where: str) -> Document:
    try:
        row: Any = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DigestError(f"{where}: not UTF-8 (byte {error.start}); save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise DigestError(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
    if not isinstance(row, dict):
        raise DigestError(f"{where}: not a JSON object; each line is {{id, title, text, published, language, url}}")
    if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool) or row["id"] == "":
        raise DigestError(f"{where}: 'id' is missing or not text")
    for name in ("title", "text", "language", "url"):
        if not isinstance(row.get(name, ""), str | None):
            raise DigestError(f"{where}: {name!r} must be text, not {type(row[name]).__name__}")
    if not (row.get("title") or row.get("text")):
        raise DigestError(f"{where}: neither 'title' nor 'text'; there is nothing to compare")
    language = (row.get("language") or "").replace("_", "-").split("-")[0].lower()
    text = row.get("text") or ""
    return Document(
        str(row["id"]),
        row.get("title") or "",
        text,
        _moment(row.get("published"), where),
        language,
        row.get("url") or "",
    )


def _moment(value: Any, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise DigestError(
            f"{where}: 'published' is {value!r}; write ISO 8601 like 2026-03-29T07:00:00Z, or null"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
