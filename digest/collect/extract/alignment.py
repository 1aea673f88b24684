"""Which lines of a page a library chose as the article, found again in the page's own order. Pure.

trafilatura chooses well but hands back text in which lines were glued or broken and which says nothing of where it
stood. Found again among the page's lines, its choice can be completed (a paragraph dropped between two others) and
judged (a line that the markup calls a caption).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_GLUE = re.compile(r"\W+")
_LOOK_AHEAD = 400  # lines in which the continuation of a text is looked for


@dataclass(frozen=True, slots=True)
class Chosen:
    """Indices of the lines found, in order, and texts that are no lines of the page (JSON-LD, a script)."""

    lines: tuple[int, ...] = ()
    strangers: tuple[str, ...] = ()


def align(texts: Sequence[str], lines: Sequence[str]) -> Chosen:
    """Find `texts` among `lines`: whole lines first, then texts that are several lines glued or part of one."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        places[line].append(index)
    glued: list[str] | None = None
    found: set[int] = set()
    strangers: list[str] = []
    position = -1
    for text in texts:
        if where := places.get(text):
            index = next((i for i in where if i > position and i not in found), where[-1])
            found.add(index)
            position = index
            continue
        if glued is None:
            glued = [_GLUE.sub("", line).lower() for line in lines]
        if hit := _pieces(_GLUE.sub("", text).lower(), glued, position):
            found.update(hit)
            position = hit[-1]
        else:
            strangers.append(text)
    return Chosen(tuple(sorted(found)), tuple(strangers))


def _pieces(text: str, glued: Sequence[str], position: int) -> list[int]:
    """The run of lines that together are `text`, or the one line that holds it; [] when there is none."""
    if not text:
        return []
    for start in range(max(0, position), min(len(glued), position + _LOOK_AHEAD)):
        line = glued[start]
        if line and text.startswith(line):
            if hit := _consume(text, glued, start):
                return hit
        elif len(text) >= 20 and text in line:
            return [start]
    return []


def _consume(text: str, glued: Sequence[str], start: int) -> list[int]:
    hit: list[int] = []
    at = 0
    for index in range(start, len(glued)):
        line = glued[index]
        if line and not text.startswith(line, at):
            break
        if line:
            hit.append(index)
            at += len(line)
        if at >= len(text):
            break
    return hit if at >= 0.8 * len(text) else []
