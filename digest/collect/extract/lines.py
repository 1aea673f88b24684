"""The lines of a page in order, each with what the page's own markup says of it. Pure.

A `Run` is what a reader sees as one line or paragraph: the text between two breaks, where breaks are the edges of
block elements and <br>.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from digest.collect.extract.markup import Label


@dataclass(slots=True)
class Run:
    """One line. `tag` is the block element that holds it, `path` the numbers of that one's ancestors and itself.

    `depth` is how many block elements it stands in. `linked` counts characters inside links. `labels` index
    `Outline.labels`, outermost first.
    """

    text: str
    tag: str
    path: tuple[int, ...]
    depth: int
    linked: int
    labels: tuple[int, ...] = ()
    quoted: bool = False
    standfirst: bool = False


@dataclass(slots=True)
class Outline:
    """All runs of a page, its labelled elements, and how many elements it has.

    `cut` when the page was too large to be read to its end.
    """

    runs: list[Run] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    elements: int = 0
    cut: bool = False
