"""CSV text into rows: the separator is detected, cells may have several lines, a bad row costs only itself. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

SEPARATORS: Final = ",;\t|"
#: Excel writes the separator into the first line: `sep=;`.
_SEP_LINE: Final = re.compile(r'"?sep=(?P<separator>[,;\t|])"?\s*\Z', re.IGNORECASE)
_QUOTED: Final = re.compile(r'"(?:[^"]|"")*"')
#: Lines that one cell may have; a quotation mark that is never closed would otherwise swallow the file.
MAX_CELL_LINES: Final = 200


class Row(NamedTuple):
    """One row: the number of its first line (from 1), its cells, and the problem of a row that cannot be read."""

    line: int
    cells: tuple[str, ...] = ()
    problem: str = ""


def rows(text: str) -> Iterator[Row]:
    """Yield the rows of CSV text that are not empty, the heading first. Never raises.

    The separator (comma, semicolon, tab or bar) is the one that occurs most in the heading outside of quotation marks,
    or the one of a `sep=` line. Cells keep their line breaks (RFC 4180, 2.6).
    """
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines):
        return
    if match := _SEP_LINE.match(lines[start].strip("\ufeff ")):
        separator, start = match["separator"], start + 1
    else:
        heading = _QUOTED.sub("", lines[start])
        separator = max(SEPARATORS, key=heading.count)
    while start < len(lines):
        row, used = _row(lines, start, separator)
        if row.problem or any(row.cells):
            yield row
        start += used


def _row(lines: Sequence[str], start: int, separator: str) -> tuple[Row, int]:
    """Return the row that begins on a line, and how many lines it takes.

    A quotation mark that is never closed spoils its own line only: the next line is read as a row of its own.
    """
    count = _line_count(lines, start, separator)
    if not count:
        return Row(start + 1, problem="a quotation mark is not closed on this line"), 1
    text = "\n".join(lines[start : start + count])
    try:
        cells = next(csv.reader([text], delimiter=separator, skipinitialspace=True), [])
    except csv.Error as error:
        return Row(start + 1, problem=f"not readable as CSV ({error})"), count
    return Row(start + 1, tuple(cell.strip() for cell in cells)), count


def _line_count(lines: Sequence[str], start: int, separator: str) -> int:
    """Return the number of lines until all quotation marks of a row are closed; 0 if that never happens."""
    quoted = False
    for count, line in enumerate(lines[start : start + MAX_CELL_LINES], 1):
        state = _quoted_at_end(line, quoted, separator)
        if state is None:
            return 0
        quoted = state
        if not quoted:
            return count
    return 0


def _quoted_at_end(line: str, quoted: bool, separator: str) -> bool | None:
    """Return whether a line ends inside a quoted cell; `quoted` is whether it begins inside one.

    None when the cell of an earlier line ends before something that is neither a separator nor the end of the line:
    then its first quotation mark was never closed.
    """
    earlier, position, fresh = quoted, 0, not quoted
    while position < len(line):
        char = line[position]
        if quoted and char == '"':
            if line[position + 1 : position + 2] == '"':
                position += 1
            else:
                quoted, fresh = False, False
                if earlier and line[position + 1 :].lstrip()[:1] not in ("", separator):
                    return None
                earlier = False
        elif not quoted:
            if char == separator:
                fresh = True
            elif char == '"' and fresh:
                quoted = True
            elif not char.isspace():
                fresh = False
        position += 1
    return quoted
