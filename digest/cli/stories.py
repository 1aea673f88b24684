"""`digest stories`: group articles given as JSON lines, one story a line."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO

import click

from digest.compose.events.grouping import Document, cluster
from digest.errors import DigestError

_SHAPE = '{"id": ..., "title": ..., "text": ..., "published": ..., "language": ..., "url": ...}'


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a story: story, ids, title.")
def stories(file: BinaryIO, as_json: bool) -> None:
    """Group articles given as JSON lines into stories.

    FILE ('-' is standard input) holds one object a line: id, title, text, published (ISO 8601 or null) and, if known,
    language (two letters) and url. Every id comes back in exactly one story. The title of a story is that of its
    earliest article.
    """
    ids, documents = read(file)
    if not documents:
        click.echo("the file has no articles: each line is one JSON object", err=True)
        sys.exit(3)
    for number, group in enumerate(cluster(documents), 1):
        first = min(group, key=lambda i: (documents[i].published or _LAST, i))
        if as_json:
            click.echo(_line({"story": f"s{number}", "ids": [ids[i] for i in group], "title": documents[first].title}))
        else:
            others = [f"      {documents[i].title}" for i in group if i != first]
            click.echo(_printable("\n".join([f"{len(group):4}  {documents[first].title}", *others])))


_LAST = datetime.max.replace(tzinfo=UTC)


def read(file: BinaryIO) -> tuple[list[str | int], list[Document]]:
    """Return the ids as given and the documents of a JSON-lines file, empty lines left out.

    Raises DigestError that names the file and the line of the first that cannot be used.
    """
    documents: list[Document] = []
    lines: dict[str | int, int] = {}
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        where = f"{getattr(file, 'name', '-')} line {number}"
        row = _row(line, where)
        if (first := lines.setdefault(row["id"], number)) != number:
            raise DigestError(
                f"{where}: id {row['id']!r} was already used on line {first}", "give each article its own"
            )
        documents.append(_document(row, where))
    return list(lines), documents


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row: Any = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DigestError(f"{where}: not UTF-8 (byte {error.start + 1})", "save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise DigestError(f"{where}: not JSON ({error.msg}, column {error.colno})", f"write {_SHAPE}") from None
    except (ValueError, RecursionError):
        raise DigestError(f"{where}: JSON with a number too long or nesting too deep", f"write {_SHAPE}") from None
    if not isinstance(row, dict):
        raise DigestError(f"{where}: not a JSON object", f"write {_SHAPE}")
    if not isinstance(row.get("id"), str | int) or isinstance(row["id"], bool) or row["id"] == "":
        raise DigestError(f"{where}: 'id' is missing or neither text nor a whole number")
    for name in ("title", "text", "language", "url"):
        if not isinstance(row.get(name), str | None):
            raise DigestError(f"{where}: {name!r} must be text, not {type(row[name]).__name__}")
    if not (row.get("title") or row.get("text")):
        raise DigestError(f"{where}: neither 'title' nor 'text', so there is nothing to compare")
    return row


def _document(row: dict[str, Any], where: str) -> Document:
    return Document(
        id=str(row["id"]),
        title=row.get("title") or "",
        text=row.get("text") or "",
        published=_moment(row.get("published"), where),
        language=row.get("language") or "",
        url=row.get("url") or "",
    )


def _moment(value: Any, where: str) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        raise DigestError(
            f"{where}: 'published' is {value!r}", "write ISO 8601 as in 2026-03-29T07:00:00Z, or null"
        ) from None


def _line(row: dict[str, Any]) -> str:
    """Return the row as JSON, escaped only where the text is no valid Unicode."""
    line = json.dumps(row, ensure_ascii=False)
    return line if _printable(line) == line else json.dumps(row)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
