"""Problems of settings, one line each: `key = value: problem; remedy`. Secrets are never printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr

from digest.settings.model import Settings
from digest.settings.types import nearest

#: Our texts for pydantic's error types; `%(..)s` inserts values of the error.
_WORDS: Final[dict[str, str]] = {
    "missing": "missing; add it, as in the commented settings.toml that 'digest init' writes",
    "int_parsing": "not a whole number; write digits only, as in 25",
    "int_type": "not a whole number; write digits only, as in 25",
    "int_from_float": "not a whole number; write digits only, as in 25",
    "float_parsing": "not a number; write it as in 1.5",
    "float_type": "not a number; write it as in 1.5",
    "bool_parsing": "neither true nor false; write one of them, without quotes",
    "bool_type": "neither true nor false; write one of them, without quotes",
    "string_type": "not a text; put it in quotes",
    "path_type": "not a path; put it in quotes",
    "model_type": "not a table; write keys under a [heading] or inside { }",
    "model_attributes_type": "not a table; write keys under a [heading] or inside { }",
    "dict_type": "not a table; write keys under a [heading] or inside { }",
    "mapping_type": "not a table; write keys under a [heading] or inside { }",
    "date_parsing": "not a date; write it as in 2026-12-25",
    "date_from_datetime_parsing": "not a date; write it as in 2026-12-25",
    "date_type": "not a date; write it as in 2026-12-25",
    "greater_than_equal": "too small; write %(ge)s or more",
    "greater_than": "too small; write more than %(gt)s",
    "less_than_equal": "too big; write %(le)s or less",
    "string_too_short": "empty; write some text",
    "too_short": "empty; name at least one",
    "string_pattern_mismatch": "has a letter or sign that may not stand here; compare the commented settings.toml",
}


def problem_line(error: Mapping[str, Any], data: Mapping[str, Any], names: Mapping[tuple[str, ...], str]) -> str:
    """Return one pydantic error of `data` as a line; a key set by the environment is named by its variable."""
    trail: tuple[Any, ...] = tuple(part for part in error["loc"] if part != "[key]")
    if trail and trail[-1] == 0 and not isinstance(_at(trail[:-1], data), list):
        trail = trail[:-1]  # one value in place of a list
    if error["type"] == "extra_forbidden":
        *above, last = trail
        return f"{_key(trail, names)}: unknown key; {nearest(str(last), _fields(tuple(above)))}"
    if error["type"] == "missing":
        return f"{_key(trail, names)}: {_WORDS['missing']}"
    return f"{_key(trail, names)}{_shown(trail, error)}: {_words(error)}"


def _words(error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] == "literal_error":
        choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        close = nearest(str(error["input"]), choices)
        return f"not a known choice; write one of {', '.join(choices)}" + (f" ({close})" if "did" in close else "")
    if words := _WORDS.get(error["type"]):
        return str(words % context)
    return f"{error['msg'][:1].lower()}{error['msg'][1:]}; compare the commented settings.toml"


def _key(trail: tuple[Any, ...], names: Mapping[tuple[str, ...], str]) -> str:
    for end in range(len(trail), 0, -1):
        if name := names.get(trail[:end]):
            return name
    return "".join(f"[{part}]" if isinstance(part, int) else f".{_quoted(part)}" for part in trail).lstrip(".")


def _quoted(key: str) -> str:
    """Return a key in TOML syntax: bare, or quoted and escaped."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)


def _shown(trail: tuple[Any, ...], error: Mapping[str, Any]) -> str:
    """Return ' = value', or "" for a secret or a whole table."""
    here: Any = Settings
    for part in trail:
        field = here.model_fields.get(part) if _is_model(here) else None
        if field is not None and (field.annotation is SecretStr or not field.repr):
            return ""
        here = field.annotation if field is not None else _inside(here)
    value = error.get("input")
    if isinstance(value, dict | BaseModel) or (isinstance(value, list) and any(isinstance(v, dict) for v in value)):
        return ""  # a table may hold a secret
    if isinstance(value, bool):
        return f" = {str(value).lower()}"
    text = str(value) if isinstance(value, date | time | datetime) else repr(value)
    return f" = {text if len(text) <= 80 else text[:77] + '...'}"


def _at(trail: tuple[Any, ...], data: Any) -> Any:
    for part in trail:
        data = data[part] if isinstance(data, Mapping) and part in data else None
    return data


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _inside(kind: Any) -> Any:
    """Return the type of the values of a mapping or list."""
    arguments = get_args(kind)
    if not arguments:
        return None
    inner = arguments[1] if len(arguments) == 2 and arguments[1] is not Ellipsis else arguments[0]
    return get_args(inner)[0] if hasattr(inner, "__metadata__") else inner


def _fields(trail: tuple[Any, ...]) -> list[str]:
    """Return the known keys of the table at `trail`."""
    here: Any = Settings
    for part in trail:
        here = here.model_fields[part].annotation if _is_model(here) and part in here.model_fields else _inside(here)
    return list(here.model_fields) if _is_model(here) else []


def cross_problems(data: Mapping[str, Any]) -> Iterator[str]:
    """Return problems between tables: newsletters that name an unknown topic."""
    topics = data.get("topics")
    known = list(topics) if isinstance(topics, dict) else []
    newsletters = data.get("newsletters")
    for key, newsletter in (newsletters if isinstance(newsletters, dict) else {}).items():
        topics_named = newsletter.get("topics", ()) if isinstance(newsletter, dict) else ()
        for topic in topics_named if isinstance(topics_named, list) else [topics_named]:
            if isinstance(topic, str) and topic not in known:
                yield f"newsletters.{key}.topics = {topic!r}: no such topic; {nearest(topic, known)}"
