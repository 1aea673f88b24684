"""The lines of a page in document order, each with the facts of its markup. Pure.

A `TextLine` is one visible line or paragraph: the text between two breaks, which are the edges of block elements and
<br>.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.collect.extract.markup import Label


@dataclass(slots=True)
class TextLine:
    """One line. `tag` is its block element, `path` the numbers of that element's last ancestors and of itself.

    `depth` counts the enclosing block elements, `linked` the characters inside links; `link_ends` is True if the line
    ends with a link. `labels` are indices of `PageLines.labels`, outermost first.
    """

    text: str
    tag: str
    path: tuple[int, ...]
    depth: int
    linked: int
    labels: tuple[int, ...] = ()
    quoted: bool = False
    standfirst: bool = False
    link_ends: bool = False


@dataclass(slots=True)
class PageLines:
    """All lines of a page, its labelled elements, and its number of elements.

    `cut` is True if the page was too large to be read to its end.
    """

    lines: list[TextLine] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    elements: int = 0
    cut: bool = False
