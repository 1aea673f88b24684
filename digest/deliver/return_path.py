"""ReturnAddress path: a distinct envelope sender for every delivery (VERP), so that a bounce names its delivery. Pure.

`bounces@example.org` becomes `bounces+b3039-k3mz7q-07ab61c29d4e@example.org`: kind, subscriber, edition code and
signature; the signature makes forged bounces harmless. All lower case, for servers that fold the case.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from digest.deliver.signature import make_signer
from digest.errors import SettingsError

Kind = Literal["b", "u"]  # a bounce; a mail that asks to unsubscribe

_TAG = re.compile(r"([bu])([0-9a-f]{1,16})-([a-z2-7]{6})-([0-9a-f]{12})")
_MAX_TAG = 1 + 16 + 1 + 6 + 1 + 12


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """The parts of a return address. `code` is the `edition_code` of its edition."""

    kind: Kind
    subscriber_id: int
    code: str


@lru_cache(maxsize=1024)
def edition_code(edition_id: str) -> str:
    """Six characters that stand for an edition in a return address; the store compares them with its own editions."""
    return b32encode(hashlib.sha256(edition_id.encode()).digest()).decode("ascii")[:6].lower()


class ReturnPath:
    """Makes and reads return addresses of one mailbox. `address` is that mailbox, which must accept `+tag`."""

    def __init__(self, address: str, secret: str, delimiter: str = "+") -> None:
        self.address = address
        self._local, _, self.domain = address.rpartition("@")
        self._delimiter = delimiter
        self._hmac = make_signer(hashlib.sha256(b"digest.returnpath\0" + secret.encode()).digest())
        self.prefix = f"{self._local}{delimiter}"
        if len(self.prefix) > 64 - _MAX_TAG:
            raise SettingsError(
                f"deliver.bounce_address: '{address}' has more than 27 characters before the @",
                remedy="give one with less",
            )

    def addresses(self, edition_id: str) -> Callable[[int], tuple[str, str]]:
        """A function of the subscriber id for deliveries of that edition.

        It returns the address for bounces, and the signed tag of the address for a mail that unsubscribes.
        """
        sign, code = self._hmac, edition_code(edition_id)
        start, end = f"{self.prefix}b", f"@{self.domain}"

        def make(subscriber_id: int) -> tuple[str, str]:
            name = f"{subscriber_id:x}-{code}"
            text = sign(name.encode("ascii"))[:12].hex()
            return f"{start}{name}-{text[:12]}{end}", f"u{name}-{text[12:]}"

        return make

    def make(self, kind: Kind, edition_id: str, subscriber_id: int) -> str:
        """The whole address of one delivery."""
        bounces, leave = self.addresses(edition_id)(subscriber_id)
        return bounces if kind == "b" else f"{self.prefix}{leave}@{self.domain}"

    def read(self, address: str) -> ReturnAddress | None:
        """The parts of an address of ours; None for any other, forged ones included."""
        local, _, domain = address.strip().strip("<>").rpartition("@")
        prefix, tag = local[: len(self.prefix)], local[len(self.prefix) :].lower()
        if domain.lower() != self.domain.lower() or prefix.lower() != self.prefix.lower():
            return None
        match = _TAG.fullmatch(tag)
        if match is None:
            return None
        kind: Kind = "u" if match[1] == "u" else "b"
        if not hmac.compare_digest(self._sign(f"{match[2]}-{match[3]}")[kind == "u"], match[4]):
            return None
        return ReturnAddress(kind, int(match[2], 16), match[3])

    def _sign(self, name: str) -> tuple[str, str]:
        """The signatures of both kinds, 48 bits each, from one HMAC."""
        text = self._hmac(name.encode("ascii")).hex()
        return text[:12], text[12:24]
