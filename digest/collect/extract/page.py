"""Page: the blocks and metadata of one page or text file, before cleaning. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.collect.article import Image

LEFT_OUT = "left out"  # reason for a line that no rule names and that was not selected as part of the article

LISTING = "a page of links to articles, and none itself"

BlockKind = Literal["paragraph", "heading", "item", "quote", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list item, quotation, table row or piece of code.

    `text` is stripped and has no line breaks unless it is code. `linked` is the share of it inside links. `label` is
    the reason from the markup why the block is not part of the article; `hint` is one that applies to short lines.
    """

    text: str
    kind: BlockKind = "paragraph"
    linked: float = 0.0
    label: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Metadata from JSON-LD, meta tags and marked elements. Every text is plain and stripped.

    `languages` are the declared tags, the most specific first. `body` is JSON-LD's articleBody, `free` its
    isAccessibleForFree. Times are aware. `single` is True if the page declares exactly one article.
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
    single: bool = False
    titles: tuple[str, ...] = ()  # all variants of the title on the page


@dataclass(frozen=True, slots=True)
class Page:
    """One parsed page. `standfirst` is the index in `blocks` of the separate introduction, or None.

    `shown` is the beginning of the visible text and `visible` its whole length in characters; `after` is the text after
    the last block. `captions` are keys of the alternative texts of pictures. `problem` is set if the page could not be
    read properly.
    """

    blocks: tuple[Block, ...] = ()
    facts: PageFacts = PageFacts()
    standfirst: int | None = None
    shown: str = ""
    after: str = ""
    visible: int = 0
    captions: frozenset[str] = frozenset()
    problem: str | None = None
