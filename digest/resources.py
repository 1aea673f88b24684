"""The files that come with digest: templates, the example settings, and the data inside the package.

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
    raise DigestError(f"digest's own templates are missing beside {_PACKAGE}", "install it again")


def data(path: str) -> str:
    """Return the text of a file inside the package, as 'text/data/en.toml'. Raises FileNotFoundError.

    Such files are as constant as the code: a pure module may read its word lists by this function.
    """
    return (_PACKAGE / path).read_text(encoding="utf-8")


def find_data(path: str) -> str | None:
    """Return what `data` does, or None for a file that does not exist."""
    try:
        return data(path)
    except FileNotFoundError:
        return None


def binary_data(path: str) -> bytes:
    """Return the bytes of a file inside the package, as `data` does."""
    return (_PACKAGE / path).read_bytes()


def data_files(folder: str, suffix: str) -> list[str]:
    """Return the paths of the files in a folder inside the package that end in `suffix`, in order."""
    names = (path.name for path in (_PACKAGE / folder).iterdir())
    return sorted(f"{folder}/{name}" for name in names if name.endswith(suffix))


def templates() -> Path:
    """The folder of the built-in templates: `email/`, `web/` and `locale/`."""
    return _top() / "templates"


def example_settings() -> Path:
    """The commented settings.toml that `digest init` copies."""
    return _top() / "settings.toml"
