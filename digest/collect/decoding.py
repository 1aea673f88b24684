"""Bytes of unknown encoding to text without control characters."""

from __future__ import annotations

import codecs
import re

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

# C0 and C1 but tab and newline, lone surrogates, noncharacters; bidi overrides turn a title around in a mail.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")


def decode(body: bytes, content_type: str = "") -> str:
    """Text of `body`: byte order mark, else strict UTF-8, else what HTTP or the page declares, else a guess.

    Valid UTF-8 goes before the declarations because bytes of another encoding are practically never valid UTF-8,
    while pages that declare ISO-8859-1 and are UTF-8 are common. Never raises: what fits nothing is replaced.
    """
    name, mark = read_bom(body)
    if name and mark:
        return _clean(body[len(mark) :].decode(name, "replace"))
    try:
        return _clean(body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    for declared in (http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        if declared and declared != "utf-8" and (text := _decode_as(body, declared)) is not None:
            return _clean(text)
    return _clean(_guess(body))


def _decode_as(body: bytes, encoding: str) -> str | None:
    """The text, if at most one character in a hundred does not fit the encoding."""
    try:
        codecs.lookup(encoding)
        text = body.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return None
    return text if text.count("\ufffd") <= len(text) // 100 else None


def _guess(body: bytes) -> str:
    """What no declaration explains: nearly UTF-8 with a few broken bytes, else by the statistics of its letters."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= max(3, sum(c > "\x7f" for c in text) // 3):
        return text
    from charset_normalizer import from_bytes

    sample = body if len(body) < 20_000 else body[:10_000] + body[-10_000:]
    best = from_bytes(sample).best()
    guessed = body.decode(best.encoding, "replace") if best else text
    return guessed if guessed.count("\ufffd") < broken else text


def _clean(text: str) -> str:
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
