"""Turn an lxml tree into `PageLines`, in time linear in its size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from digest.collect.extract.dom import INLINE
from digest.collect.extract.lines import PageLines, TextLine
from digest.collect.extract.markup import NAMED, classify

_ANCESTORS = 8  # containers stored for a line, the nearest last
_NESTED_LABELS = 20  # maximum labels of a line
_MOST_ELEMENTS = 100_000  # half a second; the largest real article has 15,000
_ATTRIBUTES = frozenset(("class", "id", "role", "itemprop"))  # that may give an element a label
_QUOTES = frozenset(("blockquote", "q"))


@dataclass(slots=True)
class _Frame:
    """One open block element."""

    tag: str
    path: tuple[int, ...]
    quoted: bool
    standfirst: bool


class _Walker:
    """State of the walk: the open blocks, the open labels, and the text since the last break."""

    def __init__(self) -> None:
        self.out = PageLines()
        self.frames = [_Frame("body", (0,), quoted=False, standfirst=False)]
        self.numbers = 0
        self.labels: tuple[int, ...] = ()
        self.outer: list[tuple[int, ...]] = []  # the labels around each open element
        self.parts: list[str] = []
        self.shared: tuple[int, ...] | None = None  # labels common to all parts of this line
        self.linked = 0
        self.links = 0
        self.link_ends = False

    def add(self, text: str) -> None:
        if text.isspace():
            if self.parts:
                self.parts.append(text)
            return
        self.parts.append(text)
        self.link_ends = self.links > 0
        if self.links:
            self.linked += len(text)
        if self.shared is None:
            self.shared = self.labels
        elif self.shared != self.labels:  # the <time> in a byline does not make the whole line a date
            self.shared = tuple(n for n in self.shared if n in self.labels)

    def flush(self) -> None:
        """End a line."""
        if self.shared is not None:
            frame = self.frames[-1]
            raw = "".join(self.parts)
            text = raw.strip("\n").rstrip() if frame.tag == "pre" else " ".join(raw.split())
            if text:
                self.out.lines.append(
                    TextLine(
                        text,
                        frame.tag,
                        frame.path,
                        len(self.frames),
                        self.linked,
                        self.shared,
                        frame.quoted,
                        frame.standfirst,
                        self.link_ends,
                    )
                )
            self.shared = None
            self.parts.clear()
            self.linked = 0

    def start(self, element: Any, tag: str) -> None:
        self.outer.append(self.labels)
        standfirst, label = False, None
        if items := element.items():
            attributes = dict(items)
            if tag in NAMED or not _ATTRIBUTES.isdisjoint(attributes):
                name = f"{attributes.get('class', '')} {attributes.get('id', '')}"
                label, standfirst = classify(tag, name, attributes.get("role", ""), attributes.get("itemprop", ""))
        elif tag in NAMED:
            label, _ = classify(tag, "")
        if tag not in INLINE:
            if self.parts:
                self.flush()
            if tag != "br":
                self.numbers += 1
                above = self.frames[-1]
                path = (*above.path[1 - _ANCESTORS :], self.numbers)
                kind = "pre" if above.tag == "pre" else tag
                quoted = above.quoted or tag in _QUOTES
                self.frames.append(_Frame(kind, path, quoted, standfirst or above.standfirst))
        elif tag == "a":
            self.links += 1
        if label and len(self.labels) < _NESTED_LABELS:
            self.labels = (*self.labels, len(self.out.labels))
            self.out.labels.append(label)

    def end(self, tag: str) -> None:
        if tag == "a":
            self.links -= 1
        elif tag not in INLINE:
            if self.parts:
                self.flush()
            if tag != "br":
                self.frames.pop()
        self.labels = self.outer.pop()


def read_lines(body: Any) -> PageLines:
    """Return the lines of a tree in document order."""
    walker = _Walker()
    elements = 0
    for event, element in etree.iterwalk(body, events=("start", "end")):
        tag = element.tag
        if event == "start":
            elements += 1
            if elements > _MOST_ELEMENTS:
                walker.out.cut = True
                break
            if isinstance(tag, str):
                walker.start(element, tag)
                text = element.text
                if text:
                    walker.add(text)
        else:
            if isinstance(tag, str):
                walker.end(tag)
            text = element.tail
            if text and element is not body:
                walker.add(text)
    walker.flush()
    walker.out.elements = elements
    return walker.out
