"""Samples for the tests of settings: a small valid file, the example at the top of the project, and its tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from pydantic import BaseModel

from digest.errors import SettingsError
from digest.settings import load
from tests.paths import PROJECT

EXAMPLE: Final = PROJECT / "settings.toml"

SMALL = """
[topics.world]
title = "World"
feeds = ["https://example.org/world.rss"]

[newsletters.morning]
title = "The Morning"
sender = { name = "The Morning", address = "morning@example.org" }
topics = ["world"]
"""


def write(folder: Path, text: str) -> Path:
    """Write a settings file into `folder`."""
    file = folder / "settings.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(file: Path, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """Return the problems of settings that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        load(file, environ or {})
    return caught.value.problems


def uncommented(text: str) -> str:
    """The example with every commented key and heading in force."""
    return re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)


def tables(model: type[BaseModel], path: str = "") -> dict[str, type[BaseModel]]:
    """Every table of the file and its model; mappings stand under the example's key."""
    found = {path: model} if path else {}
    keys = {"topics": "world", "newsletters": "morning", "relays": "backup", "dkim": "d1"}
    for name, info in model.model_fields.items():
        inner: Any = info.annotation
        key = f"{path}.{name}".lstrip(".")
        if not isinstance(inner, type) and len(get_args(inner)) == 2 and name in keys:
            inner, key = get_args(inner)[1], f"{key}.{keys[name]}"
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= tables(inner, key)
    return found
