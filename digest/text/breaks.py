"""Where a line must not break: within a number, before the marks that some languages set off by a blank. Pure."""

from __future__ import annotations

import re
from typing import Final

#: Blanks at which a line may break (Unicode UAX #14: class SP, BA and ID), as the inside of a character class.
BLANK: Final = " \t\n\r\f\v\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000"

_TOGETHER: Final = re.compile(
    r"(?<=\d) (?=\d{3}(?!\d))"  # '6 400 habitants'
    r"|(?<=\d) (?=[%‰€]|°C)"  # '22 %'
    r"|(?<=\w) (?=[:;!?](?:\s|$))|(?<=[\w.!?…]) (?=»(?:[\s.,;:!?)]|$))"  # 'Qui ?', '… opéra »'
    r"|(?<=\s«) |(?<=^«) |(?<=[(’'\u00a0\u202f]«) "  # '« opéra'
)


def kept_together(text: str) -> str:
    """`text` with no-break blanks (U+00A0) for plain ones at which no careful typesetter would end a line.

    In no language does a line end there, so the language need not be known. The length stays the same.
    """
    return _TOGETHER.sub("\u00a0", text)
