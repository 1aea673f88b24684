"""Export of subscribers as CSV that spreadsheets show as text and the import reads back unchanged. Pure.

A cell that begins with `= + - @`, a tab or a line break may run as a formula in a spreadsheet (OWASP, CSV injection).
It gets an apostrophe in front, which spreadsheets hide; a cell that already begins with one before such a character
gets another, so that `without_guard` restores every text.
"""

from __future__ import annotations

import re
from typing import Final

COLUMNS: Final = ("address", "name", "language", "timezone", "newsletter", "topics", "state", "since", "detail")
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n]")


def with_guard(cell: str) -> str:
    """Return the cell as text for spreadsheets."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def without_guard(cell: str) -> str:
    """Return the cell that `with_guard` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell
