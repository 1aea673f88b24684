"""Signing: load the DKIM keys of the settings, and make new ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from digest.errors import DigestError, SettingsError
from digest.settings import Settings

if TYPE_CHECKING:
    from digest.deliver.mime.dkim import DkimKey, Signer


def load_signer(settings: Settings) -> Signer | None:
    """Return the signer for the keys of `[dkim.*]`; None when there are none. Raises SettingsError for a bad key."""
    if not settings.dkim:
        return None
    from digest.deliver.mime.dkim import Signer, load_key

    keys = []
    for name, key in settings.dkim.items():
        pem = key.key.get_secret_value()
        if not pem and key.key_file is not None:
            try:
                pem = key.key_file.read_text(encoding="ascii", errors="replace")
            except OSError as error:
                raise SettingsError(
                    f"dkim.{name}.key_file: {key.key_file} cannot be read ({error.strerror})"
                ) from error
        keys.append(load_key(key.domain, key.selector or name, pem))
    return Signer(keys)


def make_key(domain: str, selector: str, kind: Literal["rsa", "ed25519"], path: Path | None) -> tuple[DkimKey, Path]:
    """Make a private key in a new file that only its owner can read; return the key and the file.

    Raises DigestError when the file exists or cannot be written.
    """
    from digest.deliver.mime.dkim import generate, load_key

    pem = generate(kind)
    key = load_key(domain, selector, pem)
    path = (path or Path(f"{selector}.{key.domain}.pem")).absolute()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(pem)
    except FileExistsError as error:
        raise DigestError(
            f"{path} exists already and was left as it is", "choose another --selector or --out"
        ) from error
    except OSError as error:
        raise DigestError(f"{path}: cannot be written ({error.strerror})", "name another place with --out") from error
    return key, path
