"""Quoted-printable (RFC 2045) in parts that can be joined in any order, so that a mail is encoded once for everybody.

Beyond the RFC: a line never begins with a dot (SMTP would have to stuff it) nor with `From ` (mbox would quote it), and
parts end in soft line breaks, so every line stays within 76 characters whatever value is filled in.
"""

from __future__ import annotations

import re

from digest.errors import RenderError

_UNSAFE = re.compile(rb"[^\t\x20-\x3c\x3e-\x7e]")
_BLANK_AT_END = re.compile(rb"[ \t]\Z")
_START = re.compile(rb"\.|From ")
SOFT_BREAK = b"=\r\n"
_MAX_CHARACTERS = 75  # of a line, before the '=' of its soft break


def encode(text: str) -> bytes:
    """Return the text as complete lines with CRLF for newlines of any kind; it ends with one only if the text does."""
    try:
        raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    except UnicodeEncodeError as error:
        raise RenderError(
            f"the mail has a broken character (U+{ord(text[error.start]):04X})", "clean the text"
        ) from None
    if b"\0" in raw:
        raise RenderError("the mail has a NUL character", "clean the text")
    return b"\r\n".join(_line(line) for line in raw.split(b"\n"))


def with_soft_break(part: bytes) -> bytes:
    """Return the encoded part, ended so that a merge field can follow it."""
    return part if not part or part.endswith(b"\r\n") else part + SOFT_BREAK


def _hex(match: re.Match[bytes]) -> bytes:
    return b"".join(b"=%02X" % byte for byte in match[0])


def _line(line: bytes) -> bytes:
    encoded = _BLANK_AT_END.sub(_hex, _UNSAFE.sub(_hex, line))
    if len(encoded) <= _MAX_CHARACTERS and not _START.match(encoded):
        return encoded
    lines = []
    while True:
        if _START.match(encoded):
            encoded = b"=%02X" % encoded[0] + encoded[1:]
        if len(encoded) <= _MAX_CHARACTERS:
            lines.append(encoded)
            return SOFT_BREAK.join(lines)
        cut = _cut(encoded)
        lines.append(encoded[:cut])
        encoded = encoded[cut:]


def _cut(encoded: bytes) -> int:
    """Return where to break a line without splitting an =XX."""
    if encoded[_MAX_CHARACTERS - 1 : _MAX_CHARACTERS] == b"=":
        return _MAX_CHARACTERS - 1
    if encoded[_MAX_CHARACTERS - 2 : _MAX_CHARACTERS - 1] == b"=":
        return _MAX_CHARACTERS - 2
    return _MAX_CHARACTERS
