"""Signing in to a mail server (RFC 4954): by password, or by an OAuth 2 access token."""

from __future__ import annotations

import json
import smtplib
from base64 import b64decode
from typing import Final

from digest.deliver.access_token import TokenError, access_token, forget, oauthbearer, xoauth2

_PASSWORD_MECHANISMS: Final = ("CRAM-MD5", "PLAIN", "LOGIN")
_TOKEN_MECHANISMS: Final = {"XOAUTH2": xoauth2, "OAUTHBEARER": oauthbearer}


class AuthError(Exception):
    """Signing in is not possible; `code` as in a reply, the text says why and what to do."""

    def __init__(self, message: str, code: int = 504) -> None:
        super().__init__(message)
        self.code = code


def sign_in(client: smtplib.SMTP, username: str, password: str, token_command: str) -> None:
    """Sign in. Raises AuthError, or what smtplib raises for a refused password."""
    offered = client.esmtp_features.get("auth", "").upper().split()
    if not offered:
        raise AuthError("the server offers no way to sign in (no AUTH); remove the username, or see smtp.security")
    if token_command:
        _with_token(client, username, token_command, offered)
        return
    if not any(mechanism in offered for mechanism in _PASSWORD_MECHANISMS):
        remedy = "; set token_command to a command that prints an access token" if "XOAUTH2" in offered else ""
        ours = ", ".join(_PASSWORD_MECHANISMS)
        raise AuthError(f"the server offers only {', '.join(offered)} to sign in, and a password needs {ours}{remedy}")
    client.login(username, password)


def _with_token(client: smtplib.SMTP, username: str, command: str, offered: list[str]) -> None:
    mechanism = next((name for name in _TOKEN_MECHANISMS if name in offered), "")
    if not mechanism:
        ours = ", ".join(_TOKEN_MECHANISMS)
        raise AuthError(f"the server offers only {', '.join(offered)} to sign in, and a token needs {ours}")
    if not username:
        raise AuthError("token_command needs a username too: the address that the token belongs to")
    try:
        response = _TOKEN_MECHANISMS[mechanism](username, access_token(command))
    except TokenError as error:
        raise AuthError(str(error), 535) from None
    challenge = b""

    def answer(data: bytes | None = None) -> str:
        """The token first; then nothing, which ends a refusal that explains itself in a challenge."""
        nonlocal challenge
        if data is None:
            return response
        challenge = data
        return "" if mechanism == "XOAUTH2" else "\x01"

    try:
        client.auth(mechanism, answer)
    except smtplib.SMTPAuthenticationError as error:
        forget(command)
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise AuthError(f"{words}{_explanation(challenge)}"[:400], error.smtp_code) from None


def _explanation(challenge: bytes) -> str:
    """The status in a server's challenge: JSON, sometimes in base64."""
    text = challenge.strip()
    try:
        details = json.loads(text if text.startswith(b"{") else b64decode(text))
        return f" (status {details['status']})"
    except (ValueError, KeyError, TypeError):
        return ""
