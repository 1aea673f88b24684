"""Shape: MJML without its words. Pure.

The stories of all mails are written by one template: they differ in words and addresses, hardly ever in tags. So each
shape is compiled once, with marks where the words belong, and the words of the next story are filled into the result.
What strangers wrote never passes through the compiler at all, which spoils some scripts in attributes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Text between tags, and what attributes say to people or point to.
_IN_BODY: Final = re.compile(r">(\s*[^<>\s][^<>]*)|( (?:href|src|alt|title|aria-label)=\")([^\"]*)")
#: The head holds styles, which belong to the shape; only what it tells of a page of the archive is filled in.
_IN_HEAD: Final = re.compile(r"()( (?:content|href)=\")([^\"]*)")
#: Plain letters, since the compiler writes all that is not printable in attributes as Rust would: '\\u{a0}'.
_MARK: Final = re.compile(r"@@(\d+)@@")


@dataclass(frozen=True, slots=True)
class Parted:
    """A source as its shape (`key`: equal for sources of the same tags) and what fills it, in the source's order.

    `fillings` are written as the inliner writes text and attributes.
    """

    key: tuple[tuple[str, ...], tuple[str | None, ...]]
    fillings: tuple[str, ...]

    def marked(self) -> str:
        """The source with a numbered mark for each filling."""
        literals, names = self.key
        pieces = [literals[0]]
        for number, (name, literal) in enumerate(zip(names, literals[1:], strict=True)):
            pieces += (name or ">", f"@@{number}@@", literal)
        return "".join(pieces)


def parted(source: str) -> Parted:
    """Shape and fillings of a whole mail or of a story."""
    head, end, body = source.rpartition("</mj-head>")
    *front, last = _head(head)
    first, *pieces = _IN_BODY.split(body)
    front += (last + end + first, *pieces)
    texts, names, values = front[1::4], front[2::4], front[3::4]
    fillings = tuple(
        _unescaped(value, "&quot;") if name else _unescaped(text, '"')
        for text, name, value in zip(texts, names, values, strict=True)
    )
    return Parted((tuple(front[::4]), tuple(names)), fillings)


@lru_cache(maxsize=64)
def _head(head: str) -> tuple[str, ...]:
    """The head in pieces; the same for all mails of a look and language."""
    return tuple(_IN_HEAD.split(head))


def _unescaped(text: str, quote: str) -> str:
    """Quotes as the inliner writes them, in fewer bytes than Jinja2."""
    return text.replace("&#39;", "'").replace("&#34;", quote) if "&#" in text else text


@dataclass(frozen=True, slots=True)
class Form:
    """A compiled shape: what stands between the fillings, and which filling comes next."""

    between: tuple[str, ...]
    order: tuple[int, ...]

    @classmethod
    def of(cls, html: str, fillings: int) -> Form:
        """The form that compiled, marked source is. Raises ValueError for marks that are not ours."""
        pieces = _MARK.split(html)
        order = tuple(map(int, pieces[1::2]))
        if any(number >= fillings for number in order):
            raise ValueError("marks of its own are in the source")
        return cls(tuple(pieces[::2]), order)

    def filled(self, fillings: tuple[str, ...]) -> str:
        """The HTML with these words in it."""
        pieces = [self.between[0]]
        for number, literal in zip(self.order, self.between[1:], strict=True):
            pieces += (fillings[number], literal)
        return "".join(pieces)
