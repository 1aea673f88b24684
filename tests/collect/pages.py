"""Pages for tests: our own samples in tests/data/pages, and pages made of parts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from html import escape
from typing import Any

from digest.collect.article import Article
from digest.collect.extract.reading import Item, read_item
from tests.paths import DATA

FOLDER = DATA / "pages"
#: Articles and the noise around them, by language.
NOISY: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "noise.toml").read_text("utf-8"))

#: An article of three paragraphs for pages whose text does not matter.
TEXT = (
    "The council met on Monday and decided, after a long debate, to open the new library in May.",
    "Nobody objected, although the budget had been contested for years by the smaller parties.",
    "The building was designed by a local architect and will stand beside the old market hall.",
)


def sample(name: str) -> Article:
    """The article of one of our own samples."""
    return read_item(Item(name, (FOLDER / name).read_bytes()))


def html(*parts: str, title: str = "Library opens in May", head: str = "") -> bytes:
    """A page whose body is `parts`."""
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{''.join(parts)}</body></html>".encode()
    )


def paragraphs(texts: Iterable[str]) -> str:
    """Each text as <p>."""
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def read(body: bytes | str, **known: Any) -> Article:
    """The article of some bytes, read in this process."""
    return read_item(Item("page", body.encode() if isinstance(body, str) else body, **known))


def noisy_text(language: str) -> str:
    """A sample as plain text: noise above, between and below its paragraphs."""
    return "\n\n".join(_noisy(language))


def noisy_html(language: str) -> bytes:
    """The same as a page whose markup says nothing of it."""
    title, *rest = _noisy(language)
    return html(f"<h1>{escape(title)}</h1><div>{paragraphs(rest)}</div>", title=f"{title} - The Site")


def _noisy(language: str) -> list[str]:
    s = NOISY[language]
    first, *others = s["paragraphs"]
    return [s["title"], *s["before"], first, *s["between"], *others, *s["after"]]
