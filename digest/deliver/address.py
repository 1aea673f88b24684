"""Address: the one strict form in which a mail address is stored, compared and put on the wire. Pure.

The stored text is the one used in RCPT. Tolerant parsers cut `user@e.test> ORCPT=x` silently, so that the address
stored and the address used differ; here everything that is not exactly an address is refused with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from digest.errors import DigestError

_MAX_QUOTED: Final = 254  # characters of an invalid address that an error message repeats


class AddressError(DigestError):
    """Not an address that mail could be sent to; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """`text` goes to RCPT and the store; `key` (NFKC, lower case) compares; `smtputf8` needs RFC 6531 of a server."""

    text: str
    key: str
    smtputf8: bool = False

    @property
    def domain(self) -> str:
        """The part after the @, as A-labels in lower case."""
        return self.text.rpartition("@")[2]


# The common case, exactly RFC 5321's dot-atom @ LDH labels, checked in a microsecond.
_PLAIN = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@"
    r"(?=[^@]{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def is_plain(text: str) -> bool:
    """True for a canonical ASCII address, ready for the wire as it stands."""
    return _PLAIN.fullmatch(text) is not None and text.index("@") <= 64


def canonical(text: str) -> Address:
    """The canonical form: domain as lower-case A-labels (IDNA 2008), local part in NFC, no quotes, comments or names.

    Raises AddressError for anything else; the text is never repaired beyond outer blanks.
    """
    text = text.strip(" ")
    if is_plain(text):
        return Address(text, text.lower())
    return _international(text)


@lru_cache(maxsize=4096)
def _international(text: str) -> Address:
    from email_validator import EmailNotValidError, validate_email

    if bad := next((c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}), None):
        raise AddressError(
            f"{text[:_MAX_QUOTED]!r} is not a mail address: it contains the invisible character U+{ord(bad):04X}"
        )
    try:
        parsed = validate_email(text, check_deliverability=False, test_environment=True, allow_quoted_local=False)
    except EmailNotValidError as error:
        raise AddressError(f"'{text[:_MAX_QUOTED]}' is not a mail address: {error}") from None
    domain = parsed.ascii_domain.lower()
    address = f"{parsed.local_part}@{domain}"
    if len(address.encode()) > 254 or len(parsed.local_part.encode()) > 64:
        raise AddressError(f"'{text[:_MAX_QUOTED]}' is not a mail address: longer than 254 octets, or 64 before the @")
    return Address(address, unicodedata.normalize("NFKC", address).lower(), not parsed.local_part.isascii())
