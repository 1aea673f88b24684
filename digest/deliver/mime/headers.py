"""Header values from text: folded, and encoded where needed. No other module writes header values. Pure.

Nothing is ever decoded here (an encoded word in a title once produced a real Bcc: CVE-2024-6923). Control characters
are refused rather than stripped. List-*, Feedback-ID and Message-ID are written raw, folded only between addresses: the
`email` package would encode a long List-Unsubscribe as `=?utf-8?q?...?=`, which Gmail ignores.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.charset import SHORTEST, Charset
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from typing import Final

from digest.errors import RenderError

LIMIT: Final = 998  # octets in a line, RFC 5322 2.1.1
_WIDTH: Final = 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")

_UTF8 = Charset("utf-8")
_UTF8.header_encoding = SHORTEST


def checked(name: str, value: str) -> str:
    """Return the value; raises RenderError where it has line ends or control characters, or is longer than LIMIT."""
    if bad := _CONTROL.search(value):
        raise RenderError(
            f"header {name}: contains the character U+{ord(bad[0]):04X}", "remove it where the text comes from"
        )
    if len(value.encode()) > LIMIT:
        raise RenderError(f"header {name}: longer than {LIMIT} octets", "shorten it")
    return value


def unstructured(name: str, text: str) -> bytes:
    """Return free text (Subject) folded, and encoded (RFC 2047) where it is not plain ASCII or looks encoded."""
    checked(name, text)
    if text.isascii() and "=?" not in text and text == text.strip() and max(map(len, text.split(" ")), default=0) < 60:
        return _fold(text, len(name) + 2)
    return _encoded(text, len(name) + 2)


def mailbox(name: str, title: str, address: str) -> bytes:
    """Return `title <address>` for From, Reply-To and To, the title quoted or encoded as needed."""
    raw_address(name, address)
    if not title:
        return address.encode()
    return phrase(name, title, len(name) + 2) + b"\r\n <" + address.encode() + b">"


def phrase(name: str, text: str, used: int) -> bytes:
    """Return a display name as atoms, a quoted string, or encoded words (never in quotes, RFC 2047 5)."""
    checked(name, text)
    if text.isascii() and "=?" not in text and len(text) < _WIDTH - used:
        if _ATOMS.fullmatch(text) and text == text.strip():
            return text.encode()
        return b'"' + text.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    return _encoded(text, used)


def raw_address(name: str, address: str) -> str:
    """Return the address; raises RenderError for characters that could end its brackets or the line."""
    checked(name, address)
    if re.search(r'[\s<>()",;:\\]', address) or address.count("@") != 1:
        raise RenderError(f"header {name}: '{address}' is not a plain address")
    return address


def uris(name: str, *items: str) -> bytes:
    """Return `<uri>, <uri>` (RFC 2369), folded only between URIs, never encoded."""
    for item in items:
        if re.search(r"[^!-;=?-~]", item):
            raise RenderError(f"header {name}: '{item}' is not a plain URI")
        if len(item) > LIMIT - 30:
            raise RenderError(f"header {name}: a URI of {len(item)} characters is longer than a line may be")
    return b",\r\n ".join(b"<" + item.encode("ascii") + b">" for item in items)


def token(name: str, value: str) -> bytes:
    """Return a raw ASCII value in one line, for Feedback-ID, Message-ID and Content-Language."""
    checked(name, value)
    if not value.isascii():
        raise RenderError(f"header {name}: '{value}' must be plain ASCII")
    return value.encode("ascii")


@lru_cache(maxsize=256)
def date_of(seconds: int) -> bytes:
    """Return the RFC 5322 date of a time in seconds since 1970."""
    return date(datetime.fromtimestamp(seconds, UTC))


def date(moment: datetime) -> bytes:
    """Return an RFC 5322 date; raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("the Date of a mail needs a time zone")
    return format_datetime(moment).encode("ascii")


def safe_id(text: str, otherwise: str) -> str:
    """Return the text if it is valid in a Message-ID and a Feedback-ID, else `otherwise`."""
    return text if _ID.fullmatch(text) and ".." not in text and text.strip(".") == text else otherwise


def _fold(text: str, used: int) -> bytes:
    lines, room = [""], _WIDTH - used
    for word in re.findall(r" *[^ ]+", text):
        if lines[-1].strip() and len(lines[-1]) + len(word) > room:
            lines.append("")
            room = _WIDTH
        lines[-1] += word
    return "\r\n".join(lines).encode("ascii")


def _encoded(text: str, used: int) -> bytes:
    header = Header(text, charset=_UTF8, maxlinelen=_WIDTH - 1, header_name="x" * max(0, used - 2))
    return header.encode(linesep="\r\n").encode("ascii")
