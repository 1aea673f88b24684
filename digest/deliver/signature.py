"""Seal: a signature that only the owner of a key can make, HMAC-SHA-256 (RFC 2104), for many short texts. Pure.

The key is padded once. What is left are two hashes of a block or two, less than half of what `hmac.digest` takes, which
looks its hash up and prepares the key again each time: with two seals in every mail that is what one notices.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

_BLOCK = 64  # octets of SHA-256
_INNER = bytes(octet ^ 0x36 for octet in range(256))
_OUTER = bytes(octet ^ 0x5C for octet in range(256))


def sealer(key: bytes) -> Callable[[bytes], bytes]:
    """The function that signs with that key, 32 octets for each text. Compare with `hmac.compare_digest`."""
    padded = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner, outer = padded.translate(_INNER), padded.translate(_OUTER)

    def seal(text: bytes) -> bytes:
        return sha256(outer + sha256(inner + text).digest()).digest()

    return seal
