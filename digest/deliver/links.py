"""Links: the personal and public URLs in a mail; personal ones are signed against forgery. Pure.

A token names a subscriber and a newsletter, and never expires: mails are kept for years, and a link in an old one must
still unsubscribe (RFC 8058 wants the identity inside the URI, opaque and hard to forge). It holds no time and no
address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode
from binascii import Error, b2a_base64
from collections.abc import Callable
from urllib.parse import quote

from itsdangerous import BadSignature, Signer

from digest.deliver.signature import make_signer
from digest.errors import SettingsError

_BASE = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~/-]*)?")
_URLSAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 5, without the padding


class Links:
    """Every URL of this site in a mail. `base_url` has no query; `secret` signs and has 16 characters or more."""

    def __init__(self, base_url: str, secret: str) -> None:
        self.base_url = base_url.rstrip("/")
        if not _BASE.fullmatch(self.base_url):
            raise SettingsError(f"site.base_url: '{base_url}' is not a plain http or https address", remedy="give one")
        if len(secret) < 16:
            raise SettingsError(
                "site.secret: shorter than 16 characters", remedy="set DIGEST_SITE__SECRET to a long random text"
            )
        self._signer = Signer(secret, salt="digest.links", key_derivation="hmac", digest_method=hashlib.sha256)
        # The signature of itsdangerous, with the key derived once and not for each of a hundred thousand subscribers.
        self._sign = make_signer(self._signer.derive_key())
        self.unsubscribe_prefix = f"{self.base_url}/unsubscribe/"
        self.preferences_prefix = f"{self.base_url}/preferences/"
        self.help_url = f"{self.base_url}/help"

    def token(self, subscriber_id: int, newsletter: str) -> str:
        """A token for `read_token`: base64url and one dot, so that it needs no escaping anywhere."""
        return self.tokens(newsletter)(subscriber_id).decode("ascii")

    def tokens(self, newsletter: str) -> Callable[[int], bytes]:
        """A function that makes the tokens of a newsletter's subscribers, by subscriber id."""
        sign, ending = self._sign, f":{newsletter}".encode()

        def token(subscriber_id: int) -> bytes:
            payload = b2a_base64(b"%d%b" % (subscriber_id, ending), newline=False).translate(_URLSAFE, b"=")
            return payload + b"." + b2a_base64(sign(payload), newline=False).translate(_URLSAFE, b"=")

        return token

    def read_token(self, token: str) -> tuple[int, str] | None:
        """(subscriber id, newsletter) of a token of ours, else None.

        Each token has one spelling: spare bits of base64, blanks or a sign are refused.
        """
        try:
            payload = self._signer.unsign(token)
            text = urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)).decode()
            subscriber_id, _, newsletter = text.partition(":")
            identity = int(subscriber_id), newsletter
            return identity if hmac.compare_digest(self.token(*identity).encode(), token.encode()) else None
        except (BadSignature, Error, ValueError):
            return None

    def unsubscribe_url(self, subscriber_id: int, newsletter: str) -> str:
        """The page whose GET shows one button and whose POST unsubscribes (RFC 8058)."""
        return self.unsubscribe_prefix + self.token(subscriber_id, newsletter)

    def preferences_url(self, subscriber_id: int, newsletter: str) -> str:
        """The subscriber's own page: topics, language, address, unsubscribing."""
        return self.preferences_prefix + self.token(subscriber_id, newsletter)

    def archive_url(self, edition_id: str = "") -> str:
        """The edition on the web; without an id, the list of past editions."""
        return f"{self.base_url}/archive/{quote(edition_id, safe='')}"
