"""Line breaks to prevent: within numbers, and before punctuation that some languages set off by a space. Pure."""

from __future__ import annotations

import re
from typing import Final

#: Spaces at which a line may break (Unicode UAX #14: classes SP, BA and ID), as the content of a character class.
BREAKING_SPACES: Final = " \t\n\r\f\v\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000"

_NO_BREAK: Final = re.compile(
    r"(?<=\d) (?=\d{3}(?!\d))"  # '6 400 habitants'
    r"|(?<=\d) (?=[%‰€]|°C)"  # '22 %'
    r"|(?<=[\w»”’)\]]) (?=[:;!?](?:\s|$))|(?<=[\w.!?…]) (?=»(?:[\s.,;:!?)]|$))"  # 'Qui ?', '… opéra »'
    r"|(?<=\s«) |(?<=^«) |(?<=[(’'\u00a0\u202f]«) "  # '« opéra'
)


def with_no_break_spaces(text: str) -> str:
    """Return the text with no-break spaces (U+00A0) where no language ends a line; the length is unchanged."""
    return _NO_BREAK.sub("\u00a0", text)
