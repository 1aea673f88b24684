"""Overrides from the environment: `DIGEST_SMTP__HOST`, `DIGEST_SMTP__PASSWORD_FILE`, systemd credentials.

pydantic-settings is not used, for three reasons: it stops at the first value that it cannot read, while we report all
problems at once; it ignores unknown names; and importing it takes longer than loading our settings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr

from digest.settings.types import nearest

PREFIX: Final = "DIGEST_"
#: The variable with the path of the file, which is no setting itself.
WHERE: Final = "DIGEST_SETTINGS"


@dataclass(slots=True)
class Overlay:
    """The result of `apply`: `names` maps each key that was set (a path of names) to its variable."""

    names: dict[tuple[str, ...], str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def apply(model: type[BaseModel], data: dict[str, Any], environ: Mapping[str, str]) -> Overlay:
    """Write the values of the environment into `data` (as read from the file), in place.

    Precedence: a variable, then its `_FILE` variant, then a file of that name in `$CREDENTIALS_DIRECTORY`. An empty
    variable counts as not set, since Compose files and unit files cannot leave one out.
    """
    overlay = Overlay()
    credentials = _credentials(environ)
    for name, text in (*credentials, *sorted(_variables(environ), key=_file_variants_first)):
        try:
            _set(model, data, name, text, overlay)
        except (_UnknownError, OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            overlay.problems.append(_told(text if (name, text) in credentials else name, text, error))
    return overlay


class _UnknownError(Exception):
    pass


def _variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, text in environ.items():
        if name.upper().startswith(PREFIX) and name.upper() != WHERE and text:
            yield name, text


def _file_variants_first(item: tuple[str, str]) -> tuple[bool, str]:
    return not item[0].upper().endswith("_FILE"), item[0]


def _credentials(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder or not Path(folder).is_dir():
        return []
    ours = (path for path in sorted(Path(folder).iterdir()) if path.name.upper().startswith(PREFIX))
    return [(f"{path.name}_FILE", str(path)) for path in ours]


def _set(model: type[BaseModel], data: dict[str, Any], name: str, text: str, overlay: Overlay) -> None:
    segments = name[len(PREFIX) :].split("__")
    try:
        place = _walk(model, data, segments)
    except _UnknownError:
        if not name.upper().endswith("_FILE"):
            raise
        segments[-1] = segments[-1][: -len("_FILE")]
        place = _walk(model, data, segments)
        text = Path(text).read_text(encoding="utf-8").strip()
    place.table[place.path[-1]] = _value(text, place.kind)
    overlay.names[place.path] = name


@dataclass(frozen=True, slots=True)
class _Place:
    table: dict[str, Any]  # the table that holds the key
    path: tuple[str, ...]  # the names from the root to the key
    kind: Any  # its type


def _walk(model: type[BaseModel], data: dict[str, Any], segments: list[str]) -> _Place:
    """Resolve `SMTP`, `HOST` to the table `smtp`, its key `host` and that key's type."""
    place = _Place(data, (), model)
    for number, segment in enumerate(segments):
        table = place.table if number == 0 else place.table.setdefault(place.path[-1], {})
        if not isinstance(table, dict):
            raise _UnknownError(f"in the file {'.'.join(place.path)} is no table; write it as one")
        known = _known(place.kind, table)
        key = next((key for key in known if _same(key, segment)), None)
        if key is None:
            raise _UnknownError(_nearest_name(segments[:number], segment, known))
        place = _Place(table, (*place.path, key), known[key])
    return place


def _known(kind: Any, here: dict[str, Any]) -> dict[str, Any]:
    """Return the known keys of a table with their types: a model's fields, or the keys of the file's mapping."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: info.annotation for name, info in kind.model_fields.items()}
    if _is_mapping(kind):
        return {key: get_args(kind)[1] for key in here}
    return {}


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) is Mapping or getattr(get_origin(kind), "__name__", "") == "Mapping"


def _same(key: str, segment: str) -> bool:
    return key.replace("-", "_").casefold() == segment.replace("-", "_").casefold()


def _nearest_name(before: list[str], segment: str, known: Mapping[str, Any]) -> str:
    names = {key: PREFIX + "__".join((*before, key)).replace("-", "_").upper() for key in known}
    ours = names.values() if before else (*names.values(), WHERE)
    return nearest(PREFIX + "__".join((*before, segment)).upper(), ours)


def _value(text: str, kind: Any) -> Any:
    """Parse a list or table as TOML, or a list as words with commas; the model converts other values from text."""
    if kind is SecretStr or kind is str:
        return text
    if (isinstance(kind, type) and issubclass(kind, BaseModel)) or _is_mapping(kind):
        return tomllib.loads(f"value = {text}")["value"]
    if get_origin(kind) is tuple:
        if text.lstrip().startswith("["):
            return tomllib.loads(f"value = {text}")["value"]
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _told(name: str, text: str, error: Exception) -> str:
    if isinstance(error, _UnknownError):
        return f"{name}: unknown name; {error}"
    if isinstance(error, tomllib.TOMLDecodeError):
        return f'{name}: not written as TOML ({error}); quote texts and close brackets, as in \'["a", "b"]\''
    reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
    setting = name if name == text else f"{name} = {text!r}"
    return f"{setting}: cannot be read ({reason}); name a readable file that holds only the value"
