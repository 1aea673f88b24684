"""settings.toml and the environment, as one frozen `Settings`; every problem told at once, with its remedy."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError

from digest.errors import SettingsError
from digest.settings.environment import WHERE, apply
from digest.settings.file import KEPT_SECRET
from digest.settings.model import (
    Settings,
)
from digest.settings.problems import cross_problems, problem_line

FILE_NAME: Final = "settings.toml"


def find(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """Where the settings are: `path`, else `$DIGEST_SETTINGS`, else `./settings.toml`; a folder means the file in it.

    Absolute. Raises SettingsError when there is no such file.
    """
    named = path or Path((os.environ if environ is None else environ).get(WHERE) or FILE_NAME)
    file = (named / FILE_NAME if named.is_dir() else named).expanduser().absolute()
    if not file.exists():
        raise SettingsError(f"{file}: no such file; run 'digest init' to make one, or name yours with --settings")
    return file


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read, complete and check the settings. Raises SettingsError with one line for every problem found.

    `environ` is the process's own unless given. A secret kept beside the file by `ensure_secret` counts where neither
    file nor environment has one.
    """
    environ = os.environ if environ is None else environ
    file = find(path, environ)
    return from_data(_read(file), file, environ)


def from_data(data: dict[str, Any], file: Path, environ: Mapping[str, str]) -> Settings:
    """Settings from a parsed file's `data` (changed in place) as though it stood at `file`."""
    overlay = apply(Settings, data, environ)
    for name in Settings.model_fields:
        data.setdefault(name, {})  # so that defaults, too, are resolved against the file's folder
    problems = [*overlay.problems, *cross_problems(data)]
    try:
        settings = Settings.model_validate(data, context={"folder": file.parent, "path": file})
    except ValidationError as error:
        problems += [problem_line(dict(each), data, overlay.names) for each in error.errors(include_url=False)]
    if problems:
        raise SettingsError(*dict.fromkeys(problems))
    return _with_kept_secret(settings)


def _with_kept_secret(settings: Settings) -> Settings:
    kept = settings.folder / KEPT_SECRET
    if settings.site.secret.get_secret_value() or not kept.is_file():
        return settings
    try:
        secret = SecretStr(kept.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not plain text"
        remedy = (
            "let its owner run digest, or give this user access; without it links in mails already sent lead nowhere"
        )
        raise SettingsError(f"{kept}: cannot be read ({reason}); {remedy}") from error
    if not secret:
        raise SettingsError(f"{kept}: empty; remove it, and 'digest init' or 'digest run' makes a new one")
    return settings.model_copy(update={"site": settings.site.model_copy(update={"secret": secret})})


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        what = re.sub(r"^(.*) \(at (line \d+, column \d+|end of document)\)$", r"\2: \1", str(error))
        raise SettingsError(
            f"{file}: {what}; put that line right (texts in quotes, one 'key = value' a line)"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}); check its owner and permissions") from None
