"""Quoted-printable (RFC 2045) in pieces that can be joined in any order, so that a mail is encoded once for everybody.

Beyond the RFC: a line never begins with a dot (SMTP would have to stuff it) nor with `From ` (mbox would quote it), and
the joints are soft line breaks, so every line stays within 76 characters whatever personal value stands between.
"""

from __future__ import annotations

import re

from digest.errors import RenderError

_UNSAFE = re.compile(rb"[^\t\x20-\x3c\x3e-\x7e]")
_BLANK_AT_END = re.compile(rb"[ \t]\Z")
_START = re.compile(rb"\.|From ")
SOFT = b"=\r\n"
_ROOM = 75  # characters before the soft break's own '='


def encode(text: str) -> bytes:
    """The text as complete lines: newlines (of any kind) become CRLF. It does not end with one unless the text does."""
    try:
        raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    except UnicodeEncodeError as error:
        raise RenderError(f"the mail has a broken character (U+{ord(text[error.start]):04X}); clean the text") from None
    if b"\0" in raw:
        raise RenderError("the mail has a NUL character; clean the text")
    return b"\r\n".join(_line(line) for line in raw.split(b"\n"))


def joint(piece: bytes) -> bytes:
    """The encoded piece, made ready for something personal to follow it on the same line."""
    return piece if not piece or piece.endswith(b"\r\n") else piece + SOFT


def _hex(match: re.Match[bytes]) -> bytes:
    return b"".join(b"=%02X" % byte for byte in match[0])


def _line(line: bytes) -> bytes:
    encoded = _BLANK_AT_END.sub(_hex, _UNSAFE.sub(_hex, line))
    if len(encoded) <= _ROOM and not _START.match(encoded):
        return encoded
    lines = []
    while True:
        if _START.match(encoded):
            encoded = b"=%02X" % encoded[0] + encoded[1:]
        if len(encoded) <= _ROOM:
            lines.append(encoded)
            return SOFT.join(lines)
        cut = _cut(encoded)
        lines.append(encoded[:cut])
        encoded = encoded[cut:]


def _cut(encoded: bytes) -> int:
    """Where to break so that no =XX is torn apart."""
    if encoded[_ROOM - 1 : _ROOM] == b"=":
        return _ROOM - 1
    if encoded[_ROOM - 2 : _ROOM - 1] == b"=":
        return _ROOM - 2
    return _ROOM
