"""Parse an article saved as plain text, with or without the noise of its page."""

from __future__ import annotations

import re

from digest.collect.decoding import decode, is_binary
from digest.collect.extract.noise import reason
from digest.collect.extract.page import Block, Page, PageFacts
from digest.text.language import detect

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
MAX_BYTES = 5_000_000
_MOST_LINES = 20_000
_SAMPLE = 4_000  # characters from which the language is detected
_TITLE = 250  # maximum characters of a title


def read(body: bytes, *, content_type: str = "", language: str = "") -> Page:
    """Return the text split into blocks at blank lines. The first block that is not noise may be the title.

    Lines wrapped at a fixed width are joined. `language` is detected if it is not given.
    """
    if is_binary(body):
        return Page(problem="the file is no text")
    text, problem = decode(body[:MAX_BYTES], content_type)
    if len(body) > MAX_BYTES:
        problem = f"the text has {len(body) / 1e6:.0f} MB; only its first {MAX_BYTES / 1e6:.0f} MB were read"
    language = language or detect(text[:_SAMPLE])
    blocks: list[Block] = []
    for chunk in _PARAGRAPHS.split(text.strip()):
        lines = [line for raw in chunk.split("\n", _MOST_LINES)[:_MOST_LINES] if (line := " ".join(raw.split()))]
        if _is_wrapped(lines):
            lines = [" ".join(lines)]
        blocks.extend(Block(line) for line in lines)
        if len(blocks) >= _MOST_LINES:
            problem = f"the text has more than {_MOST_LINES} lines; the rest was not read"
            break
    index = next((i for i, b in enumerate(blocks) if reason(b.text, language) is None), 0)
    title = blocks[index].text if blocks and _is_title(blocks, index) else ""
    return Page(
        blocks=tuple(blocks),
        facts=PageFacts(title=title, titles=(title,) if title else ()),
        shown=" ".join(text[:_SAMPLE].split()),
        visible=len(text),
        problem=problem if blocks else "the file is empty",
    )


def _is_wrapped(lines: list[str]) -> bool:
    """Return whether a paragraph was wrapped at a fixed width: all lines but the last have about the same length."""
    if len(lines) < 3:
        return len(lines) == 2 and len(lines[0]) > 60 and lines[0][-1] not in '.!?…:»"”。' and lines[1][:1].islower()
    body = [len(line) for line in lines[:-1]]
    return max(body) <= 100 and min(body) >= 0.6 * max(body) and max(body) >= 40


def _is_title(blocks: list[Block], index: int) -> bool:
    """Return whether a block is short beside the following ones and does not read like a first sentence."""
    text = blocks[index].text
    longest = max((len(b.text) for b in blocks[index + 1 :]), default=0)
    if len(text) > _TITLE or longest <= len(text):
        return False
    return not (text.endswith(".") and not text.endswith("..") and len(text) > 120)
