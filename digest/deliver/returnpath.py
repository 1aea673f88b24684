"""Return path: an envelope sender of its own for every delivery (VERP), so that a bounce names what came back. Pure.

`bounces@example.org` becomes `bounces+b2n9c-k3mz7q-w5xq2h7a4c@example.org`: kind, subscriber, edition's code and
signature, which is what makes a forged bounce harmless. All lower case, for servers that fold the case.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from digest.errors import SettingsError

Kind = Literal["b", "u"]  # a bounce; a mail that asks to be unsubscribed

_TAG = re.compile(r"([bu])([0-9a-z]{1,13})-([a-z2-7]{6})-([a-z2-7]{10})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Return:
    """What a return address says. `code` belongs to the edition whose `edition_code` it is."""

    kind: Kind
    subscriber_id: int
    code: str


def base36(number: int) -> str:
    """A non-negative number in base 36, lower case."""
    if number < 0:
        raise ValueError("a subscriber's number is never negative")
    text = ""
    while number >= 36:
        number, rest = divmod(number, 36)
        text = _DIGITS[rest] + text
    return _DIGITS[number] + text


@lru_cache(maxsize=1024)
def edition_code(edition_id: str) -> str:
    """Six characters that stand for an edition in a return address; the store compares them with its own editions'."""
    return b32encode(hashlib.sha256(edition_id.encode()).digest()).decode("ascii")[:6].lower()


class ReturnPath:
    """Makes and reads return addresses of one mailbox. `address` is that mailbox, which must accept `+tag`."""

    def __init__(self, address: str, secret: str, delimiter: str = "+") -> None:
        self.address = address
        self._local, _, self.domain = address.rpartition("@")
        self._delimiter = delimiter
        self._key = hashlib.sha256(b"digest.returnpath\0" + secret.encode()).digest()
        self.prefix = f"{self._local}{delimiter}"
        if len(self.prefix) > 64 - 32:
            raise SettingsError(
                f"deliver.bounce_address: '{address}' has more than 31 characters before the @, give one with less"
            )

    def tag(self, kind: Kind, edition_id: str, subscriber_id: int) -> str:
        """The signed tag alone."""
        text = f"{kind}{base36(subscriber_id)}-{edition_code(edition_id)}"
        return f"{text}-{self._sign(text)}"

    def make(self, kind: Kind, edition_id: str, subscriber_id: int) -> str:
        """The whole address of one delivery."""
        return f"{self.prefix}{self.tag(kind, edition_id, subscriber_id)}@{self.domain}"

    def read(self, address: str) -> Return | None:
        """What an address that we made says; None for any other, forged ones included."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        prefix, tag = local[: len(self.prefix)], local[len(self.prefix) :].lower()
        if domain.lower() != self.domain.lower() or prefix.lower() != self.prefix.lower():
            return None
        match = _TAG.fullmatch(tag)
        if match is None or not hmac.compare_digest(self._sign(tag.rpartition("-")[0]), match[4]):
            return None
        kind: Kind = "u" if match[1] == "u" else "b"
        return Return(kind, int(match[2], 36), match[3])

    def _sign(self, text: str) -> str:
        return b32encode(hmac.digest(self._key, text.encode("ascii"), "sha256")[:7])[:10].decode("ascii").lower()
