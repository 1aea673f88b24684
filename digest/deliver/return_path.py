"""Return path: an envelope sender of its own for every delivery (VERP), so that a bounce names what came back. Pure.

`bounces@example.org` becomes `bounces+b3039-k3mz7q-07ab61c29d4e@example.org`: kind, subscriber, edition's code and
signature, which is what makes a forged bounce harmless. All lower case, for servers that fold the case.
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

from digest.deliver.signature import sealer
from digest.errors import SettingsError

Kind = Literal["b", "u"]  # a bounce; a mail that asks to be unsubscribed

_TAG = re.compile(r"([bu])([0-9a-f]{1,16})-([a-z2-7]{6})-([0-9a-f]{12})")
_LONGEST = 1 + 16 + 1 + 6 + 1 + 12


@dataclass(frozen=True, slots=True)
class Return:
    """What a return address says. `code` belongs to the edition whose `edition_code` it is."""

    kind: Kind
    subscriber_id: int
    code: str


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
        self._seal = sealer(hashlib.sha256(b"digest.returnpath\0" + secret.encode()).digest())
        self.prefix = f"{self._local}{delimiter}"
        if len(self.prefix) > 64 - _LONGEST:
            raise SettingsError(
                f"deliver.bounce_address: '{address}' has more than 27 characters before the @; give one with less"
            )

    def stamps(self, edition_id: str) -> Callable[[int], tuple[str, str]]:
        """Makes, by the subscriber's number, what one delivery of that edition needs: the address for its bounces, and
        the signed tag in the address for a mail that unsubscribes.
        """
        seal, code = self._seal, edition_code(edition_id)
        start, end = f"{self.prefix}b", f"@{self.domain}"

        def stamp(subscriber_id: int) -> tuple[str, str]:
            name = f"{subscriber_id:x}-{code}"
            text = seal(name.encode("ascii"))[:12].hex()
            return f"{start}{name}-{text[:12]}{end}", f"u{name}-{text[12:]}"

        return stamp

    def make(self, kind: Kind, edition_id: str, subscriber_id: int) -> str:
        """The whole address of one delivery."""
        bounces, leave = self.stamps(edition_id)(subscriber_id)
        return bounces if kind == "b" else f"{self.prefix}{leave}@{self.domain}"

    def read(self, address: str) -> Return | None:
        """What an address that we made says; None for any other, forged ones included."""
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
        return Return(kind, int(match[2], 16), match[3])

    def _sign(self, name: str) -> tuple[str, str]:
        """48 bits for each kind, of one signature."""
        text = self._seal(name.encode("ascii")).hex()
        return text[:12], text[12:24]
