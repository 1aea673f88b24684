"""Decoding of bytes in an unknown encoding. Never raises: undecodable bytes are replaced."""

from __future__ import annotations

import codecs
import re
from collections import Counter

from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from digest.text.clean import plain
from digest.text.mojibake import repaired

#: Encodings of the web (the WHATWG's list, without duplicates); those of the Latin alphabet stand apart.
_WEB = "cp1251 koi8_r cp1253 cp1255 cp1256 cp932 euc_jp iso2022_jp gb18030 big5 cp949 tis_620".split()
_LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257")  # most likely first
#: Letters beyond a to z by language: western, northern, then those that cp1252 does not have.
_ALPHABETS = (
    "àâæçéèêëîïôœùûüÿ", "äöüßé", "áéíóúüñªº", "àèéìíîòóùúª", "áâãàçéêíóôõúüªº", "éëïóöüèáíú", "åäöéæøþðáíóúý",
    "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţșț", "čćđšž", "çğıöşüâîû", "ąčęėįšųūž",
    "āčēģīķļņšūž", "äõöüšž",
)  # fmt: skip
_SIGN_IN_WORD = re.compile(r"[^\W\d_][^\w\s'’‘´`.,;:!?@&/()\[\]<>«»\"”“„=*+|·•…–—\x00-\x7f-]|[^\W\d_][¹²³]|[\x80-\x9f]")
_SOFT_HYPHEN = re.compile("&(?:shy|#173|#x[aA][dD]);")
_SAMPLE = 20_000
_HEAD = 8_000  # bytes that decide the kind of a file
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FEW = 0.01  # share of control characters from which a file is binary
_LEAST = 3  # minimum number of NUL bytes of UTF-16
_EASTERN = re.compile(r"[\t\n\r -~\u2010-\u203b\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_PARITY = 0.05  # minimum share of NUL bytes in even or odd places of UTF-16: at least its spaces, digits and markup
_TOLERATED = 0.01  # tolerated share of characters that do not fit a declared encoding


def decode(body: bytes, content_type: str = "") -> tuple[str, str | None]:
    """Return the text of `body` without control characters, and its problem, if any.

    The encoding is, in this order: that of the byte order mark; UTF-16 where every other byte is NUL; UTF-8 where the
    bytes are valid (other encodings practically never are, while pages often declare ISO-8859-1 and are UTF-8); the
    declared one of HTTP or the page, by the WHATWG's names; the best by the statistics of its letters.
    """
    text = _decode(body, content_type)
    problem = None
    if broken := text.count("\ufffd") - body.count("\ufffd".encode()):
        problem = f"{broken} characters fit no encoding and were replaced" if broken > 3 else None
    if nulls := text.count("\0"):
        problem = f"{nulls} NUL characters were taken out"
    return _without_soft_hyphens(plain(repaired(text))), problem


def is_binary(body: bytes) -> bool:
    """Return whether the bytes are no text: a picture, an archive, a PDF. A tenth of their bytes are controls."""
    head = body[:_HEAD]
    return len(_CONTROLS.findall(head)) > _FEW * len(head) and not read_bom(body)[0] and _wide(body) is None


def _wide(body: bytes) -> str | None:
    """Recognise UTF-16 without byte order mark: every other byte is NUL, or nearly all of it is East Asian."""
    head = body[: _HEAD if len(body) > _HEAD else len(body) // 2 * 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd < _LEAST:
        return None
    few, many, name = (even, odd, "utf-16-le") if even < odd else (odd, even, "utf-16-be")
    if many > _PARITY * len(head) / 2 and few <= many / 20:
        return name
    text = head.decode(name, "replace")
    return name if len(_EASTERN.findall(text)) > 0.95 * len(text) else None


def _without_soft_hyphens(text: str) -> str:
    """Remove soft hyphens, as character or entity: they would split words."""
    return _SOFT_HYPHEN.sub("", text).replace("\u00ad", "")


def _decode(body: bytes, content_type: str) -> str:
    name, mark = read_bom(body)
    if name and mark:
        return body[len(mark) :].decode(name, "replace")
    if wide := _wide(body):
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for declared in (http_content_type_encoding(content_type), html_body_declared_encoding(body)):
        if declared and declared != "utf-8" and (text := _decode_as(body, declared)) is not None:
            return text
    return _guess(body)


def _decode_as(body: bytes, encoding: str) -> str | None:
    """Return the text if nearly all of it fits the encoding, else None."""
    try:
        codecs.lookup(encoding)
        text = body.decode(encoding, "replace")
    except (LookupError, UnicodeError):
        return None
    return text if text.count("\ufffd") <= len(text) * _TOLERATED else None


def _guess(body: bytes) -> str:
    """Guess: UTF-8 with a few broken bytes, else charset-normalizer's result for a sample, if any."""
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
    """Score how badly the letters of a text, and the signs in its words, fit every language of Latin script."""
    letters = Counter(c for c in text.lower() if c > "\x7f" and c.isalpha())
    outside = min(sum(n for c, n in letters.items() if c not in alphabet) for alphabet in _ALPHABETS)
    return outside + len(_SIGN_IN_WORD.findall(text)) + text.count("\ufffd")
