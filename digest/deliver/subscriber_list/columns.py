"""The meaning of the columns of a subscriber list, by their headings in many languages and programs."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final

_BLANKS: Final = re.compile(r"[\s_.\-:]+")


def normalized(text: str) -> str:
    """Return a heading or word in its comparable form: lower case, '_', '-' and '.' as single spaces."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def meanings(headings: Sequence[str]) -> tuple[str, ...]:
    """Return the meaning of each heading, "" for a column that is not used.

    A meaning is a field of the person (`address`, `name`, `first_name`, `last_name`, `language`, `timezone`,
    `newsletter`, `topics`) or of their consent (`state`, `receives`, `confirmed`, `left`, `blocked`, `bounced`,
    `complained`, `left_at`, `bounced_at`, `complained_at`, `list_of_left`, `list_of_bounced`). A second column of one
    meaning counts for consent only.
    """
    known, result = _known(), []
    for heading in headings:
        meaning = known.get(normalized(heading), "")
        result.append("" if meaning in PERSON and meaning in result else meaning)
    if "first_name" not in result and "last_name" in result and "name" not in result:
        result[result.index("last_name")] = "name"  # French 'Nom' alone is the whole name
    if "first_name" in result and "last_name" not in result and "name" not in result:
        result[result.index("first_name")] = "name"
    return tuple(result)


@cache
def _known() -> dict[str, str]:
    tables = tomllib.loads((files("digest.deliver.subscriber_list") / "data" / "columns.toml").read_text("utf-8"))
    known: dict[str, str] = {}
    for section, fields in tables.items():
        for field, headings in fields.items():
            meaning = section if field == "columns" else field
            known |= {normalized(heading): meaning for heading in headings}
    return known


PERSON: Final = ("address", "name", "first_name", "last_name", "language", "timezone", "newsletter", "topics")
