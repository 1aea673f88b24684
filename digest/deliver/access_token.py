"""OAuth 2 access tokens from a command, as mail programs get them, and the SASL messages that carry them."""

from __future__ import annotations

import shlex
import subprocess
import threading
import time
from typing import Final

from digest.errors import DigestError

_TIMEOUT: Final = 30.0  # seconds for the command, which may have to ask a server
_KEEP: Final = 240.0  # seconds for which a token is used again; they are valid for an hour or so
_MAX_TOKEN: Final = 20_000  # characters

_lock = threading.Lock()
_tokens: dict[str, tuple[float, str]] = {}


class TokenError(DigestError):
    """The command gave no token; the message says why and never contains its output."""


def access_token(command: str) -> str:
    """The token that the command prints. Connections that sign in together share one call. Raises TokenError."""
    with _lock:
        expires, token = _tokens.get(command, (0.0, ""))
        if time.monotonic() >= expires:
            token = _run(command)
            _tokens[command] = time.monotonic() + _KEEP, token
    return token


def forget(command: str) -> None:
    """Ask the command again next time: its token was refused."""
    with _lock:
        _tokens.pop(command, None)


def _run(command: str) -> str:
    try:
        result = subprocess.run(
            shlex.split(command), check=False, capture_output=True, timeout=_TIMEOUT, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise TokenError(f"token_command did not end within {_TIMEOUT:.0f} seconds") from None
    except (OSError, ValueError, IndexError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TokenError(f"token_command cannot be run: {reason}") from None
    if result.returncode:
        raise TokenError(f"token_command ended with code {result.returncode}")
    token = result.stdout.decode("ascii", "replace").strip()
    if not token or len(token) > _MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError("token_command printed no token: one line of ASCII without spaces is expected")
    return token


def xoauth2(username: str, token: str) -> str:
    """The initial response of XOAUTH2, as Google and Microsoft define it."""
    return f"user={username}\x01auth=Bearer {token}\x01\x01"


def oauthbearer(username: str, token: str) -> str:
    """The initial response of OAUTHBEARER (RFC 7628)."""
    return f"n,a={username},\x01auth=Bearer {token}\x01\x01"
