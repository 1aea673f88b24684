"""Mending text that was UTF-8 and was once read as Windows-1252: 'dÃ©jÃ  vu', 'itâ€™s'. Feeds carry it often."""

from __future__ import annotations

import re

# What Windows-1252 makes of the bytes 80 to BF, which continue a character of UTF-8; a few stay controls.
_CONTINUED = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_WRONG = re.compile(f"[ÂÃÄÅÐÑØÙ][{_CONTINUED}]|[âà][{_CONTINUED}][{_CONTINUED}]")
_BLANK = re.compile("Ã(?=\\s)")  # the second byte of 'à' is a blank, which others have made a plain one
_SURE = 3  # such pairs, of two kinds, before a text is believed to be broken; French and Portuguese may have one
_CODES = {ord(bytes([b]).decode("cp1252", "replace")): b for b in range(0x80, 0xA0)} | {
    b: b for b in range(0x80, 0x100)
}


def mended(text: str) -> str:
    """The text with such pairs read as what they were; unchanged if it does not look broken."""
    if "Ã" not in text and "â€" not in text and "Ð" not in text:
        return text
    found = _WRONG.findall(text)
    kinds = len(set(found))
    if kinds < 2 and not any(pair.startswith("â€") for pair in found):
        return text
    if len(found) < _SURE and not any(len(pair) == 3 for pair in found):
        return text
    return _BLANK.sub("à", _WRONG.sub(_read, text))


def _read(pair: re.Match[str]) -> str:
    try:
        return bytes(_CODES[ord(c)] for c in pair[0]).decode()
    except (KeyError, UnicodeDecodeError):
        return pair[0]
