"""Load settings.toml and the environment into one frozen `Settings`; all problems are reported at once."""

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
    """Return the absolute path of the settings: `path`, else `$DIGEST_SETTINGS`, else `./settings.toml`.

    A folder means the file in it. Raises SettingsError when there is no such file.
    """
    place = path or Path((os.environ if environ is None else environ).get(WHERE) or FILE_NAME)
    file = (place / FILE_NAME if place.is_dir() else place).expanduser().absolute()
    if not file.exists():
        raise SettingsError(
            f"{file}: no such file", remedy="run 'digest init' to make one, or name yours with --settings"
        )
    return file


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings. Raises SettingsError with one line for each problem.

    `environ` is the process's own unless given. The secret that `ensure_secret` keeps beside the file is used where
    neither file nor environment sets one.
    """
    environ = os.environ if environ is None else environ
    file = find(path, environ)
    return from_data(_read(file), file, environ)


def from_data(data: dict[str, Any], file: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a parsed file's `data` (changed in place), with paths relative to `file`."""
    overlay = apply(Settings, data, environ)
    for name in Settings.model_fields:
        data.setdefault(name, {})  # so that defaults, too, are resolved relative to the file's folder
    problems = [*overlay.problems, *cross_problems(data)]
    try:
        settings = Settings.model_validate(data, context={"folder": file.parent, "path": file})
    except ValidationError as error:
        problems += [problem_line(dict(each), data, overlay.names) for each in error.errors(include_url=False)]
    if problems:
        raise SettingsError(*dict.fromkeys(problems))
    return _with_kept_secret(settings)


def _with_kept_secret(settings: Settings) -> Settings:
    secret_file = settings.folder / KEPT_SECRET
    if settings.site.secret.get_secret_value() or not secret_file.is_file():
        return settings
    try:
        secret = SecretStr(secret_file.read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not plain text"
        remedy = (
            "let its owner run digest, or give this user access; without it links in mails already sent lead nowhere"
        )
        raise SettingsError(f"{secret_file}: cannot be read ({reason})", remedy=remedy) from error
    if not secret:
        raise SettingsError(
            f"{secret_file}: empty", remedy="remove it, and 'digest init' or 'digest run' makes a new one"
        )
    return settings.model_copy(update={"site": settings.site.model_copy(update={"secret": secret})})


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        what = re.sub(r"^(.*) \(at (line \d+, column \d+|end of document)\)$", r"\2: \1", str(error))
        raise SettingsError(
            f"{file}: {what}", remedy="put that line right (texts in quotes, one 'key = value' a line)"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 at byte {error.start}", remedy="save the file as UTF-8") from None
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read ({error.strerror})", remedy="check its owner and permissions"
        ) from None
