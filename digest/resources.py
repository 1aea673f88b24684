"""Paths of the files that come with digest: templates and the example settings.

A wheel has them under `digest/_bundled` (pyproject.toml, force-include); in an editable install or a checkout they are
at the top of the project.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from digest.errors import DigestError

_PACKAGE = Path(__file__).resolve().parent


@cache
def _top() -> Path:
    for folder in (_PACKAGE / "_bundled", _PACKAGE.parent):
        if (folder / "templates" / "email").is_dir():
            return folder
    raise DigestError(f"digest's own templates are missing beside {_PACKAGE}: install it again")


def templates() -> Path:
    """The folder of the built-in templates: `email/`, `web/` and `locale/`."""
    return _top() / "templates"


def example_settings() -> Path:
    """The commented settings.toml that `digest init` copies."""
    return _top() / "settings.toml"
