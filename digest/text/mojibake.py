"""Repair of UTF-8 text that was decoded as Windows-1252 ('dÃ©jÃ  vu', 'itâ€™s'), which feeds often carry. Pure."""

from __future__ import annotations

import re

# The Windows-1252 characters of the bytes 80 to BF, which continue a UTF-8 character; a few are control characters.
_CONTINUED = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_WRONG = re.compile(f"[ÂÃÄÅÐÑØÙ][{_CONTINUED}]|[âà][{_CONTINUED}][{_CONTINUED}]")
_BLANK = re.compile(
    "Ã(?=\\s)"
)  # the second byte of 'à' is a no-break space, which other programs replace by a plain one
_SURE = 3  # pairs, of two kinds, before a text counts as broken; correct French and Portuguese may contain one
_CODES = {ord(bytes([b]).decode("cp1252", "replace")): b for b in range(0x80, 0xA0)} | {
    b: b for b in range(0x80, 0x100)
}


def repaired(text: str) -> str:
    """Return the repaired text, or the text unchanged if it does not look broken."""
    if "Ã" not in text and "â€" not in text and "Ð" not in text:
        return text
    pairs = _WRONG.findall(text)
    kinds = len(set(pairs))
    if kinds < 2 and not any(pair.startswith("â€") for pair in pairs):
        return text
    if len(pairs) < _SURE and not any(len(pair) == 3 for pair in pairs):
        return text
    return _BLANK.sub("à", _WRONG.sub(_read, text))


def _read(pair: re.Match[str]) -> str:
    try:
        return bytes(_CODES[ord(c)] for c in pair[0]).decode()
    except (KeyError, UnicodeDecodeError):
        return pair[0]
