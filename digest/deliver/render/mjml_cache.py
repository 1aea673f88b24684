"""MJML layouts compiled once, into which the texts of each mail are filled. Pure.

The stories of all mails come from one template: their texts and addresses differ, their tags hardly ever. So each
distinct layout is compiled once, with markers in place of the texts, and the texts of the next story are filled in.
Text from feeds never passes through the compiler, which corrupts some scripts in attributes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Text between tags, and the attributes that hold text or addresses.
_IN_BODY: Final = re.compile(r">(\s*[^<>\s][^<>]*)|( (?:href|src|alt|title|aria-label)=\")([^\"]*)")
#: The styles in the head belong to the layout; only the metadata of an archive page varies.
_IN_HEAD: Final = re.compile(r"()( (?:content|href)=\")([^\"]*)")
#: Printable ASCII, since the compiler escapes anything else in attributes as Rust does: '\\u{a0}'.
_MARKER: Final = re.compile(r"@@(\d+)@@")


@dataclass(frozen=True, slots=True)
class SplitSource:
    """MJML split into its layout (`key`, equal for sources with the same tags) and its `texts`, in source order.

    `texts` are escaped as the inliner writes them. `key` is (literals, names of attributes or None for text).
    """

    key: tuple[tuple[str, ...], tuple[str | None, ...]]
    texts: tuple[str, ...]

    def with_markers(self) -> str:
        """Return the source with a numbered marker for each text."""
        literals, attributes = self.key
        pieces = [literals[0]]
        for number, (attribute, literal) in enumerate(zip(attributes, literals[1:], strict=True)):
            pieces += (attribute or ">", f"@@{number}@@", literal)
        return "".join(pieces)


def split_source(source: str) -> SplitSource:
    """Split the MJML of a whole mail or of one story."""
    head, end, body = source.rpartition("</mj-head>")
    *pieces, last = _split_head(head)
    first, *body_pieces = _IN_BODY.split(body)
    pieces += (last + end + first, *body_pieces)
    texts, attributes, values = pieces[1::4], pieces[2::4], pieces[3::4]
    unescaped = tuple(
        _unescape_quotes(value, "&quot;") if attribute else _unescape_quotes(text, '"')
        for text, attribute, value in zip(texts, attributes, values, strict=True)
    )
    return SplitSource((tuple(pieces[::4]), tuple(attributes)), unescaped)


@lru_cache(maxsize=64)
def _split_head(head: str) -> tuple[str, ...]:
    """Return the head in pieces; cached, since it is the same for all mails of a theme and language."""
    return tuple(_IN_HEAD.split(head))


def _unescape_quotes(text: str, quote: str) -> str:
    """Return quotes as the inliner writes them, in fewer bytes than Jinja2's entities."""
    return text.replace("&#39;", "'").replace("&#34;", quote) if "&#" in text else text


@dataclass(frozen=True, slots=True)
class CompiledLayout:
    """Compiled HTML without its texts: the literals between them, and the index of the text that follows each."""

    literals: tuple[str, ...]
    order: tuple[int, ...]

    @classmethod
    def parse(cls, html: str, text_count: int) -> CompiledLayout:
        """Return the layout of compiled HTML with markers. Raises ValueError for markers that are not ours."""
        pieces = _MARKER.split(html)
        order = tuple(map(int, pieces[1::2]))
        if any(number >= text_count for number in order):
            raise ValueError("the source has markers of its own")
        return cls(tuple(pieces[::2]), order)

    def fill(self, texts: tuple[str, ...]) -> str:
        """Return the HTML with these texts in it."""
        pieces = [self.literals[0]]
        for number, literal in zip(self.order, self.literals[1:], strict=True):
            pieces += (texts[number], literal)
        return "".join(pieces)
