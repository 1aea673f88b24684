"""Mails in files: one alone, many in an mbox (RFC 4155), or the folders of a Maildir. Read only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

_START = b"From "


def mails_in(path: Path) -> Iterator[bytes]:
    """Every mail of a file or folder, one at a time. Raises OSError for what cannot be read.

    In a folder those of a Maildir's `new` and `cur`, or all its files where it has neither.
    """
    if not path.is_dir():
        with path.open("rb") as lines:
            yield from mails_of(lines)
        return
    boxes = [box for box in (path / "new", path / "cur") if box.is_dir()] or [path]
    for box in boxes:
        for file in sorted(box.iterdir()):
            if file.is_file() and not file.name.startswith("."):
                yield from mails_in(file)


def mails_of(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The mails of a stream: an mbox where it begins like one (mail servers put that line before a single mail too)."""
    part: list[bytes] = []
    mbox, blank = False, True
    for number, line in enumerate(lines):
        start = blank and line.startswith(_START)
        mbox = start if number == 0 else mbox
        if start and mbox:
            if part:
                yield b"".join(part)
            part = []
        else:
            part.append(line)
        blank = not line.strip(b"\r\n")
    if part:
        yield b"".join(part)
