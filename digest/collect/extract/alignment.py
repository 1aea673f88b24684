"""Find the text that a library extracted among the lines of the page. Pure.

trafilatura selects well, but it joins and splits lines and does not say where its text stood in the page. Once aligned
with the page's lines, the selection can be completed (a paragraph missing between two others) and checked against the
markup (a line inside a caption).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

_BLANKS = re.compile(r"\W+")
_LOOK_AHEAD = 400  # lines to search ahead for the next text


@dataclass(frozen=True, slots=True)
class Alignment:
    """Sorted indices of the matched lines, and texts that match no line of the page (from JSON-LD or a script)."""

    lines: tuple[int, ...] = ()
    unmatched: tuple[str, ...] = ()


def align(texts: Sequence[str], lines: Sequence[str]) -> Alignment:
    """Match `texts` with `lines`: whole lines first, then texts that join several lines or are part of one."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        places[line].append(index)
    bare_lines: list[str] | None = None
    matched: set[int] = set()
    unmatched: list[str] = []
    position = -1
    for text in texts:
        if where := places.get(text):
            index = next((i for i in where if i > position and i not in matched), where[-1])
            matched.add(index)
            position = index
            continue
        if bare_lines is None:
            bare_lines = [_BLANKS.sub("", line).lower() for line in lines]
        if hit := _match_parts(_BLANKS.sub("", text).lower(), bare_lines, position):
            matched.update(hit)
            position = hit[-1]
        else:
            unmatched.append(text)
    return Alignment(tuple(sorted(matched)), tuple(unmatched))


def _match_parts(text: str, bare_lines: Sequence[str], position: int) -> list[int]:
    """Return the consecutive lines that make up `text`, or the one line that contains it; [] if there are none."""
    if not text:
        return []
    for start in range(max(0, position), min(len(bare_lines), position + _LOOK_AHEAD)):
        line = bare_lines[start]
        if line and text.startswith(line):
            if hit := _consume(text, bare_lines, start):
                return hit
        elif len(text) >= 20 and text in line:
            return [start]
    return []


def _consume(text: str, bare_lines: Sequence[str], start: int) -> list[int]:
    """Return the lines from `start` on that spell at least 80 % of `text`; [] otherwise."""
    hit: list[int] = []
    at = 0
    for index in range(start, len(bare_lines)):
        line = bare_lines[index]
        if line and not text.startswith(line, at):
            break
        if line:
            hit.append(index)
            at += len(line)
        if at >= len(text):
            break
    return hit if at >= 0.8 * len(text) else []
