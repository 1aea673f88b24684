"""Links: the personal and public addresses that a mail names, signed so that nobody can make one up. Pure.

A token names a subscriber and a newsletter, for ever: mails are kept for years and a link in one must still let its
reader out (RFC 8058 wants the identity inside the URI, opaque and hard to forge). It carries no time and no address.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64decode
from binascii import Error, b2a_base64
from collections.abc import Callable
from urllib.parse import quote

from itsdangerous import BadSignature, Signer

from digest.deliver.signature import sealer
from digest.errors import SettingsError

_BASE = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~/-]*)?")
_URLSAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 5, without the padding


class Links:
    """Every URL of this site that leaves in a mail. `base_url` has no query; `secret` signs (16 characters or more)."""

    def __init__(self, base_url: str, secret: str) -> None:
        self.base_url = base_url.rstrip("/")
        if not _BASE.fullmatch(self.base_url):
            raise SettingsError(f"site.base_url: '{base_url}' is not a plain http or https address; give one")
        if len(secret) < 16:
            raise SettingsError(
                "site.secret: shorter than 16 characters; set DIGEST_SITE__SECRET to a long random text"
            )
        self._signer = Signer(secret, salt="digest.links", key_derivation="hmac", digest_method=hashlib.sha256)
        # What itsdangerous does, with the key derived once and not for each of a hundred thousand readers.
        self._seal = sealer(self._signer.derive_key())
        self.unsubscribe_prefix = f"{self.base_url}/unsubscribe/"
        self.preferences_prefix = f"{self.base_url}/preferences/"
        self.help_url = f"{self.base_url}/help"

    def token(self, subscriber_id: int, newsletter: str) -> str:
        """What `read_token` reads; characters of base64url and one dot, so it needs no escaping anywhere."""
        return self.tokens(newsletter)(subscriber_id).decode("ascii")

    def tokens(self, newsletter: str) -> Callable[[int], bytes]:
        """Makes the tokens of a newsletter's readers, by their number."""
        seal, ending = self._seal, f":{newsletter}".encode()

        def token(subscriber_id: int) -> bytes:
            payload = b2a_base64(b"%d%b" % (subscriber_id, ending), newline=False).translate(_URLSAFE, b"=")
            return payload + b"." + b2a_base64(seal(payload), newline=False).translate(_URLSAFE, b"=")

        return token

    def read_token(self, token: str) -> tuple[int, str] | None:
        """(subscriber id, newsletter) of a token that we made, else None."""
        try:
            payload = self._signer.unsign(token)
            number, _, newsletter = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)).decode().partition(":")
            return int(number), newsletter
        except (BadSignature, Error, ValueError):
            return None

    def unsubscribe_url(self, subscriber_id: int, newsletter: str) -> str:
        """GET shows one button, POST unsubscribes (RFC 8058)."""
        return self.unsubscribe_prefix + self.token(subscriber_id, newsletter)

    def preferences_url(self, subscriber_id: int, newsletter: str) -> str:
        """Topics, language, address, leaving: the reader's own page."""
        return self.preferences_prefix + self.token(subscriber_id, newsletter)

    def archive_url(self, edition_id: str = "") -> str:
        """The edition on the web; without one, all past editions."""
        return f"{self.base_url}/archive/{quote(edition_id, safe='')}"
