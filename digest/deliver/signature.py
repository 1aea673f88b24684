"""Signature: HMAC-SHA-256 (RFC 2104) of many short texts with one key. Pure.

The key is padded once. Each signature then takes two hashes of a block or two. `hmac.digest` takes more than twice as
long, because it looks up its hash and prepares the key on each call; every mail has two signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

_BLOCK = 64  # octets of SHA-256
_INNER = bytes(octet ^ 0x36 for octet in range(256))
_OUTER = bytes(octet ^ 0x5C for octet in range(256))


def make_signer(key: bytes) -> Callable[[bytes], bytes]:
    """A function that signs a text with that key, in 32 octets. Compare signatures with `hmac.compare_digest`."""
    padded = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner, outer = padded.translate(_INNER), padded.translate(_OUTER)

    def sign(text: bytes) -> bytes:
        return sha256(outer + sha256(inner + text).digest()).digest()

    return sign
