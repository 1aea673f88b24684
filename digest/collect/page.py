"""Page: what one page or text file holds before anything of it is judged: its blocks and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.collect.article import Image

BlockKind = Literal["paragraph", "heading", "item", "quote", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list item, quotation, table row or piece of code; `text` is a single run, stripped."""

    text: str
    kind: BlockKind = "paragraph"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself in JSON-LD, meta tags and marked elements. Every text is plain and stripped.

    `languages` are the declarations as found, the most specific first. `body` is JSON-LD's articleBody, `free` is its
    isAccessibleForFree. Times are aware.
    """

    title: str = ""
    url: str = ""
    author: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    section: str = ""
    site_name: str = ""
    description: str = ""
    languages: tuple[str, ...] = ()
    image: Image | None = None
    body: str = ""
    free: bool | None = None
    titles: tuple[str, ...] = ()  # every wording of the title that the page uses


@dataclass(frozen=True, slots=True)
class Mark:
    """A text that the page's own markup labels as something else than article text, and the reason to give."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read. `links` holds the text of its links, `marks` what its markup labels as not the article.

    `standfirst` is the introduction that the page sets apart from the text ("" when there is none). `visible` counts
    the characters a reader could see, and `problem` is set when the page itself could not be read properly.
    """

    blocks: tuple[Block, ...] = ()
    facts: Facts = Facts()
    links: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = ()
    standfirst: str = ""
    visible: int = 0
    problem: str | None = None
