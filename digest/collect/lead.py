"""Lead: the opening that a digest shows, as whole sentences with their exact place in the article."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rung = Literal["page", "structured-data", "feed-summary", "title", "editor", "llm"]


@dataclass(frozen=True, slots=True)
class LeadSentence:
    """`article.text[start:end] == text`, always. Offsets are in characters (code points)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lead:
    """One to three whole sentences, and the rung of the ladder they came from. Empty when only the title is known."""

    sentences: tuple[LeadSentence, ...] = ()
    rung: Rung = "title"

    @property
    def text(self) -> str:
        """The sentences joined by a blank (none between CJK sentences)."""
        parts = [s.text for s in self.sentences]
        out = ""
        for part in parts:
            glue = "" if not out or out[-1] in "。！？」』）" else " "
            out += glue + part
        return out
