"""Page: what one page or text file holds before anything of it is judged: its blocks and what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from digest.collect.article import Image

LEFT_OUT = "left out"  # reason of a line that no rule names, but that was not chosen as part of the article

LISTING = "a page of links to articles, and none itself"

BlockKind = Literal["paragraph", "heading", "item", "quote", "row", "code"]


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list item, quotation, table row or piece of code.

    `text` has no blanks around it, and no line breaks unless it is code. `linked` is the share of it inside links.
    `label` is the reason why the page's own markup says that it is not the article, and `hint` a reason that only
    a short line should be measured by.
    """

    text: str
    kind: BlockKind = "paragraph"
    linked: float = 0.0
    label: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of itself in JSON-LD, meta tags and marked elements. Every text is plain and stripped.

    `languages` are the declarations as found, the most specific first. `body` is JSON-LD's articleBody, `free` is its
    isAccessibleForFree. Times are aware. `single` is whether it declares itself one article.
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
    titles: tuple[str, ...] = ()  # every wording of the title that the page uses


@dataclass(frozen=True, slots=True)
class Page:
    """One page as read. `standfirst` is the index in `blocks` of the introduction that the page sets apart, or None.

    `shown` is the beginning of all that a reader sees and `visible` its length in characters; `after` is what follows
    the last block. `captions` are keys of the texts that stand for its pictures. `problem` is set when the page itself
    could not be read properly.
    """

    blocks: tuple[Block, ...] = ()
    facts: Facts = Facts()
    standfirst: int | None = None
    shown: str = ""
    after: str = ""
    visible: int = 0
    captions: frozenset[str] = frozenset()
    problem: str | None = None
