"""Bytes of unknown encoding -> text. Never raises: what fits nothing is replaced."""

from __future__ import annotations

import codecs
import re
from collections import Counter

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from digest.text.mend import mended
from digest.text.plain import plain

#: Encodings that the web was written in (the WHATWG's list, without duplicates), those of the Latin alphabet apart.
_WEB = "cp1251 koi8_r cp1253 cp1255 cp1256 cp932 euc_jp iso2022_jp gb18030 big5 cp949 tis_620".split()
_LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257")  # the likeliest first
#: What languages add to the letters a to z: western, northern, then those that cp1252 cannot write.
_ALPHABETS = (
    "àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíóúüñªº", "àèéìíîòóùúª", "áâãàçéêíóôõúüªº", "éëïóöüèáíú", "åäöéæøþðáíóúý",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "çğıöşüâîû", "ąčęėįšųūž",
    "āčēģīķļņšūž", "äõöüšž",
)  # fmt: skip
_SIGN_IN_WORD = re.compile(r"[^\W\d_][^\w\s'’‘´`.,;:!?@&/()\[\]<>«»\"”“„=*+|·•…–—\x00-\x7f-]|[^\W\d_][¹²³]|[\x80-\x9f]")
_SOFT_HYPHEN = re.compile("&(?:shy|#173|#x[aA][dD]);")
_SAMPLE = 20_000
_TOLERATED = 0.01  # share of characters that may not fit a declared encoding


def decode(body: bytes, content_type: str = "") -> tuple[str, str | None]:
    """The text of `body` without control characters, and what was wrong with it, if anything.

    By its byte order mark; else as UTF-8 where it is valid, which bytes of another encoding practically never are,
    while pages that declare ISO-8859-1 and are UTF-8 are common; else as HTTP or the page declares, in the WHATWG's
    sense of the names; else by the statistics of its letters.
    """
    text = _decode(body, content_type)
    problem = None
    if broken := text.count("\ufffd") - body.count("\ufffd".encode()):
        problem = f"{broken} characters fit no encoding and were replaced" if broken > 3 else None
    if nulls := text.count("\0"):
        problem = f"{nulls} NUL characters were taken out"
    return _without_soft_hyphens(plain(mended(text))), problem


def _without_soft_hyphens(text: str) -> str:
    """A soft hyphen only says where a word may be broken; as a character or an entity it would split it for us."""
    return _SOFT_HYPHEN.sub("", text).replace("\u00ad", "")


def _decode(body: bytes, content_type: str) -> str:
    name, mark = read_bom(body)
    if name and mark:
        return body[len(mark) :].decode(name, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for declared in (http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        if declared and declared != "utf-8" and (text := _decode_as(body, declared)) is not None:
            return text
    return _guess(body)


def _decode_as(body: bytes, encoding: str) -> str | None:
    """The text, if nearly all of it fits the encoding."""
    try:
        codecs.lookup(encoding)
        text = body.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return None
    return text if text.count("\ufffd") <= len(text) * _TOLERATED else None


def _guess(body: bytes) -> str:
    """Nearly UTF-8 with a few broken bytes; else what charset-normalizer says of a sample, if it knows at all."""
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken <= max(3, sum(c > "\x7f" for c in text) // 3):
        return text
    from charset_normalizer import from_bytes

    sample = body if len(body) < _SAMPLE else body[: _SAMPLE // 2] + body[-_SAMPLE // 2 :]
    best = from_bytes(sample, cp_isolation=[*_WEB, *_LATIN]).best()
    if best is None:
        return text
    guessed = body.decode(best.encoding, "replace")
    if best.encoding not in _LATIN:
        return guessed
    return min((body.decode(name, "replace") for name in _LATIN), key=_misfit)


def _misfit(text: str) -> int:
    """How badly the letters of a text fit every language that is written in Latin letters, and signs its words."""
    letters = Counter(c for c in text.lower() if c > "\x7f" and c.isalpha())
    outside = min(sum(n for c, n in letters.items() if c not in alphabet) for alphabet in _ALPHABETS)
    return outside + len(_SIGN_IN_WORD.findall(text)) + text.count("\ufffd")
